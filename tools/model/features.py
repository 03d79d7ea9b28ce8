"""The features, from the data's columns: numbers with a range, booleans, or categories with their values."""

import re
from collections.abc import Mapping
from numbers import Number as AnyNumber
from typing import Any

import numpy as np
import pandas as pd

from shared.model.manifest import Boolean, Category, Feature, Number
from tools.model.data import Table, column
from tools.model.refused import Refused

MAX_VALUES = 1_000  # a text with more values is a name, an address or an id, which no form and no contract can list
DATE = re.compile(r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})([T ].*)?", re.DOTALL)


def feature(table: Table, name: str, texts: Mapping[str, str]) -> Feature:
    """Return the feature in one column. `texts` are its label, unit and help, as far as they exist. Raises Refused.

    Categories of pandas are booleans, numbers or texts, as their values are.
    """
    series = table.frame[name]
    present = series.dropna()
    if present.empty:
        raise Refused(f"The column {name} of {table.source} is empty: leave it out and train again.")
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
    return _category(table, name, texts)


def is_typed(series: "pd.Series[Any]") -> bool:
    """Return true for a column of texts with pandas' category type."""
    return isinstance(series.dtype, pd.CategoricalDtype) and not _are_numbers(series.dropna())


def _number(table: Table, name: str, texts: Mapping[str, str]) -> Number:
    members: dict[str, Any] = dict(texts)
    values = column(Number(name=name, range=(0, 0)), table.frame[name])
    if np.isinf(values.astype(float)).any():
        raise Refused(f"The column {name} of {table.source} has infinite values. JSON has no number for them.")
    return Number(name=name, range=(float(np.nanmin(values)), float(np.nanmax(values))), **members)


def _boolean(name: str, texts: Mapping[str, str]) -> Boolean:
    members: dict[str, Any] = dict(texts)
    if "unit" in texts:
        raise _no_unit(name, "boolean")
    return Boolean(name=name, **members)


def _no_unit(name: str, kind: str) -> Refused:
    return Refused(f"The feature {name} is a {kind}; only numbers have a unit.")


def _category(table: Table, name: str, texts: Mapping[str, str]) -> Category:
    members: dict[str, Any] = dict(texts)
    values = _values(table.frame[name])
    if len(values) > MAX_VALUES:
        raise Refused(
            f"The column {name} of {table.source} has {len(values)} different texts; a category may have {MAX_VALUES}."
        )
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
