"""The features, from the data's columns: numbers with a range, booleans, categories with their values, or texts."""

import math
import re
from collections.abc import Mapping
from numbers import Number as AnyNumber
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from shared.model.manifest import MAX_TEXT_CHARACTERS, Boolean, Category, Feature, Number, Text
from tools.model.data import Table, column
from tools.model.refused import Refused
from tools.model.texts import looks_like_text

MAX_VALUES = 1_000  # a text with more values is a name, an address or an id, which no form and no contract can list
DATE = re.compile(r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})([T ].*)?", re.DOTALL)


def feature(
    table: Table, name: str, texts: Mapping[str, str], *, free_text: bool = False, insisted: bool = False
) -> Feature:
    """Return the feature in one column. `texts` are its label, unit and help, as far as they exist. Raises Refused.

    With `free_text` a column of texts is no category. With `insisted` it is one even if it looks like free text.
    Categories of pandas are booleans, numbers or texts, as their values are.
    """
    series = table.frame[name]
    present = series.dropna()
    if present.empty:
        raise Refused(f"The column {name} of {table.source} is empty: leave it out and train again.")
    if free_text and all(isinstance(value, str) for value in present):
        return _text(name, present, texts)
    if _are_dates(present):
        raise Refused(
            f"The column {name} of {table.source} has dates. The service supports numbers and categories. Before "
            "training, turn the dates into numbers, such as the year or the days since a date."
        )
    if _are_booleans(present):
        return _boolean(name, texts)
    if _are_numbers(present):
        return _number(table, name, texts)
    if not all(isinstance(value, str) for value in present):
        raise Refused(f"The column {name} of {table.source} has values that are neither all numbers nor all texts.")
    return _category(table, name, texts, insisted)


def is_typed(series: "pd.Series[Any]") -> bool:
    """Return true for a column of texts with pandas' category type."""
    return isinstance(series.dtype, pd.CategoricalDtype) and not _are_numbers(series.dropna())


def _number(table: Table, name: str, texts: Mapping[str, str]) -> Number:
    members: dict[str, Any] = dict(texts)
    values = column(Number(name=name, range=(0, 0)), table.frame[name])
    if np.isinf(values.astype(float)).any():
        raise Refused(f"The column {name} of {table.source} has infinite values. JSON has no number for them.")
    return Number(name=name, range=(float(np.nanmin(values)), float(np.nanmax(values))), **members)


def _text(name: str, present: "pd.Series[Any]", texts: Mapping[str, str]) -> Text:
    members: dict[str, Any] = dict(texts)
    if "unit" in texts:
        raise _no_unit(name, "text")
    longest = int(present.str.len().max())
    return Text(name=name, max_length=max(1, math.ceil(longest / MAX_TEXT_CHARACTERS)) * MAX_TEXT_CHARACTERS, **members)


def _refuse_free_text(table: Table, name: str) -> NoReturn:
    present = table.frame[name].dropna()
    raise Refused(
        f"The column {name} of {table.source} has {present.nunique()} different texts in {len(present)} rows. It looks "
        "like free text or an id, and the values of a category are public. Leave it out, group its values, or name it "
        f"with --free-text {name}. If it is a category all the same, name it with --category {name}."
    )


def _boolean(name: str, texts: Mapping[str, str]) -> Boolean:
    members: dict[str, Any] = dict(texts)
    if "unit" in texts:
        raise _no_unit(name, "boolean")
    return Boolean(name=name, **members)


def _no_unit(name: str, kind: str) -> Refused:
    return Refused(f"The feature {name} is a {kind}; only numbers have a unit.")


def _category(table: Table, name: str, texts: Mapping[str, str], insisted: bool) -> Category:
    members: dict[str, Any] = dict(texts)
    values = _values(table.frame[name])
    if len(values) > MAX_VALUES:
        raise Refused(
            f"The column {name} of {table.source} has {len(values)} different texts; a category may have {MAX_VALUES}."
        )
    if not insisted and looks_like_text(table.frame[name].dropna()):
        _refuse_free_text(table, name)
    if "unit" in texts:
        raise _no_unit(name, "category")
    return Category(name=name, values=values, **members)


def _values(series: "pd.Series[Any]") -> tuple[str, ...]:
    """Return the texts in alphabetical order, or in the order of pandas' category type: some estimators count in it."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return tuple(series.cat.categories)
    return tuple(sorted(set(series.dropna())))


def _are_booleans(present: "pd.Series[Any]") -> bool:
    kind = present.cat.categories.dtype if isinstance(present.dtype, pd.CategoricalDtype) else present.dtype
    if pd.api.types.is_bool_dtype(kind):
        return True
    return all(isinstance(value, (bool, np.bool_)) for value in present)


def _are_numbers(present: "pd.Series[Any]") -> bool:
    kind = present.cat.categories.dtype if isinstance(present.dtype, pd.CategoricalDtype) else present.dtype
    if pd.api.types.is_complex_dtype(kind):
        return False
    if pd.api.types.is_numeric_dtype(kind):
        return True
    return all(isinstance(value, (AnyNumber, np.bool_)) and not isinstance(value, complex) for value in present)


def _are_dates(present: "pd.Series[Any]") -> bool:
    if pd.api.types.is_datetime64_any_dtype(present.dtype) or pd.api.types.is_timedelta64_dtype(present.dtype):
        return True
    return all(isinstance(value, str) and DATE.fullmatch(value) for value in present)
