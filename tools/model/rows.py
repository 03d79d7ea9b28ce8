"""Rows that nobody has, made to find a difference between two forms of a model."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.model.columns import Column
from shared.model.manifest import Boolean, Category, Feature, Number, Text
from tools.model import probe
from tools.model.texts import NEUTRAL

FAR_SPANS = 1_000  # of the training range, that a quarter of the random rows may lie beside it
MISSING_SHARE = 0.1  # of the values that may be missing
UNSEEN_SHARE = 0.05  # of the categories that may be new
ZERO_SHARE = 0.1  # of the far numbers that are 0 or -0
INCOMPLETE_ROWS = 50  # for each feature that may be missing
MAX_THRESHOLDS = 1_000  # each with ten rows around it
BISECTIONS = 80  # until two numbers are neighbours, or nearly
MAX_TIES = 500

type Rows = list[Column]
type Score = Callable[[Rows], NDArray[Any]]
"""Predicts rows: shape (rows, numbers)."""


def random(features: Sequence[Feature], count: int) -> Rows:
    """Return rows, half within the training range, half around it, some values missing or unseen."""
    chance = np.random.default_rng(0)
    return [_random(feature, count, chance) for feature in features]


def far(features: Sequence[Feature], count: int, limit: float) -> Rows:
    """Return rows in which a number, or every second, is of any size up to ±limit, or 0."""
    chance = np.random.default_rng(1)
    digits = np.log10(limit)
    columns = [_random(feature, count, chance) for feature in features]
    numbers = [i for i, feature in enumerate(features) if isinstance(feature, Number)]
    for place, i in enumerate(numbers):
        chosen = (chance.random(count) < 0.5) | (np.arange(count) % len(numbers) == place)
        sizes = chance.choice([-1.0, 1.0], count) * 10.0 ** chance.uniform(-digits, digits, count)
        sizes[chance.random(count) < ZERO_SHARE] *= 0.0
        columns[i] = np.where(chosen, sizes, columns[i])
    return columns


def incomplete(features: Sequence[Feature], rows: Rows) -> Rows:
    """Return some rows without each feature that may be missing, one at a time, and without all of them at once."""
    optional = [i for i, feature in enumerate(features) if feature.optional]
    unseen = [i for i, feature in enumerate(features) if isinstance(feature, Category) and feature.open]
    some = [column[:INCOMPLETE_ROWS] for column in rows]
    changes: list[tuple[set[int], Any]] = [({i}, np.nan) for i in optional]
    changes += [({i}, text) for i in unseen for text in probe.unseen(features[i])]
    changes += [(set(optional), np.nan)] if optional else []
    parts = [[_changed(column, i in places, value) for i, column in enumerate(some)] for places, value in changes]
    return [np.concatenate([part[i] for part in parts]) if parts else column[:0] for i, column in enumerate(some)]


def at_thresholds(features: Sequence[Feature], rows: Rows, others: Rows, score: Score) -> Rows:
    """Return rows on both sides of thresholds, up to 10,000, and those with the next float32 numbers.

    One number of a row is replaced by another row's. If that changes the prediction, the change is bisected until two
    numbers are left of which one is the other's neighbour.
    """
    chance = np.random.default_rng(2)
    numbers = [i for i, feature in enumerate(features) if isinstance(feature, Number)]
    if not numbers:
        return [column[:0] for column in rows]
    count = min(MAX_THRESHOLDS, len(rows[0]) * len(numbers))
    base = [column[chance.integers(len(column), size=count)] for column in rows]
    chosen = chance.choice(numbers, count)
    low = _chosen(base, chosen)
    high = _chosen([column[chance.integers(len(column), size=count)] for column in others], chosen)
    low, high = _bisected(base, chosen, low, high, score)
    around = [low, high, *_neighbours(low), *_neighbours(high)]
    return _joined([_replaced(base, chosen, values) for values in around])


def at_ties(rows: Rows, score: Score) -> Rows:
    """Return the rows whose two greatest probabilities are nearly the same, the nearest first, up to 500."""
    scores = score(rows)
    if scores.shape[1] < 2:
        return [column[:0] for column in rows]
    two = np.sort(scores, axis=1)[:, -2:]
    nearest = np.argsort(two[:, 1] - two[:, 0], kind="stable")[:MAX_TIES]
    return [column[nearest] for column in rows]


def _bisected(
    base: Rows, chosen: NDArray[np.int64], low: NDArray[Any], high: NDArray[Any], score: Score
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return numbers between which the prediction changes, as near to each other as there are numbers."""
    first = score(_replaced(base, chosen, low))
    for _ in range(BISECTIONS):
        middle = low / 2 + high / 2
        if ((middle == low) | (middle == high) | np.isnan(middle)).all():
            break
        same = _equal(score(_replaced(base, chosen, middle)), first)
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return low, high


def _neighbours(values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the nearest float32 number, those beside it, and the float64 number beside each value."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
        below, above = np.nextafter(single, np.float32(-np.inf)), np.nextafter(single, np.float32(np.inf))
    finite = [np.where(np.isinf(other), values, other).astype(np.float64) for other in (single, below, above)]
    return [*finite, np.nextafter(values, np.inf)]


def _equal(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(((first == second) | (np.isnan(first) & np.isnan(second))).all(axis=1))


def _chosen(rows: Rows, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return, of each row, the number of its chosen feature."""
    return np.array([rows[feature][i] for i, feature in enumerate(chosen.tolist())], dtype=np.float64)


def _replaced(rows: Rows, chosen: NDArray[np.int64], values: NDArray[np.float64]) -> Rows:
    """Return rows with another number of each one's chosen feature."""
    return [np.where(chosen == i, values, column) if (chosen == i).any() else column for i, column in enumerate(rows)]


def _joined(parts: Sequence[Rows]) -> Rows:
    return [np.concatenate(columns) for columns in zip(*parts, strict=True)]


def _changed(column: Column, change: bool, value: Any) -> Any:
    if not change:
        return column
    return np.full(len(column), value, dtype=column.dtype)


def _random(feature: Feature, count: int, chance: np.random.Generator) -> Column:
    values = _values(feature, count, chance)
    if isinstance(feature, Category) and feature.open:
        new = chance.random(count) < UNSEEN_SHARE
        values[new] = chance.choice(np.array(probe.unseen(feature), dtype=object), int(new.sum()))
    if feature.optional:
        values[chance.random(count) < MISSING_SHARE] = np.nan
    return values


def _values(feature: Feature, count: int, chance: np.random.Generator) -> Column:
    match feature:
        case Number():
            return _numbers(feature, count, chance)
        case Boolean():
            return chance.integers(0, 2, count).astype(np.float64)
        case Category():
            return chance.choice(np.array(feature.values, dtype=object), count)
        case Text():
            return chance.choice(np.array(NEUTRAL, dtype=object), count)


def _numbers(feature: Number, count: int, chance: np.random.Generator) -> Column:
    low, high = feature.range
    span = high - low or max(abs(low), 1.0)
    values = chance.uniform(low, high, count)
    around, outside = np.split(values[count // 2 :], 2)
    around += chance.uniform(-span, span, len(around))
    outside += chance.uniform(-span, span, len(outside)) * FAR_SPANS
    return values
