"""Cells as JSON values. An empty cell is a missing feature, which is not sent.

A cell that is no value of its feature is sent as it is: the service decides what it takes, and has the message.
"""

import math
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from tools.score.model import Feature, Model

ABSENT = frozenset({"", "NA", "N/A", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None"})
"""Cells without a number. All but the empty one may be categories in a column of texts."""
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

type Convert = Callable[[Any], Any]
"""Return a cell's value; None for a missing one."""


def converter(feature: Feature, model: Model, decimal: str = ".") -> Convert:
    """Return the function that converts the cells of one feature. `decimal` is the mark of decimals in texts."""
    if feature.kind == "boolean":
        return boolean
    if feature.kind != "number":
        return text if "" not in feature.values else text_or_empty
    if {*model.statistics.quantiles.get(feature.name, (None,))} <= {0, 1}:
        return zero_or_one  # a boolean of a model that was adopted before features could be boolean
    return number if decimal == "." else decimal_number(decimal)


def number(cell: Any) -> Any:
    """Return a number."""
    if cell is None or isinstance(cell, bool):
        return cell
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return None if isinstance(cell, str) and cell.strip() in ABSENT else cell
    if math.isfinite(value) and not (isinstance(cell, str) and "_" in cell):  # Python reads 1_000 as 1000
        return value
    return None if math.isnan(value) else str(cell)


def boolean(cell: Any) -> Any:
    """Return true or false."""
    if not isinstance(cell, str):
        return None if isinstance(cell, float) and math.isnan(cell) else cell
    stripped = cell.strip()
    return None if stripped in ABSENT else BOOLEANS.get(stripped.lower(), cell)


def zero_or_one(cell: Any) -> Any:
    """Return 0 or 1 for a boolean, and a number for any other cell."""
    value = boolean(cell)
    return float(value) if isinstance(value, bool) else number(cell)


def text(cell: Any) -> Any:
    """Return a text."""
    return text_or_empty(cell) if cell != "" else None


def text_or_empty(cell: Any) -> Any:
    """Return a text, which may be empty: some models have such a category."""
    if isinstance(cell, str) or cell is None:
        return cell
    if isinstance(cell, float) and math.isnan(cell):
        return None
    return str(cell) if isinstance(cell, (int, date)) and not isinstance(cell, bool) else cell


def entity(cell: Any) -> Any:
    """Return an entity's id: a text, or a whole number."""
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() else None if math.isnan(cell) else str(cell)
    return None if cell == "" else cell


def converters(features: Sequence[Feature], model: Model, decimal: str) -> Sequence[Convert]:
    """Return a function for each column that is sent."""
    return [entity if each.kind == "entity" else converter(each, model, decimal) for each in features]


def decimal_number(mark: str) -> Convert:
    """Return the function that converts numbers with another mark of decimals than the point."""

    def convert(cell: Any) -> Any:
        if not isinstance(cell, str):
            return number(cell)
        value = cell if "." in cell else number(cell.replace(mark, "."))  # 1.000 may be a thousand
        return cell if isinstance(value, str) else value

    return convert
