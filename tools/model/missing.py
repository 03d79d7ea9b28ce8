"""Texts such as NA and None in a file: missing values in a column of numbers, perhaps categories in a column of texts.

Only an empty cell is missing for certain. In a column of texts the encoder of the model decides: it has the categories
that its training read.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from tools.model.refused import join_names

MARKS = frozenset(
    {"#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL"}
    | {"NaN", "None", "n/a", "nan", "null"}
)
"""The texts that pandas reads as missing values unless it is told otherwise."""
PLAIN = re.compile(r"\s*([+-]?[\d.,]*\d[\d.,]*([eE][+-]?\d+)?|[+-]?inf(inity)?|true|false)\s*", re.IGNORECASE)
"""A number or a boolean."""


class Read(NamedTuple):
    """How the marks in one column of texts are read."""

    categories: frozenset[str]
    missing: frozenset[str]
    fitted: bool
    """True when the model's own categories decided."""


def marks(frame: pd.DataFrame, fitted: Mapping[str, set[Any]], source: str) -> Mapping[str, frozenset[str]]:
    """Return the marks that are missing values, by column. `fitted` are the model's own categories, by column.

    Prints how they are read, unless the column is one of numbers.
    """
    missing: dict[str, frozenset[str]] = {}
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            missing[name] = _missing_in(frame[name], fitted.get(name), source)
    return {name: texts for name, texts in missing.items() if texts}


def _missing_in(series: "pd.Series[Any]", fitted: set[Any] | None, source: str) -> frozenset[str]:
    """Return the marks in one column that are missing values."""
    texts = {value for value in series.unique() if isinstance(value, str)}
    found = MARKS & texts
    if not found:
        return frozenset()
    read = Read(found & (fitted or set()), found - (fitted or set()), fitted is not None)
    has_texts = any(isinstance(value, str) for value in fitted or ())
    if has_texts or not all(map(PLAIN.fullmatch, texts - MARKS)):
        print(*_lines(read, series, source), sep="\n")
    return read.missing


def _lines(read: Read, series: "pd.Series[Any]", source: str) -> Iterable[str]:
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
