"""The picture's data: what the training data looks like along each feature, for the page to draw behind its curve.

Bins of at least ten rows with their count, and for each the target's quantiles or the classes' shares. So it holds no
single row, unless `--publish-points` says that the data may be shown.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from shared.model.manifest import Category, Feature, Label, Manifest, Number
from tools.model import data
from tools.model.data import Table

FILE = "slr.picture.json"
MOST_BINS = 24  # more is noise at the width of a page
LEAST_IN_BIN = 10  # rows: of fewer, quantiles give single ones away
MOST_ROWS = 50_000  # enough for quantiles of 24 bins
MOST_POINTS = 1_000
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
PLACES = 3  # numbers are told to a thousandth of their range or better: less than a pixel


class Bins(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The rows along one feature."""

    counts: tuple[int, ...]
    edges: tuple[float, ...] = ()
    """Of a number: one more than bins. A bin holds its lower edge, the last one both."""
    values: tuple[str, ...] = ()
    """Of a category: one per bin."""
    quantiles: tuple[tuple[float, ...] | None, ...] = ()
    """Of a regressor's target in each bin: 10, 25, 50, 75 and 90 %; None where too few rows are."""
    shares: tuple[tuple[float, ...] | None, ...] = ()
    """Of a classifier's classes in each bin, in the manifest's order; None where too few rows are."""


class Points(Struct, frozen=True, kw_only=True):
    """Single rows, of data that may be shown."""

    features: dict[str, tuple[float | None, ...]]
    """Number feature → its values."""
    target: tuple[float, ...]


class Picture(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What slr.picture.json holds."""

    version: str
    """The model's: the page draws nothing behind another one's curve."""
    features: dict[str, Bins]
    points: Points | None = None
    """Only with `--publish-points`, and of a regressor."""


def of(found: Manifest, table: Table, *, publish_points: bool = False) -> Picture:
    """The picture's data of a model's training data."""
    some = data.spread(table, MOST_ROWS)
    target = _target(found, some.target)
    columns = zip(found.features, some.columns(found.features), strict=True)
    bins = {feature.name: _bins(feature, values, target, found.output.classes) for feature, values in columns}
    shown = publish_points and found.kind == "regressor"
    points = _points(found.features, data.spread(table, MOST_POINTS)) if shown else None
    return Picture(version=found.version, features=bins, points=points)


def write(folder: Path, picture: Picture) -> Path:
    """Write the picture's data beside the manifest, and return its file."""
    path = folder / FILE
    path.write_bytes(msgspec.json.encode(picture) + b"\n")
    return path


def edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edges of bins that hold at least ten values each, about equally many; one bin when there are too few."""
    distinct = np.unique(values)
    if len(distinct) == 1:
        return np.array([distinct[0], distinct[0]])
    if len(distinct) <= MOST_BINS:  # each value in the middle of its bin
        middles = (distinct[:-1] + distinct[1:]) / 2
        candidates = np.array([2 * distinct[0] - middles[0], *middles, 2 * distinct[-1] - middles[-1]])
    else:
        count = max(1, min(MOST_BINS, len(values) // LEAST_IN_BIN))
        candidates = np.unique(np.quantile(values, np.linspace(0, 1, count + 1)))
    return _merged(candidates, values)


def _merged(candidates: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The edges without those that would leave a bin with fewer than ten values."""
    below = np.searchsorted(np.sort(values), candidates, side="left")
    below[-1] = len(values)
    kept = [0]
    for i in range(1, len(candidates) - 1):
        if below[i] - below[kept[-1]] >= LEAST_IN_BIN and below[-1] - below[i] >= LEAST_IN_BIN:
            kept.append(i)
    return candidates[[*kept, len(candidates) - 1]]


def _bins(feature: Feature, values: Any, target: NDArray[Any], classes: Sequence[Label]) -> Bins:
    if isinstance(feature, Category):
        inside = [values == value for value in feature.values]
        return Bins(values=feature.values, **_told(inside, target, classes))
    numbers = values.astype(float)
    borders = edges(numbers[~np.isnan(numbers)])
    place = np.searchsorted(borders[1:-1], numbers, side="right")
    place[np.isnan(numbers)] = -1
    inside = [place == i for i in range(len(borders) - 1)]
    return Bins(edges=_short(borders, numbers), **_told(inside, target, classes))


def _told(inside: Sequence[NDArray[np.bool_]], target: NDArray[Any], classes: Sequence[Label]) -> dict[str, Any]:
    """Count of every bin, and quantiles or shares of the target in it."""
    counts = tuple(int(rows.sum()) for rows in inside)
    many = [target[rows] if count >= LEAST_IN_BIN else None for rows, count in zip(inside, counts, strict=True)]
    if target.dtype.kind == "f":
        told = (each if each is None else _short(np.quantile(each, QUANTILES), target) for each in many)
        return {"counts": counts, "quantiles": tuple(told)}
    told = (each if each is None else _shares(each, classes) for each in many)
    return {"counts": counts, "shares": tuple(told)}


def _shares(labels: NDArray[Any], classes: Sequence[Label]) -> tuple[float, ...]:
    return tuple(round(float(np.mean(labels == label)), PLACES) for label in classes)


def _points(features: Sequence[Feature], some: Table) -> Points:
    numbers = [feature for feature in features if isinstance(feature, Number)]
    columns = [values.astype(float) for values in some.columns(numbers)]
    shown = {feature.name: _short(values, values) for feature, values in zip(numbers, columns, strict=True)}
    target = some.target.astype(float)
    return Points(
        features={name: tuple(None if math.isnan(each) else each for each in values) for name, values in shown.items()},
        target=_short(target, target),
    )


def _target(found: Manifest, target: NDArray[Any]) -> NDArray[Any]:
    """Floats of a regressor; a classifier's labels as they are."""
    return target.astype(np.float64) if found.kind == "regressor" else target.astype(object)


def _short(values: NDArray[np.float64], among: NDArray[np.float64]) -> tuple[float, ...]:
    """Values to a thousandth of the range of `among`, or better."""
    span = float(np.nanmax(among) - np.nanmin(among))
    places = PLACES - math.floor(math.log10(span)) if span > 0 else 2 * PLACES
    return tuple(round(float(value), places) for value in values)
