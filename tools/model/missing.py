"""Texts such as NA and None in a file: missing values in a column of numbers, perhaps categories in a column of texts.

Only an empty cell is missing for certain. In a column of texts the encoder of the model decides: it has the categories
that its training read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from tools.model.refused import join_names

MARKS = frozenset(
    {"#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL"}
    | {"NaN", "None", "n/a", "nan", "null"}
)
"""The texts that pandas reads as missing values by default."""
PLAIN = re.compile(r"\s*([+-]?[\d.,]*\d[\d.,]*([eE][+-]?\d+)?|[+-]?inf(inity)?|true|false)\s*", re.IGNORECASE)
"""A number or a boolean."""


class Read(NamedTuple):
    """How the marks in one column are read."""

    categories: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    fitted: bool = False
    """True when the model's own categories decided."""
    notes: tuple[str, ...] = ()
    """Lines for the owner; none for a column of numbers."""


def marks(frame: pd.DataFrame, fitted: Mapping[str, set[Any]], source: str) -> Mapping[str, Read]:
    """Return how the marks are read, by column. `fitted` are the model's own categories, by column."""
    columns = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    read = {name: _read(frame[name], fitted.get(name), source) for name in columns}
    return {name: each for name, each in read.items() if each.categories or each.missing}


def _read(series: "pd.Series[Any]", fitted: set[Any] | None, source: str) -> Read:
    """Return how the marks in one column are read."""
    texts = {value for value in series.unique() if isinstance(value, str)}
    found = MARKS & texts
    read = Read(found & (fitted or set()), found - (fitted or set()), fitted is not None)
    has_texts = any(isinstance(value, str) for value in fitted or ())
    if has_texts or not all(map(PLAIN.fullmatch, texts - MARKS)):
        return read._replace(notes=tuple(_lines(read, series, source)))
    return read


def _lines(read: Read, series: "pd.Series[Any]", source: str) -> Iterator[str]:
    if read.categories:
        rows = _rows(series, read.categories)
        yield f"{source}: {_quoted(read.categories)} in the column {series.name}: a category, as in training ({rows})."
    if read.missing:
        reason = "the model has no such category" if read.fitted else "as pandas reads it"
        rows = _rows(series, read.missing)
        yield f"{source}: {_quoted(read.missing)} in the column {series.name}: missing, {reason} ({rows})."


def _rows(series: "pd.Series[Any]", texts: Iterable[str]) -> str:
    count = int(series.isin(list(texts)).sum())
    return "1 row" if count == 1 else f"{count} rows"


def _quoted(texts: Iterable[str]) -> str:
    return join_names(f'"{text}"' for text in sorted(texts))
