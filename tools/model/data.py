"""The training data: a table of the features' columns and the target's values, from a CSV file or from train.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.model.columns import Column
from shared.model.manifest import Feature, Number, Value
from tools.model.refused import Refused, listed, one_line

LEAST_ROWS = 10  # of fewer, quantiles say nothing


@dataclass(frozen=True)
class Table:
    """Training rows without the target. Never written anywhere as rows."""

    frame: pd.DataFrame
    """One column per feature, named by texts, as pandas read them or as train.py gave them."""
    target: NDArray[Any]
    source: str
    """What people call the data, such as the file's name."""

    def columns(self, features: Sequence[Feature]) -> list[Column]:
        """The features' columns as the service fills them: floats, or texts as objects; NaN where missing."""
        return [column(feature, self.frame[feature.name]) for feature in features]

    def has(self, features: Sequence[Feature], instance: dict[str, Value]) -> bool:
        """Whether a training row has exactly the values of `instance`."""
        same = np.ones(len(self.frame), dtype=bool)
        for feature, found in zip(features, self.columns(features), strict=True):
            value = instance.get(feature.name)
            same &= pd.isna(found) if value is None else found == value
        return bool(same.any())


def column(feature: Feature, series: "pd.Series[Any]") -> Column:
    """One feature's values: float64, or texts and NaN as objects."""
    if isinstance(feature, Number):
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    texts = series.astype(object).to_numpy(dtype=object)
    return np.where(pd.isna(texts), np.nan, texts)


def read(path: Path, target: str, texts: Sequence[str] = ()) -> Table:
    """The table in a CSV file with a header, without the column `target`; the columns `texts` stay texts.

    An empty cell, NA, NaN, null and None are missing values, as everywhere in pandas. Raises Refused.
    """
    try:
        frame = pd.read_csv(path, low_memory=False, dtype=dict.fromkeys(texts, str))
    except OSError as error:
        raise Refused(f"The data file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # pandas' own errors and wrong encodings among them
        raise Refused(f"{path.name} cannot be read as CSV: {one_line(error)}") from error
    for name in (target, *texts):
        if name not in frame.columns:
            raise Refused(f"{path.name} has no column {name}; it has: {listed(map(str, frame.columns))}.")
    return table(frame.drop(columns=target), frame[target].to_numpy(), source=path.name)


def table(X: Any, y: Any, *, names: Sequence[str] = (), source: str) -> Table:  # noqa: N803 - scikit-learn's name
    """The table of a data frame, or of an array whose columns are called `names`. Raises Refused."""
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X, columns=_names(names, np.shape(X)))
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1).reset_index(drop=True)
    target = np.asarray(y)
    target = target.reshape(-1) if target.size == len(target) else target
    if target.ndim > 1:
        raise Refused(f"{source} has {target.shape[1]} targets; the service takes models with one.")
    if len(target) != len(frame):
        raise Refused(f"{source} has {len(frame)} rows and {len(target)} targets.")
    return _complete(Table(frame, target, source))


def _complete(of: Table) -> Table:
    """The rows whose target is known."""
    if not of.frame.columns.is_unique:
        twice = of.frame.columns[of.frame.columns.duplicated()]
        raise Refused(f"{of.source} has two columns of one name: {listed(twice)}.")
    known = ~pd.isna(of.target)
    if unknown := int((~known).sum()):
        print(f"Left out {unknown} of {len(known)} rows: their target is missing.")
    if known.sum() < LEAST_ROWS:
        raise Refused(f"{of.source} has {known.sum()} rows with a target; at least {LEAST_ROWS} are needed.")
    return Table(of.frame[known].reset_index(drop=True), of.target[known], of.source)


def sample(of: Table, features: Sequence[Feature], most: int) -> Table:
    """At most `most` rows, evenly spread, of those that the service would take: nothing required is missing."""
    needed = [feature.name for feature in features if not feature.optional]
    return spread(of, most, np.flatnonzero(~of.frame[needed].isna().any(axis=1)))


def spread(of: Table, most: int, among: NDArray[np.intp] | None = None) -> Table:
    """At most `most` rows, evenly spread, of all or of those at the positions `among`."""
    rows = np.arange(len(of.frame)) if among is None else among
    kept = rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(int)]
    return Table(of.frame.iloc[kept], of.target[kept], of.source)


def _names(names: Sequence[str], shape: tuple[int, ...]) -> list[str]:
    if len(shape) != 2:
        raise Refused("The data must have rows and columns, one column per feature.")
    if names and len(names) != shape[1]:
        raise Refused(f"The data has {shape[1]} columns, and {len(names)} names were given.")
    return list(names) or [f"x{i}" for i in range(shape[1])]
