"""What the data's columns say of the features: numbers with a range, or categories with their values."""

import re
from collections.abc import Mapping
from numbers import Number as AnyNumber
from typing import Any

import numpy as np
import pandas as pd

from shared.model.manifest import Category, Feature, Number
from tools.model.data import Table, column
from tools.model.refused import Refused

MOST_VALUES = 1_000  # a text with more values is a name, an address, an id: nothing that a form or a contract can list
DATE = re.compile(r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})([T ].*)?", re.DOTALL)


def feature(table: Table, name: str, said: Mapping[str, str]) -> Feature:
    """The feature in one column. `said` holds its label, unit and help, where there are any. Raises Refused.

    Booleans are the numbers 0 and 1; pandas' categories are texts or numbers, whichever they hold.
    """
    series = table.frame[name]
    present = series.dropna()
    if present.empty:
        raise Refused(f"The column {name} of {table.source} is empty: leave it out and train again.")
    if _are_dates(present):
        raise Refused(
            f"The column {name} of {table.source} holds dates, and the service takes numbers and categories: "
            "turn it into numbers, such as year or days since a day, before training."
        )
    if _are_numbers(present):
        return _number(table, name, said)
    if not all(isinstance(value, str) for value in present):
        raise Refused(f"The column {name} of {table.source} holds neither only numbers nor only texts.")
    return _category(table, name, said)


def is_typed(series: "pd.Series[Any]") -> bool:
    """Whether a column of texts has pandas' category type."""
    return isinstance(series.dtype, pd.CategoricalDtype) and not _are_numbers(series.dropna())


def _number(table: Table, name: str, said: Mapping[str, str]) -> Number:
    members: dict[str, Any] = dict(said)
    values = column(Number(name=name, range=(0, 0)), table.frame[name])
    if np.isinf(values.astype(float)).any():
        raise Refused(f"The column {name} of {table.source} holds infinity, which JSON has no number for.")
    return Number(name=name, range=(float(np.nanmin(values)), float(np.nanmax(values))), **members)


def _category(table: Table, name: str, said: Mapping[str, str]) -> Category:
    members: dict[str, Any] = dict(said)
    values = _values(table.frame[name])
    if len(values) > MOST_VALUES:
        raise Refused(
            f"The column {name} of {table.source} has {len(values)} different texts; a category may have {MOST_VALUES}."
        )
    if "unit" in said:
        raise Refused(f"The feature {name} is a category; only numbers have a unit.")
    return Category(name=name, values=values, **members)


def _values(series: "pd.Series[Any]") -> tuple[str, ...]:
    """The texts in alphabetical order; those of pandas' category type in its own, which some estimators count in."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return tuple(series.cat.categories)
    return tuple(sorted(set(series.dropna())))


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
