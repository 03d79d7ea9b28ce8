"""Golden examples: rows that nobody has, put together from quantiles and frequent values, with the model's answers.

They are what the docs show, what the smoke test sends and what `make test` replays. No training row is among them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from typing import Any

import msgspec
import numpy as np

from shared.model import schemas
from shared.model.columns import Column
from shared.model.loader import Model
from shared.model.manifest import Category, Example, Feature, Instance, Manifest, Number
from shared.model.runtimes import Runtime
from shared.problems import InvalidInstances
from tools.model.data import Table
from tools.model.refused import Refused, one_line

PLACES = ((0.5, 0), (0.25, 1), (0.75, 2))
"""Where the examples lie: the quantile of the numbers, and the rank of the categories by how often they occur."""
DIGITS = 4  # significant ones: examples are read by people
MOST_TRIED = 100  # combinations of categories tried in search of one that is no training row


def golden(of: Manifest, answering: Runtime, table: Table, given: Sequence[Instance] = ()) -> tuple[Example, ...]:
    """Examples with answers: those `given`, then a typical, a lower and a higher row, and one with values missing.

    Raises Refused when a given one is a training row or does not fit, or when an answer is not finite.
    """
    for instance in given:
        if table.has(of.features, instance):
            raise Refused(f"An example must not be a row of the training data: {instance}.")
    made = [_unseen(of.features, table, _instance(of.features, table, *place)) for place in PLACES]
    instances = [*given, *made, *_incomplete(of.features, table, made[0])]
    return answers(of, answering, _distinct(instances))


def answers(of: Manifest, answering: Runtime, instances: Sequence[Instance]) -> tuple[Example, ...]:
    """What the service answers to `instances`: decoded, assembled and predicted by its own code. Raises Refused."""
    served = Model(of, answering)
    try:
        decoded = schemas.build(of).decode(msgspec.json.encode({"instances": instances}))
        scores = served.predict(decoded, probabilities=True)
    except InvalidInstances as problem:
        details = "; ".join(f"{field.pointer}: {field.detail}" for field in problem.bad_fields)
        raise Refused(f"The examples have no answer: {problem.detail} ({details}).") from problem
    except Exception as error:
        raise Refused(f"The model does not answer the examples: {one_line(error)}") from error
    labels = _labels(served, scores.predictions)
    chances: Sequence[dict[str, float] | None] = scores.probabilities or [None] * len(instances)
    every = zip(instances, scores.predictions, labels, chances, strict=True)
    return tuple(Example(instance=i, prediction=p, class_=c, probabilities=q) for i, p, c, q in every)


def typical(table: Table, features: Sequence[Feature]) -> Instance:
    """Medians and the most frequent values."""
    return _instance(features, table, *PLACES[0])


def columns(features: Sequence[Feature], instances: Sequence[Instance]) -> list[Column]:
    """Instances as columns; every value is there."""
    return [
        np.array([instance[each.name] for instance in instances], dtype=float if isinstance(each, Number) else object)
        for each in features
    ]


def _labels(served: Model, predictions: Sequence[Any]) -> Sequence[Any]:
    if served.manifest.kind == "classifier":
        return predictions
    return served.classify(predictions) if served.manifest.output.edges else [None] * len(predictions)


def _instance(features: Sequence[Feature], table: Table, quantile: float, rank: int) -> Instance:
    instance: Instance = {}
    for feature, found in zip(features, table.columns(features), strict=True):
        if isinstance(feature, Number):
            instance[feature.name] = _short(found[~np.isnan(found.astype(float))].astype(float), quantile)
        else:
            frequent = _by_frequency(feature, found)
            instance[feature.name] = frequent[rank % len(frequent)]
    return instance


def _short(values: np.ndarray[Any, np.dtype[np.float64]], quantile: float) -> float:
    """A quantile in a few digits, whole where all values are, and not outside the values."""
    exact = float(np.quantile(values, quantile))
    whole = bool((values == np.round(values)).all())
    return float(np.clip(round(exact) if whole else float(f"{exact:.{DIGITS}g}"), values.min(), values.max()))


def _by_frequency(feature: Category, found: Column) -> list[str]:
    """Values that occur, the most frequent first; equally frequent ones in the manifest's order."""
    counts = Counter(found)
    return sorted((value for value in feature.values if counts[value]), key=lambda value: -counts[value])


def _unseen(features: Sequence[Feature], table: Table, instance: Instance) -> Instance:
    """`instance`, or one near it that is no training row: a number moved between two others, other categories.

    Only where every combination of a few categories is in the data, and there is no number, is there none.
    """
    others = islice(_neighbours(features, table, instance), MOST_TRIED)
    return next((each for each in (instance, *others) if not table.has(features, each)), instance)


def _neighbours(features: Sequence[Feature], table: Table, instance: Instance) -> Iterator[Instance]:
    for feature, found in zip(features, table.columns(features), strict=True):
        if isinstance(feature, Number):
            values = np.unique(found[~np.isnan(found.astype(float))].astype(float))
            if len(values) > 1:
                yield instance | {feature.name: _between(values, float(instance[feature.name] or 0.0))}
    categories = [feature for feature in features if isinstance(feature, Category)]
    for texts in product(*(feature.values for feature in categories)):
        yield instance | dict(zip((feature.name for feature in categories), texts, strict=True))


def _between(values: np.ndarray[Any, np.dtype[np.float64]], value: float) -> float:
    """The middle between two neighbours of `values`, which are sorted and distinct, next to `value`."""
    above = min(max(int(np.searchsorted(values, value, side="right")), 1), len(values) - 1)
    return float((values[above - 1] + values[above]) / 2)


def _incomplete(features: Sequence[Feature], table: Table, instance: Instance) -> Iterable[Instance]:
    """A row without what the training data lacks too, if the estimator takes it so."""
    absent = [each.name for each in features if each.optional and table.frame[each.name].isna().any()]
    blank: Instance = instance | dict.fromkeys(absent)
    return [blank] if absent and not table.has(features, blank) else []


def _distinct(instances: Sequence[Instance]) -> list[Instance]:
    return [each for i, each in enumerate(instances) if each not in instances[:i]]
