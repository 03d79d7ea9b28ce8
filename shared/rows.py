"""Instances as the estimator takes them: columns, then an array or a data frame.

Imports numpy, so it is imported with the model and not with the functions.
"""

from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from shared.faults import pointer
from shared.manifest import Feature, Manifest, Number
from shared.problems import MOST_FIELDS, BadField
from shared.schemas import OutsideRange, attribute

FARTHEST = 1e300  # beyond it a step's overflow may show in one way of serving and not in the other

type Column = NDArray[np.float64] | NDArray[np.object_]
"""One feature of all instances, in their order: floats, or texts as objects; NaN where it is missing."""


class Spread(NamedTuple):
    """How a regressor's answers are spread. Not finite where one of them is not."""

    least: float
    mean: float
    greatest: float


class Answers(NamedTuple):
    """What the model says of some rows, in their order."""

    predictions: list[Any]
    """Numbers of a regressor, labels of a classifier."""
    probabilities: list[list[float]] | None = None
    """In the order of the manifest's classes, where they were asked for."""
    spread: Spread | None = None
    """Of a regressor."""


def columns(features: Sequence[Feature], instances: Sequence[Struct]) -> list[Column]:
    """One column per feature, in the manifest's order."""
    return [_column(feature, _getter(i), instances) for i, feature in enumerate(features)]


def assemble(manifest: Manifest, filled: Sequence[Column]) -> Any:
    """The columns as what the estimator was fitted on: shape (instances, features)."""
    if manifest.artifact.rows == "array":
        return matrix(filled)
    import pandas as pd  # noqa: PLC0415 - few estimators need it

    named: dict[str, Any] = {feature.name: column for feature, column in zip(manifest.features, filled, strict=True)}
    if manifest.artifact.rows == "typed frame":
        for feature in manifest.features:
            if not isinstance(feature, Number):
                named[feature.name] = pd.Categorical(named[feature.name], categories=list(feature.values))
    return pd.DataFrame(named)


def matrix(filled: Sequence[Column]) -> NDArray[Any]:
    """The columns side by side, shape (instances, features): floats, or objects as soon as one holds texts."""
    return filled[0].reshape(-1, 1) if len(filled) == 1 else np.stack(_alike(filled), axis=1)


def outside(features: Sequence[Feature], filled: Sequence[Column]) -> list[OutsideRange]:
    """A warning for every feature with values outside the range that the model was trained on."""
    found: list[OutsideRange] = []
    for feature, column in zip(features, filled, strict=True):
        if isinstance(feature, Number) and (positions := _outside(column, *feature.range)):
            found.append(OutsideRange(feature.name, feature.range, positions, _detail(len(positions))))
    return found


def spread(predictions: NDArray[Any]) -> Spread:
    """The spread of a regressor's answers; NaN as soon as one is NaN."""
    if len(predictions) == 1:  # most requests; by numpy it takes 10 µs
        return Spread(*[predictions.item()] * 3)
    with calm():
        return Spread(float(predictions.min()), float(predictions.mean()), float(predictions.max()))


def too_far(features: Sequence[Feature], filled: Sequence[Column]) -> list[BadField]:
    """Numbers beyond ±1e300 that the training had not either, up to 20 of a feature."""
    return [
        BadField(pointer("instances", i, feature.name), "must be between -1e300 and 1e300")
        for feature, column in zip(features, filled, strict=True)
        if isinstance(feature, Number)
        for i in np.flatnonzero(np.abs(column) > max(FARTHEST, *map(abs, feature.range)))[:MOST_FIELDS].tolist()
    ]


def calm() -> np.errstate:
    """No warning on standard error for numbers that overflow: the answer to them is a problem of its own."""
    return np.errstate(over="ignore", invalid="ignore")


@cache
def _getter(position: int) -> Callable[[Struct], Any]:
    """Reads feature `position` of an instance."""
    return attrgetter(attribute(position))


def _column(feature: Feature, getter: Callable[[Struct], Any], instances: Sequence[Struct]) -> Column:
    values = map(getter, instances)
    if not isinstance(feature, Number):
        texts = np.empty(len(instances), dtype=object)
        texts[:] = [value if isinstance(value, str) else np.nan for value in values]
        return texts
    if feature.optional:
        return np.array([value if isinstance(value, float) else np.nan for value in values], dtype=np.float64)
    return np.fromiter(values, np.float64, len(instances))


def _outside(column: Column, low: float, high: float) -> list[int]:
    """Positions of values outside the range. NaN is neither below nor above: no warning."""
    if len(column) == 1:  # most requests; by numpy this takes 3.5 µs for each feature, a twentieth of the whole
        value = column.item()
        return [0] if value < low or value > high else []
    return np.flatnonzero((column < low) | (column > high)).tolist()


def _alike(filled: Sequence[Column]) -> Sequence[Column]:
    """Columns of one type: as soon as one holds texts, all hold objects."""
    mixed = any(column.dtype == object for column in filled)
    return [column.astype(object) for column in filled] if mixed else filled


def _detail(count: int) -> str:
    who = "1 instance is" if count == 1 else f"{count} instances are"
    return f"{who} outside the range the model was trained on"
