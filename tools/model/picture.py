"""The picture's data: the training data along each feature. The page draws it behind the model's curve.

Each feature has bins of at least ten rows. A bin has its count, and the target's quantiles or the classes' shares. So
the file has no single row, unless `--publish-points` allows it.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from shared.model.manifest import Boolean, Category, Feature, Label, Manifest, Number, Text, label_text
from tools.model import data
from tools.model.data import Table

FILE = "slr.picture.json"
MAX_BINS = 24  # more is noise at the width of a page
MIN_ROWS_IN_BIN = 10  # quantiles of fewer rows reveal single rows
MAX_ROWS = 50_000  # enough for quantiles of 24 bins
MAX_POINTS = 1_000
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
PLACES = 3  # numbers are rounded to a thousandth of their range or better: less than a pixel


class Bins(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The rows along one feature."""

    counts: tuple[int, ...]
    edges: tuple[float, ...] = ()
    """Of a number: one more than bins. A bin includes its lower edge, the last bin both."""
    values: tuple[str, ...] = ()
    """Of a category or boolean: one per bin."""
    quantiles: tuple[tuple[float, ...] | None, ...] = ()
    """Of a regressor's target in each bin: 10, 25, 50, 75 and 90 %; None for bins with too few rows."""
    shares: tuple[tuple[float, ...] | None, ...] = ()
    """Of a classifier's classes in each bin, in the manifest's order; None for bins with too few rows."""


class Points(Struct, frozen=True, kw_only=True):
    """Single rows, of data that may be published."""

    features: dict[str, tuple[float | None, ...]]
    """Number feature → its values."""
    target: tuple[float, ...]


class Picture(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of slr.picture.json."""

    version: str
    """The model's: the page draws nothing behind the curve of another version."""
    features: dict[str, Bins]
    points: Points | None = None
    """Only with `--publish-points`, and of a regressor."""


def build(manifest: Manifest, table: Table, *, publish_points: bool = False) -> Picture:
    """Return the picture's data for a model and its training data."""
    rows = data.evenly_spaced(table, MAX_ROWS)
    target = _target(manifest, rows.target)
    columns = zip(manifest.features, rows.columns(manifest.features), strict=True)
    bins = {
        feature.name: _bins(feature, values, target, manifest.output.classes)
        for feature, values in columns
        if not isinstance(feature, Text)
    }
    published = publish_points and manifest.kind == "regressor"
    points = _points(manifest.features, data.evenly_spaced(table, MAX_POINTS)) if published else None
    return Picture(version=manifest.version, features=bins, points=points)


def write(folder: Path, picture: Picture) -> Path:
    """Write the picture's data beside the manifest. Returns the path of the file."""
    path = folder / FILE
    path.write_bytes(msgspec.json.encode(picture) + b"\n")
    return path


def bin_edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges of bins with about equally many values, at least ten; of one bin if there are too few values."""
    distinct = np.unique(values)
    if len(distinct) == 1:
        return np.array([distinct[0], distinct[0]])
    if len(distinct) <= MAX_BINS:  # each value in the middle of its bin
        middles = (distinct[:-1] + distinct[1:]) / 2
        candidates = np.array([2 * distinct[0] - middles[0], *middles, 2 * distinct[-1] - middles[-1]])
    else:
        count = max(1, min(MAX_BINS, len(values) // MIN_ROWS_IN_BIN))
        candidates = np.unique(np.quantile(values, np.linspace(0, 1, count + 1)))
    return _merge_small_bins(candidates, values)


def _merge_small_bins(candidates: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edges without those that would leave a bin with fewer than ten values."""
    below = np.searchsorted(np.sort(values), candidates, side="left")
    below[-1] = len(values)
    chosen = [0]
    for i in range(1, len(candidates) - 1):
        if below[i] - below[chosen[-1]] >= MIN_ROWS_IN_BIN and below[-1] - below[i] >= MIN_ROWS_IN_BIN:
            chosen.append(i)
    return candidates[[*chosen, len(candidates) - 1]]


def _bins(feature: Feature, values: Any, target: NDArray[Any], classes: Sequence[Label]) -> Bins:
    if isinstance(feature, Category):
        inside = [values == value for value in feature.values]
        return Bins(values=feature.values, **_summaries(inside, target, classes))
    if isinstance(feature, Boolean):
        inside = [values == value for value in (False, True)]
        return Bins(values=tuple(map(label_text, (False, True))), **_summaries(inside, target, classes))
    numbers = values.astype(float)
    edges = bin_edges(numbers[~np.isnan(numbers)])
    position = np.searchsorted(edges[1:-1], numbers, side="right")
    position[np.isnan(numbers)] = -1
    inside = [position == i for i in range(len(edges) - 1)]
    return Bins(edges=_round(edges, numbers), **_summaries(inside, target, classes))


def _summaries(inside: Sequence[NDArray[np.bool_]], target: NDArray[Any], classes: Sequence[Label]) -> dict[str, Any]:
    """Return the count of every bin, and the quantiles or shares of the target in it."""
    counts = tuple(int(rows.sum()) for rows in inside)
    targets = [target[rows] if len(target[rows]) >= MIN_ROWS_IN_BIN else None for rows in inside]
    if target.dtype.kind == "f":
        quantiles = (None if values is None else _round(np.quantile(values, QUANTILES), target) for values in targets)
        return {"counts": counts, "quantiles": tuple(quantiles)}
    shares = (None if labels is None else _shares(labels, classes) for labels in targets)
    return {"counts": counts, "shares": tuple(shares)}


def _shares(labels: NDArray[Any], classes: Sequence[Label]) -> tuple[float, ...]:
    return tuple(round(float(np.mean(labels == label)), PLACES) for label in classes)


def _points(features: Sequence[Feature], table: Table) -> Points:
    numbers = [feature for feature in features if isinstance(feature, Number)]
    columns = [values.astype(float) for values in table.columns(numbers)]
    rounded = {feature.name: _round(values, values) for feature, values in zip(numbers, columns, strict=True)}
    target = table.target.astype(float)
    return Points(
        features={
            name: tuple(None if math.isnan(value) else value for value in values) for name, values in rounded.items()
        },
        target=_round(target, target),
    )


def _target(manifest: Manifest, target: NDArray[Any]) -> NDArray[Any]:
    """Return a regressor's target as floats, and a classifier's labels unchanged."""
    return target.astype(np.float64) if manifest.kind == "regressor" else target.astype(object)


def _round(values: NDArray[np.float64], among: NDArray[np.float64]) -> tuple[float, ...]:
    """Return the values to a thousandth of the range of `among`, or better."""
    span = float(np.nanmax(among) - np.nanmin(among))
    places = PLACES - math.floor(math.log10(span)) if span > 0 else 2 * PLACES
    return tuple(round(float(value), places) for value in values)
