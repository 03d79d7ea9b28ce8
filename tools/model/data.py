"""The training data: a table of the features' columns and the target's values, from a file or from train.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.model.columns import Column
from shared.model.manifest import Feature, Value, is_numeric
from tools.model import tables
from tools.model.refused import Refused, join_names
from tools.model.tables import Reading

MIN_ROWS = 10  # quantiles of fewer rows mean nothing


@dataclass(frozen=True)
class Table:
    """Training rows without the target. Rows are never written to a file."""

    frame: pd.DataFrame
    """One column per feature, named by texts, as pandas read them or as train.py passed them."""
    target: NDArray[Any]
    source: str
    """The name of the data for people, such as the file's name."""

    def columns(self, features: Sequence[Feature]) -> list[Column]:
        """Return the features' columns as the service fills them: floats, or texts as objects; NaN where missing."""
        return [column(feature, self.frame[feature.name]) for feature in features]

    def has_row(self, features: Sequence[Feature], instance: dict[str, Value]) -> bool:
        """Return true if a training row has exactly the values of `instance`."""
        same = np.ones(len(self.frame), dtype=bool)
        for feature, values in zip(features, self.columns(features), strict=True):
            value = instance.get(feature.name)
            same &= pd.isna(values) if value is None else values == value
        return bool(same.any())


def column(feature: Feature, series: "pd.Series[Any]") -> Column:
    """Return one feature's values: float64, or texts and NaN as objects."""
    if is_numeric(feature):
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    texts = series.astype(object).to_numpy(dtype=object)
    return np.where(pd.isna(texts), np.nan, texts)


def read(path: Path, reading: Reading) -> Table:
    """Return the table in a file, without the column of the target. Raises Refused."""
    frame = tables.read(path, reading)
    return table(frame.drop(columns=reading.target), frame[reading.target].to_numpy(), source=path.name)


def table(X: Any, y: Any, *, names: Sequence[str] = (), source: str) -> Table:  # noqa: N803 - scikit-learn's name
    """Return the table of a data frame, or of an array whose columns are called `names`. Raises Refused."""
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X, columns=_column_names(names, np.shape(X)))
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1).reset_index(drop=True)
    target = np.asarray(y)
    target = target.reshape(-1) if target.size == len(target) else target
    if target.ndim > 1:
        raise Refused(f"{source} has {target.shape[1]} targets; the service supports models with one target only.")
    if len(target) != len(frame):
        raise Refused(f"{source} has {len(frame)} rows, but {len(target)} targets.")
    return _with_known_target(Table(frame, target, source))


def sample(table: Table, features: Sequence[Feature], max_rows: int) -> Table:
    """Return at most `max_rows` evenly spaced rows out of those that the service accepts: with every required value."""
    required = [feature.name for feature in features if not feature.optional]
    return evenly_spaced(table, max_rows, np.flatnonzero(~table.frame[required].isna().any(axis=1)))


def evenly_spaced(table: Table, max_rows: int, positions: NDArray[np.intp] | None = None) -> Table:
    """Return at most `max_rows` evenly spaced rows out of all rows, or out of those at `positions`."""
    candidates = np.arange(len(table.frame)) if positions is None else positions
    chosen = candidates[np.linspace(0, len(candidates) - 1, min(len(candidates), max_rows)).astype(int)]
    return Table(table.frame.iloc[chosen], table.target[chosen], table.source)


def _with_known_target(table: Table) -> Table:
    """Return the rows that have a target."""
    if not table.frame.columns.is_unique:
        repeated = table.frame.columns[table.frame.columns.duplicated()]
        raise Refused(f"{table.source} has two columns with the same name: {join_names(repeated)}.")
    known = ~pd.isna(table.target)
    if unknown := int((~known).sum()):
        print(f"Left out {unknown} of {len(known)} rows: their target is missing.")
    if known.sum() < MIN_ROWS:
        raise Refused(f"{table.source} has {known.sum()} rows with a target; at least {MIN_ROWS} are needed.")
    return Table(table.frame[known].reset_index(drop=True), table.target[known], table.source)


def _column_names(names: Sequence[str], shape: tuple[int, ...]) -> list[str]:
    if len(shape) != 2:
        raise Refused("The data must have rows and columns, one column per feature.")
    if names and len(names) != shape[1]:
        raise Refused(f"The data has {shape[1]} columns, but there are {len(names)} names.")
    return list(names) or [f"x{i}" for i in range(shape[1])]
