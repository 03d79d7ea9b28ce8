"""Missing values: SimpleImputer and MissingIndicator. The statistic was computed in training, per column."""

from typing import Any

import numpy as np

from tools.model.graphs.frame import Column, Frame, Unsupported
from tools.model.graphs.lookups import lookup
from tools.model.graphs.registry import transformer


@transformer("sklearn.SimpleImputer", checks=False)
def simple_imputer(estimator: Any, frame: Frame) -> Frame:
    """Return the columns with their statistic in place of what is missing, then the indicators."""
    if not frame.numeric:
        return lookup(estimator, frame) if all(column.values for column in frame.columns) else _mixed(estimator, frame)
    statistics = np.asarray(estimator.statistics_, dtype=np.float64)
    kept = np.flatnonzero(~np.isnan(statistics) | estimator.keep_empty_features)
    used = frame.select(kept)
    filled = _is_missing(estimator, used).where(statistics[kept], used.matrix())
    result = Frame.from_tensor(filled, len(used), checked=frame.checked)
    if estimator.add_indicator:
        return Frame.join([result, missing_indicator(estimator.indicator_, frame)])
    return result


@transformer("sklearn.MissingIndicator", checks=False)
def missing_indicator(estimator: Any, frame: Frame) -> Frame:
    """Return 1 for each value that is missing, for the columns that had gaps in training, or for all."""
    if not frame.numeric:
        return lookup(estimator, frame)
    if estimator.error_on_new and estimator.features == "missing-only":
        others = sorted(set(range(len(frame))) - set(estimator.features_.tolist()))
        if others:
            rows = frame.select(others)
            frame.graph.require(~(_is_missing(estimator, rows).cast(np.int32).max().cast(bool)))
    marked = frame.select(estimator.features_.tolist())
    if not len(marked):
        return Frame(())
    return Frame.from_tensor(_is_missing(estimator, marked).cast(np.float64), len(marked), checked=True)


def _is_missing(estimator: Any, frame: Frame) -> Any:
    """Return true where a value is the estimator's mark of missing ones."""
    rows, mark = frame.matrix(), estimator.missing_values
    if not isinstance(mark, (int, float)):
        raise Unsupported("missing_values of an imputer is neither NaN nor a number")
    return rows.is_nan() if np.isnan(mark) else rows.equals(float(mark))


def _mixed(estimator: Any, frame: Frame) -> Frame:
    """Return numbers and categories, imputed column by column."""
    if estimator.add_indicator:
        raise Unsupported("an imputer with add_indicator has numbers and categories together")
    return Frame(tuple(_column(estimator.statistics_[i], column) for i, column in enumerate(frame.columns)))


def _column(statistic: Any, column: Column) -> Column:
    vector = column.vector
    if column.values is None:
        return Column(vector.is_nan().where(float(statistic), vector).wide(1), 0, checked=column.checked)
    values = column.values if statistic in column.values else (*column.values, statistic)
    table = np.arange(len(column.values) + 2.0)
    table[-2:] = len(values), values.index(statistic)
    code = vector.cast(np.int64).reshape(-1).lookup(table.reshape(-1, 1))
    return Column(code.wide(1), 0, values, unknown=column.unknown)
