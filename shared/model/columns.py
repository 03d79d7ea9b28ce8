"""Instances as the estimator needs them: columns, then an array or a data frame; and checks of their values.

Imports numpy, so it is imported with the model and not with the functions.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from shared.model.manifest import Boolean, Category, Feature, Manifest, Number, is_numeric
from shared.model.schemas import FeatureWarning, OutsideRange, attribute
from shared.problems import MAX_BAD_FIELDS, BadField, Reason, pointer

type Column = NDArray[np.float64] | NDArray[np.object_]
"""One feature of all instances, in their order: floats, or texts as objects; NaN where it is missing."""


class Row(list[Column]):
    """The columns of one instance of numbers alone, with the same numbers as one array: what most requests have."""

    def __init__(self, values: tuple[float, ...]) -> None:
        self.values = values
        self.matrix: NDArray[np.float64] = np.array([values], dtype=np.float64)
        """Shape (1, features)."""
        super().__init__(self.matrix.T)


class Reader:
    """Reads instances as columns, in the manifest's order."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._features = features
        names = [attribute(i) for i in range(len(features))]
        self._getters = [attrgetter(name) for name in names]
        plain = all(isinstance(feature, Number) and not feature.optional for feature in features)
        self._values = attrgetter(*names) if plain and len(names) > 1 else None

    def columns(self, instances: Sequence[Struct]) -> list[Column]:
        """Return one column per feature."""
        if self._values is not None and len(instances) == 1:  # a column at a time takes four times as long
            return Row(self._values(instances[0]))
        pairs = zip(self._features, self._getters, strict=True)
        return [_column(feature, getter, instances) for feature, getter in pairs]


def assemble(manifest: Manifest, columns: Sequence[Column]) -> Any:
    """Return the columns in the form that the estimator was fitted on, of shape (instances, features)."""
    if manifest.artifact.rows == "array":
        return matrix(columns)
    if manifest.artifact.rows == "series":
        return columns[0]
    import pandas as pd  # noqa: PLC0415 - few estimators need it

    named: dict[str, Any] = {feature.name: column for feature, column in zip(manifest.features, columns, strict=True)}
    if manifest.artifact.rows == "typed frame":
        for feature in manifest.features:
            if isinstance(feature, Category):
                named[feature.name] = pd.Categorical(named[feature.name], categories=list(feature.values))
    return pd.DataFrame(named)


def matrix(columns: Sequence[Column]) -> NDArray[Any]:
    """Return the columns as one array of shape (instances, features): floats, or objects when one has texts."""
    if isinstance(columns, Row):
        return columns.matrix
    if len(columns) == 1:
        return columns[0].reshape(-1, 1)
    if len(columns[0]) == 1:  # most requests; stacking takes 5 µs more
        mixed = any(column.dtype.hasobject for column in columns)
        return np.array([[column.item() for column in columns]], dtype=object if mixed else np.float64)
    return np.stack(_same_type(columns), axis=1)


def warnings(features: Sequence[Feature], columns: Sequence[Column]) -> list[OutsideRange | FeatureWarning]:
    """Return a warning for every feature with numbers outside the training range, or with categories that are new."""
    if isinstance(columns, Row) and _is_inside(features, columns.values):
        return []
    result: list[OutsideRange | FeatureWarning] = []
    for feature, column in zip(features, columns, strict=True):
        if isinstance(feature, Number):
            if positions := _outside(column, *feature.range):
                result.append(OutsideRange(feature.name, feature.range, positions, _detail(len(positions))))
        elif isinstance(feature, Category) and feature.open and (positions := _new(column, feature.values)):
            result.append(FeatureWarning(feature=feature.name, instances=positions, detail=_new_detail(len(positions))))
    return result


def out_of_bounds(features: Sequence[Feature], columns: Sequence[Column], limit: float) -> list[BadField]:
    """Return numbers beyond ±limit, unless the training data had such numbers; up to 20 of a feature."""
    detail = f"must be between {-limit:g} and {limit:g}"
    return [
        BadField(pointer("instances", i, feature.name), detail, Reason.OUT_OF_BOUNDS, feature.name)
        for feature, column in zip(features, columns, strict=True)
        if isinstance(feature, Number)
        for i in np.flatnonzero(np.abs(column) > max(limit, *map(abs, feature.range)))[:MAX_BAD_FIELDS].tolist()
    ]


def ignore_overflow() -> np.errstate:
    """Silence numpy's warnings about overflow: the response to such numbers is a problem of its own."""
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")


def _column(feature: Feature, getter: Callable[[Struct], Any], instances: Sequence[Struct]) -> Column:
    values = map(getter, instances)
    if not is_numeric(feature):
        texts = np.empty(len(instances), dtype=object)
        texts[:] = [value if isinstance(value, str) else np.nan for value in values]
        return texts
    if feature.optional and isinstance(feature, Boolean):
        return np.array([value if isinstance(value, (bool, float)) else np.nan for value in values], dtype=np.float64)
    if feature.optional:
        return np.array([value if isinstance(value, float) else np.nan for value in values], dtype=np.float64)
    return np.fromiter(values, np.float64, len(instances))


def _is_inside(features: Sequence[Feature], values: tuple[float, ...]) -> bool:
    """Return true if each number is in the range of the training data."""
    for feature, value in zip(features, values, strict=True):
        low, high = feature.range  # type: ignore[union-attr]  # a row has numbers only
        if not low <= value <= high:
            return False
    return True


def _outside(column: Column, low: float, high: float) -> list[int]:
    """Return the positions of values outside the range. NaN is neither below nor above: no warning."""
    if len(column) == 1:  # most requests; numpy needs 3.5 µs for each feature, a twentieth of the whole request
        value = column.item()
        return [0] if value < low or value > high else []
    return np.flatnonzero((column < low) | (column > high)).tolist()


def _new(column: Column, values: Sequence[str]) -> list[int]:
    """Return the positions of texts that are not in `values`. A missing one is not new."""
    known = values if len(column) == 1 else frozenset(values)  # a set costs more than one search
    return [i for i, value in enumerate(column.tolist()) if isinstance(value, str) and value not in known]


def _same_type(columns: Sequence[Column]) -> Sequence[Column]:
    """Return columns of one type: objects as soon as one column has texts."""
    mixed = any(column.dtype == object for column in columns)
    return [column.astype(object) for column in columns] if mixed else columns


def _detail(count: int) -> str:
    subject = "1 instance is" if count == 1 else f"{count} instances are"
    return f"{subject} outside the range the model was trained on"


def _new_detail(count: int) -> str:
    subject = "1 instance has" if count == 1 else f"{count} instances have"
    return f"{subject} a value that is new to the model"
