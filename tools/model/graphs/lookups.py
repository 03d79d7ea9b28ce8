"""Steps that treat each column by itself, as tables: one row for each category, one for unknown and one for missing.

The tables are filled with the estimator's own results, so that every encoder, with every option, is exact. This also
serves whole steps of an owner. A step whose columns depend on each other cannot be written so.
"""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.model.graphs.frame import Column, Frame, Unsupported
from tools.model.graphs.tensor import Tensor

UNSEEN = "\x00 no category"  # a text that no data has
MAX_DENSE = 16  # outputs of one column; a wider table of one-hot rows is compared with positions instead


class Results(NamedTuple):
    """A step's outputs for one column: its values first, then unknown and missing. The other columns do not change."""

    outputs: NDArray[np.object_]
    """Shape (values + 2, outputs of the whole step)."""
    valid: NDArray[np.bool_]
    """False where the step raises an error."""


def lookup(estimator: Any, frame: Frame, *, flat: bool = False) -> Frame:
    """Return the step's outputs as tables of its inputs' categories. `flat`: the step gets one column as a vector.

    Raises Unsupported.
    """
    columns = [_coded(estimator, column, i) for i, column in enumerate(frame.columns)]
    results = [_results(estimator, columns, i, flat) for i in range(len(columns))]
    owners = _owners(results)
    frames = [
        _table(column, result, owners == i) for i, (column, result) in enumerate(zip(columns, results, strict=True))
    ]
    places = [(owners[:o] == owners[o]).sum() for o in range(len(owners))]
    return Frame(tuple(frames[i].columns[place] for i, place in zip(owners, places, strict=True)))


def _coded(estimator: Any, column: Column, position: int) -> Column:
    """Return a column as codes: numbers become codes of the encoder's own categories."""
    if column.values is not None:
        return column
    try:
        known = [float(value) for value in estimator.categories_[position]]
    except (AttributeError, TypeError, ValueError):
        raise Unsupported(f"{type(estimator).__name__} has numbers and categories together") from None
    values = tuple(value for value in known if not np.isnan(value))
    number = column.vector
    number.graph.smooth = False
    same = number.equals(np.array([values])).cast(np.int32) if values else None
    code = number.is_nan().where(len(values) + 1.0, float(len(values)))
    if same is not None:
        code = same.max(keepdims=True).cast(bool).where(same.argmax().cast(np.float64).reshape(-1, 1), code)
    return Column(code.wide(1), 0, values, unknown=True, missing=True)


def _results(estimator: Any, columns: Sequence[Column], position: int, flat: bool) -> Results:
    """Return the outputs for every category of one column."""
    values = columns[position].values or ()
    base = [_first(column) for column in columns]
    known = [[*base[:position], value, *base[position + 1 :]] for value in (*values, base[position])]
    kinds = [_dtype(column) for column in columns]
    outputs = list(_call(estimator, known, kinds, flat))
    reference = outputs.pop()
    valid = [True] * len(values)
    for value, possible in ((UNSEEN, columns[position].unknown), (np.nan, columns[position].missing)):
        row = [*base[:position], _unseen(values) if value is UNSEEN else value, *base[position + 1 :]]
        try:
            outputs.append(_call(estimator, [row], kinds, flat)[0] if possible else reference)
            valid.append(True)
        except Unsupported:
            outputs.append(reference)
            valid.append(False)
    return Results(np.array(outputs, dtype=object), np.array(valid))


def _call(estimator: Any, rows: Sequence[Sequence[Any]], kinds: Sequence[type], flat: bool) -> NDArray[np.object_]:
    """Return the step's outputs for some rows, shape (rows, outputs). Raises Unsupported when it fails."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = estimator.transform(_rows(estimator, rows, kinds, flat))
    except Exception as error:
        raise Unsupported(f"{type(estimator).__name__} fails on a category of the data") from error
    if hasattr(result, "toarray"):
        result = result.toarray()
    array = np.asarray(result, dtype=object)
    return array.reshape(len(rows), -1)


def _rows(estimator: Any, rows: Sequence[Sequence[Any]], kinds: Sequence[type], flat: bool) -> Any:
    """Return rows in the form in which the step was fitted."""
    columns: list[NDArray[Any]] = [
        np.array(values, dtype=kind) for values, kind in zip(zip(*rows, strict=True), kinds, strict=True)
    ]
    if flat:
        return pd.Series(columns[0])
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        return pd.DataFrame(dict(zip(names, columns, strict=True)))
    return np.stack(columns if len(set(kinds)) == 1 else [column.astype(object) for column in columns], axis=1)


def _dtype(column: Column) -> type:
    """Return the type of a column's values: numbers that became codes are numbers here."""
    numbers = bool(column.values) and all(isinstance(value, float) for value in column.values or ())
    return float if numbers else object


def _first(column: Column) -> Any:
    return column.values[0] if column.values else np.nan


def _unseen(values: Sequence[Any]) -> Any:
    """Return a value that is not among a column's values, of their type."""
    if values and all(isinstance(value, float) for value in values):
        return max(values) + 1.0
    return UNSEEN


def _owners(results: Sequence[Results]) -> NDArray[np.int64]:
    """Return, for each output, the column that it depends on. Raises Unsupported when there are several."""
    changes = np.array([_changes(result.outputs) for result in results])
    if (changes.sum(axis=0) > 1).any():
        raise Unsupported("a step combines categories of several columns")
    return changes.argmax(axis=0)


def _changes(outputs: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which outputs differ between the rows."""
    first = outputs[:1]
    same = (outputs == first) | (pd.isna(outputs) & pd.isna(first))
    return np.asarray(~same.astype(bool).all(axis=0))


def _table(column: Column, results: Results, owned: NDArray[np.bool_]) -> Frame:
    """Return the outputs of one column as columns of the graph."""
    code = column.vector.reshape(-1).cast(np.int64)
    if not results.valid.all():
        code.graph.require(code.lookup(results.valid))
    outputs = results.outputs[:, owned]
    if not outputs.shape[1]:
        return Frame(())
    try:
        return _numbers(code, outputs.astype(np.float64))
    except (TypeError, ValueError):
        return Frame(tuple(_categories(code, outputs[:, i]) for i in range(outputs.shape[1])))


def _numbers(code: Tensor, table: NDArray[np.float64]) -> Frame:
    """Return numbers, shape (codes, outputs), at a code."""
    checked = bool(np.isfinite(table).all())
    width = table.shape[1]
    if width > MAX_DENSE and set(np.unique(table)) <= {0.0, 1.0} and (table.sum(axis=1) <= 1).all():
        places = np.where(table.any(axis=1), table.argmax(axis=1), -1).reshape(-1, 1)
        numbers = code.lookup(places).equals(np.arange(width)).cast(np.float64)
    else:
        numbers = code.lookup(table)
    return Frame.from_tensor(numbers, width, checked=checked)


def _categories(code: Tensor, texts: NDArray[np.object_]) -> Column:
    """Return a column of categories that became other categories."""
    missing = pd.isna(texts)
    values = tuple(dict.fromkeys(texts[~missing].tolist()))
    codes = [
        len(values) + 1 if absent else values.index(text) for text, absent in zip(texts.tolist(), missing, strict=True)
    ]
    table = np.array(codes, np.float64).reshape(-1, 1)
    return Column(code.lookup(table).wide(1), 0, values, missing=bool(missing.any()))
