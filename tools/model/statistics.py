"""The shape of the training data, for queries that ask whether today's requests still look like it. Never a row."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from sklearn.metrics import r2_score

from shared.model.loader import Model
from shared.model.manifest import Category, Manifest, Number, Statistics, Training, label_text
from shared.model.runtimes.sklearn import SklearnModel
from tools.model import probe
from tools.model.data import Table, sample
from tools.model.refused import Refused

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
DIGITS = 6  # significant ones: drift is not a matter of the seventh
SCORE_PLACES = 4
SCORES = {"regressor": "R²", "classifier": "accuracy"}
MOST_PREDICTED = 10_000  # rows that the estimator is asked for: enough for quantiles, quick for any estimator


def of(found: Manifest, estimator: Any, table: Table) -> Statistics:
    """The statistics of the features, and of the answers to at most 10,000 rows that the service would take.

    Raises Refused when the estimator fails on its own data or answers what JSON has no number for.
    """
    columns = dict(zip(found.features, table.columns(found.features), strict=True))
    absent = {each.name: share for each in found.features if (share := float(table.frame[each.name].isna().mean()))}
    described = Statistics(
        quantiles={each.name: quantiles(values) for each, values in columns.items() if isinstance(each, Number)},
        shares={
            each.name: shares(values, each.values) for each, values in columns.items() if isinstance(each, Category)
        },
        missing={name: _short(share) for name, share in absent.items()},
    )
    return _with_answers(described, found, estimator, _asked(found, table))


def quantiles(values: NDArray[Any]) -> tuple[float, ...]:
    """The 0, 5, 25, 50, 75, 95 and 100 % quantiles of the values that are there."""
    return tuple(_short(float(each)) for each in np.nanquantile(values.astype(float), QUANTILES))


def shares(values: Any, among: Sequence[Any]) -> dict[str, float]:
    """The share of every label or category among all rows, missing ones counted as rows."""
    counts = Counter(values)
    return {label_text(each): _short(counts[each] / len(values)) for each in among}


def tell_score(found: Manifest, estimator: Any, table: Table) -> None:
    """Print the score on the training data: a low one says that columns or target are not the model's own."""
    if (reached := score(found, estimator, table)) is not None:
        print(f"{SCORES[found.kind]} on the training data itself: {reached:g}.")


def score(found: Manifest, estimator: Any, table: Table) -> float | None:
    """R² of a regressor, accuracy of a classifier, on at most 10,000 rows; None when fewer than two are complete.

    Raises Refused when a regressor's target is not a number.
    """
    some = _asked(found, table)
    if len(some.frame) < 2:
        return None
    answers = probe.predicted(found, estimator, some)
    reached = r2_score(_numbers(found, some), answers) if found.kind == "regressor" else _accuracy(some.target, answers)
    return round(float(reached), SCORE_PLACES)


def scored(found: Manifest, estimator: Any, others: Table) -> Training:
    """What the manifest says of the training, with the score on rows that were held out."""
    reached = score(found, estimator, others)
    return replace(found.training, score=reached, score_name=SCORES[found.kind], held_out=len(others.frame))


def _accuracy(target: NDArray[Any], answers: NDArray[Any]) -> float:
    """The share of equal labels; scikit-learn's own refuses to compare labels of two types."""
    equal = [given == answer for given, answer in zip(target.tolist(), answers.tolist(), strict=True)]
    return equal.count(True) / len(equal)


def _numbers(found: Manifest, some: Table) -> NDArray[np.float64]:
    try:
        numbers = some.target.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if not np.isfinite(numbers).all():
        raise Refused(f"The model answers numbers, and the target {found.output.name} holds something else.")
    return numbers


def _asked(found: Manifest, table: Table) -> Table:
    return sample(table, found.features, MOST_PREDICTED)


def _with_answers(described: Statistics, found: Manifest, estimator: Any, some: Table) -> Statistics:
    if some.frame.empty:  # every row lacks something that the estimator needs
        return described
    answers = probe.predicted(found, estimator, some)
    if found.kind == "classifier":
        return replace(described, prediction_shares=shares(answers.tolist(), found.output.classes))
    described = replace(described, prediction_quantiles=quantiles(answers))
    if not found.output.edges:
        return described
    labels = Model(found, SklearnModel(found, estimator)).classify(answers.tolist())
    return replace(described, prediction_shares=shares(labels, found.output.classes))


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
