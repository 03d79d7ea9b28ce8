"""Statistics of the training data. Queries compare later requests with them. They never have a row."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from shared.model.columns import Column
from shared.model.loader import Model
from shared.model.manifest import Boolean, Category, Feature, Label, Manifest, Number, Statistics, Text, label_text
from shared.model.runtimes.sklearn import SklearnModel
from tools.model import probe
from tools.model.data import Table, sample

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
DIGITS = 6  # significant ones: the seventh does not matter for drift
MAX_ROWS_PREDICTED = 10_000  # enough for quantiles, and quick for any estimator


def compute(manifest: Manifest, estimator: Any, table: Table) -> Statistics:
    """Return the statistics of the features, and of predictions for at most 10,000 rows that the service accepts.

    Raises Refused if the estimator fails on its own data, or if a prediction is not a finite number.
    """
    features = manifest.features
    columns = list(zip(features, table.columns(features), strict=True))
    missing = {feature.name: float(table.frame[feature.name].isna().mean()) for feature in features}
    statistics = Statistics(
        quantiles={feature.name: quantiles(values) for feature, values in columns if isinstance(feature, Number)},
        lengths={feature.name: quantiles(_lengths(values)) for feature, values in columns if isinstance(feature, Text)},
        shares={feature.name: shares(values, labels) for feature, values in columns if (labels := _labels(feature))},
        missing={name: _round(share) for name, share in missing.items() if share},
    )
    return _with_predictions(statistics, manifest, estimator, _sample(manifest, table))


def quantiles(values: NDArray[Any]) -> tuple[float, ...]:
    """Return the 0, 5, 25, 50, 75, 95 and 100 % quantiles of the values that are not missing."""
    return tuple(_round(float(quantile)) for quantile in np.nanquantile(values.astype(float), QUANTILES))


def shares(values: Any, labels: Sequence[Any]) -> dict[str, float]:
    """Return the share of every label or category among all rows, also among those without a value."""
    counts = Counter(values)
    return {label_text(label): _round(counts[label] / len(values)) for label in labels}


def _lengths(column: Column) -> NDArray[np.float64]:
    """Return the lengths of texts, NaN for a missing one."""
    return np.array([len(value) if isinstance(value, str) else np.nan for value in column.tolist()], dtype=np.float64)


def _labels(feature: Feature) -> Sequence[Label]:
    """Return the values whose shares are computed; none for a number."""
    if isinstance(feature, Boolean):
        return (False, True)
    return feature.values if isinstance(feature, Category) else ()


def _sample(manifest: Manifest, table: Table) -> Table:
    return sample(table, manifest.features, MAX_ROWS_PREDICTED)


def _with_predictions(statistics: Statistics, manifest: Manifest, estimator: Any, rows: Table) -> Statistics:
    if rows.frame.empty:  # every row lacks a value that the estimator needs
        return statistics
    predictions = probe.predict_table(manifest, estimator, rows)
    if manifest.kind == "classifier":
        return replace(statistics, prediction_shares=shares(predictions.tolist(), manifest.output.classes))
    statistics = replace(statistics, prediction_quantiles=quantiles(predictions))
    if not manifest.output.edges:
        return statistics
    labels = Model(manifest, SklearnModel(manifest, estimator)).classify(predictions.tolist())
    return replace(statistics, prediction_shares=shares(labels, manifest.output.classes))


def _round(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
