"""Golden examples: rows made from quantiles and frequent values, with the model's predictions.

The docs show them, the smoke test sends them and `make test` repeats them. No training row is among them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from shared.model import schemas
from shared.model.columns import Column
from shared.model.loader import Model, Predictions
from shared.model.manifest import (
    Boolean,
    Category,
    Example,
    Feature,
    Instance,
    Manifest,
    Number,
    Text,
    Value,
    is_numeric,
)
from shared.model.runtimes import Runtime
from shared.problems import InvalidInstances
from tools.model.data import Table
from tools.model.refused import Refused, one_line
from tools.model.texts import NEUTRAL

PLACES = ((0.5, 0), (0.25, 1), (0.75, 2))
"""The places of the examples: the quantile of the numbers, and the rank of the categories by frequency."""
DIGITS = 4  # significant ones: people read the examples
MAX_TRIES = 100  # combinations of categories, in search of one that is no training row


def golden(
    manifest: Manifest, runtime: Runtime, table: Table, requested: Sequence[Instance] = ()
) -> tuple[Example, ...]:
    """Return examples: the requested ones, then a typical, a lower and a higher row, and one with missing values.

    Raises Refused if a requested one is a training row or does not fit, or if a prediction is not finite.
    """
    features = manifest.features
    for instance in requested:
        if table.has_row(features, instance):
            raise Refused(f"An example must not be a row of the training data: {instance}.")
    generated = [_unseen(features, table, _instance(features, table, *place)) for place in PLACES]
    instances = [*requested, *generated, *_incomplete(features, table, generated[0])]
    return _with_predictions(manifest, runtime, _distinct(instances))


def typical(table: Table, features: Sequence[Feature]) -> Instance:
    """Return an instance of medians and most frequent values."""
    return _instance(features, table, *PLACES[0])


def columns(features: Sequence[Feature], instances: Sequence[Instance]) -> list[Column]:
    """Return instances without missing values as columns."""
    return [
        np.array([instance[feature.name] for instance in instances], dtype=float if is_numeric(feature) else object)
        for feature in features
    ]


def _with_predictions(manifest: Manifest, runtime: Runtime, instances: Sequence[Instance]) -> tuple[Example, ...]:
    """Return the instances with the predictions that the service's own code makes for them. Raises Refused."""
    model = Model(manifest, runtime)
    result = _predict(model, instances)
    labels = _labels(model, result.predictions)
    probabilities: Sequence[dict[str, float] | None] = result.probabilities or [None] * len(instances)
    rows = zip(instances, result.predictions, labels, probabilities, strict=True)
    return tuple(
        Example(instance=instance, prediction=prediction, class_=label, probabilities=by_label)
        for instance, prediction, label, by_label in rows
    )


def _predict(model: Model, instances: Sequence[Instance]) -> Predictions:
    try:
        decoded = schemas.build(model.manifest).decode(msgspec.json.encode({"instances": instances}))
        return model.predict(decoded, probabilities=True)
    except InvalidInstances as problem:
        details = "; ".join(f"{field.pointer}: {field.detail}" for field in problem.bad_fields)
        raise Refused(f"The service refuses the examples: {problem.detail} ({details}).") from problem
    except Exception as error:
        raise Refused(f"The model fails on the examples: {one_line(error)}") from error


def _labels(model: Model, predictions: Sequence[Any]) -> Sequence[Any]:
    if model.manifest.kind == "classifier":
        return predictions
    return model.classify(predictions) if model.manifest.output.edges else [None] * len(predictions)


def _instance(features: Sequence[Feature], table: Table, quantile: float, rank: int) -> Instance:
    instance: Instance = {}
    for feature, column in zip(features, table.columns(features), strict=True):
        if isinstance(feature, Number):
            instance[feature.name] = _short_quantile(_present(column), quantile)
        elif isinstance(feature, Text):
            instance[feature.name] = NEUTRAL[rank]
        else:
            frequent = _by_frequency(feature, column)
            instance[feature.name] = frequent[rank % len(frequent)]
    return instance


def _present(column: Column) -> NDArray[np.float64]:
    """Return the numbers of a column that are not missing."""
    numbers = column.astype(float)
    return numbers[~np.isnan(numbers)]


def _short_quantile(values: NDArray[np.float64], quantile: float) -> float:
    """Return a quantile in a few digits: a whole number if all values are, and never outside the values."""
    exact = float(np.quantile(values, quantile))
    whole = bool((values == np.round(values)).all())
    return float(np.clip(round(exact) if whole else float(f"{exact:.{DIGITS}g}"), values.min(), values.max()))


def _by_frequency(feature: Category | Boolean, column: Column) -> list[Value]:
    """Return the values in the data, the most frequent first; equally frequent ones in the manifest's order."""
    counts = Counter(column)
    return sorted((value for value in _values(feature) if counts[value]), key=lambda value: -counts[value])


def _values(feature: Category | Boolean) -> Sequence[str | bool]:
    return (False, True) if isinstance(feature, Boolean) else feature.values


def _unseen(features: Sequence[Feature], table: Table, instance: Instance) -> Instance:
    """Return `instance`, or one near it that is no training row: a number between two others, or other categories.

    There is none if the features are a few categories and the data has every combination. Then `instance` is returned.
    """
    neighbours = islice(_neighbours(features, table, instance), MAX_TRIES)
    candidates = (candidate for candidate in (instance, *neighbours) if not table.has_row(features, candidate))
    return next(candidates, instance)


def _neighbours(features: Sequence[Feature], table: Table, instance: Instance) -> Iterator[Instance]:
    for feature, column in zip(features, table.columns(features), strict=True):
        if isinstance(feature, Number):
            values = np.unique(_present(column))
            if len(values) > 1:
                yield instance | {feature.name: _between(values, float(instance[feature.name] or 0.0))}
    listed = [feature for feature in features if isinstance(feature, (Boolean, Category))]
    for choices in product(*map(_values, listed)):
        yield instance | dict(zip((feature.name for feature in listed), choices, strict=True))


def _between(values: NDArray[np.float64], value: float) -> float:
    """Return the middle between the two of `values`, which are sorted and distinct, that are next to `value`."""
    above = min(max(int(np.searchsorted(values, value, side="right")), 1), len(values) - 1)
    return float((values[above - 1] + values[above]) / 2)


def _incomplete(features: Sequence[Feature], table: Table, instance: Instance) -> Iterable[Instance]:
    """Return the instance without the values that are missing in the training data too, if they are optional."""
    missing = [feature.name for feature in features if feature.optional and table.frame[feature.name].isna().any()]
    blank: Instance = instance | dict.fromkeys(missing)
    return [blank] if missing and not table.has_row(features, blank) else []


def _distinct(instances: Sequence[Instance]) -> list[Instance]:
    return [instance for i, instance in enumerate(instances) if instance not in instances[:i]]
