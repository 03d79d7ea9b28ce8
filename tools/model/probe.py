"""Test predictions: they show which columns and which form of rows an estimator needs.

An estimator rarely declares that it needs names, types or every value. It predicts, warns or fails. So it gets rows
here as the service will send them.
"""

import warnings
from collections.abc import Callable, Collection, Sequence
from itertools import cycle
from typing import Any, Literal

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError

from shared.model.columns import Column, assemble
from shared.model.manifest import (
    MAX_CATEGORY_CHARACTERS,
    Boolean,
    Category,
    Feature,
    Manifest,
    Number,
    Text,
    is_numeric,
)
from tools.model.data import Table
from tools.model.names import is_lightgbm
from tools.model.refused import Refused, join_names, one_line

ROWS_COMPARED = 50
UNSEEN = ("a text that is new to the model", "nan", "")
"""Texts for open categories. A graph or a frame may take "nan" or "" for a missing value."""
MAX_DIFFERENCE = 1e-6  # of the greatest prediction; float32 columns differ by less, a misread column by much more


def predict(manifest: Manifest, estimator: Any, columns: Sequence[Column]) -> NDArray[Any]:
    """Return the estimator's prediction for each row.

    Raises Refused unless there is one prediction per row. Lets the estimator's own errors through.
    """
    predictions = estimator.predict(assemble(manifest, columns))
    count = len(columns[0])
    if not isinstance(predictions, np.ndarray):
        raise Refused(f"predict returns a {type(predictions).__name__}, but the service needs a numpy array.")
    if predictions.size != count:
        per_row = predictions.size // max(count, 1)
        raise Refused(
            f"The model predicts {per_row} values for one row; the service supports models with one target only."
        )
    return predictions.ravel()


def predict_table(manifest: Manifest, estimator: Any, table: Table) -> NDArray[Any]:
    """Return the predictions for rows of the data. Raises Refused if the estimator fails or some are not finite."""
    try:
        predictions = predict(manifest, estimator, table.columns(manifest.features))
    except Refused:
        raise
    except Exception as error:
        raise Refused(
            f"The model fails on rows of {table.source}, which must be its training data: {one_line(error)}"
        ) from error
    if manifest.kind == "regressor" and (bad := int((~np.isfinite(predictions)).sum())):
        raise Refused(
            f"The model's prediction for {bad} of {len(predictions)} rows of {table.source} is not a finite number."
        )
    return predictions


def try_call(call: Callable[..., Any], *args: Any, warned: Literal["error", "ignore"] = "error") -> Any:
    """Return the call's result, or None if it fails or scikit-learn warns that rows do not fit the training.

    With `warned="ignore"` a warning is no failure.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter(warned, UserWarning)  # feature names, unknown categories
        try:
            return call(*args)
        except Exception:
            return None


def used_columns(estimator: Any, table: Table, names: Sequence[str]) -> list[str]:
    """Return those of `names` without which the estimator fails or predicts something else.

    A ColumnTransformer is fitted on names that it may drop. Raises Refused if the data lacks a name that is needed.
    """
    used = [name for name in names if name in table.frame.columns]
    if is_lightgbm(estimator):  # it needs all of them, and prints an error of its own for each attempt without one
        _refuse_missing(table, names)
        return used
    fullest = table.frame[used].isna().sum(axis=1).sort_values(kind="stable").index[:ROWS_COMPARED]
    rows = table.frame.loc[fullest]
    expected = try_call(estimator.predict, rows[used])
    if expected is None:
        _refuse_missing(table, names)
    for name in list(used) if expected is not None else ():
        fewer = [other for other in used if other != name]
        predictions = try_call(estimator.predict, rows[fewer])
        if fewer and predictions is not None and np.array_equal(predictions, expected):
            used = fewer
    return used


def _refuse_missing(table: Table, names: Sequence[str]) -> None:
    if missing := [name for name in names if name not in table.frame.columns]:
        raise Refused(f"{table.source} lacks columns that the model was trained on: {join_names(missing)}.")


def row_kind(manifest: Manifest, estimator: Any, kinds: Sequence[str], row: Sequence[Column]) -> str:
    """Return the first of `kinds` (array, frame, typed frame) that the estimator accepts.

    A kind that leads to no warning goes first. Raises Refused if the estimator accepts none.
    """
    for kind in kinds:
        if try_call(predict, with_row_kind(manifest, kind), estimator, row) is not None:
            return kind
    try:
        predict(with_row_kind(manifest, kinds[0]), estimator, row)
    except Refused:
        raise
    except NotFittedError:
        raise Refused("The model is not fitted: call fit before saving it.") from None
    except Exception as error:
        raise Refused(f"The model fails on a row of its training data: {one_line(error)}{_hint(manifest)}") from error
    return kinds[0]


def optional_features(
    manifest: Manifest, estimator: Any, row: Sequence[Column], names: Collection[str]
) -> frozenset[str]:
    """Return those of `names` without which the estimator still predicts `row`: no error, no warning, a finite number.

    If it predicts without each of several features, but not without all of them at once, none is optional.
    """
    blank = [_missing(feature) for feature in manifest.features]
    candidates = [i for i, feature in enumerate(manifest.features) if feature.name in names]
    positions = {i for i in candidates if _predicts(manifest, estimator, [*row[:i], blank[i], *row[i + 1 :]])}
    together = [blank[i] if i in positions else row[i] for i in range(len(row))]
    if not _predicts(manifest, estimator, together):
        return frozenset()
    return frozenset(manifest.features[i].name for i in positions)


def open_categories(manifest: Manifest, estimator: Any, row: Sequence[Column]) -> frozenset[str]:
    """Return the categories for which the estimator predicts `row` with a text that is new to it: a finite number.

    scikit-learn warns about unknown categories that it handles, so warnings do not count here. Data frames with
    pandas' category type cannot have a new text.
    """
    if manifest.artifact.rows == "typed frame":
        return frozenset()
    candidates = {
        feature.name: i
        for i, feature in enumerate(manifest.features)
        if isinstance(feature, Category) and max(map(len, feature.values)) <= MAX_CATEGORY_CHARACTERS
    }
    if candidates and _predicts_unseen(
        manifest, estimator, row, candidates.values()
    ):  # the usual case; one by one takes long
        return frozenset(candidates)
    return frozenset(name for name, i in candidates.items() if _predicts_unseen(manifest, estimator, row, [i]))


def unseen(feature: Feature) -> list[str]:
    """Return texts that are not in a category's list."""
    return [text for text in UNSEEN if not isinstance(feature, Category) or text not in feature.values]


def agree(expected: NDArray[Any], served: NDArray[Any]) -> bool:
    """Return true if both predictions are the same, numbers up to rounding."""
    if expected.dtype.kind == "f" and served.dtype.kind == "f":
        scale = float(np.nanmax(np.abs(expected), initial=0.0))
        return bool(np.allclose(expected, served, rtol=0.0, atol=MAX_DIFFERENCE * scale, equal_nan=True))
    return bool(np.array_equal(expected, served))


def with_row_kind(manifest: Manifest, kind: Any) -> Manifest:
    """Return the manifest with another kind of rows for the estimator."""
    return replace(manifest, artifact=replace(manifest.artifact, rows=kind))


def _predicts(
    manifest: Manifest, estimator: Any, row: Sequence[Column], warned: Literal["error", "ignore"] = "error"
) -> bool:
    predictions = try_call(predict, manifest, estimator, row, warned=warned)
    return predictions is not None and (predictions.dtype.kind != "f" or bool(np.isfinite(predictions).all()))


def _predicts_unseen(manifest: Manifest, estimator: Any, row: Sequence[Column], positions: Collection[int]) -> bool:
    """Return true if the estimator predicts `row` with new texts in the categories at `positions`."""
    rows = [list(row) for _ in UNSEEN]
    for i in positions:
        for changed, text in zip(rows, cycle(unseen(manifest.features[i])), strict=False):
            changed[i] = np.array([text], dtype=object)
    return all(_predicts(manifest, estimator, each, "ignore") for each in rows)


def _missing(feature: Feature) -> Column:
    return np.array([np.nan], dtype=np.float64 if is_numeric(feature) else object)


def _hint(manifest: Manifest) -> str:
    if texts := [feature.name for feature in manifest.features if isinstance(feature, Text)]:
        return f" (free text can be any text, and the model does not predict with a new one in {join_names(texts)})"
    if booleans := [feature.name for feature in manifest.features if isinstance(feature, Boolean)]:
        return f" (the service sends 1 and 0 for {join_names(booleans)}: train on these numbers)"
    whole = any(isinstance(feature, Number) and feature.range[0].is_integer() for feature in manifest.features)
    return " (name columns of digits that were texts in training with --text)" if whole else ""
