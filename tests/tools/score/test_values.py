"""Cells as JSON values, and cells that are no values, which the service must see as they are."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.model.manifest import Boolean, Category, Number, Statistics, Text
from tests.tools.score.test_model import described
from tools.score.columns import ENTITY
from tools.score.values import converters

NAN = float("nan")
MODEL = described(
    features=[
        Number(name="n", range=(0, 9)),
        Number(name="flag", range=(0, 1)),
        Boolean(name="b"),
        Category(name="c", values=("NA", "a")),
        Category(name="e", values=("", "a")),
        Text(name="t"),
    ],
    statistics=Statistics(quantiles={"n": (0, 9), "flag": (0, 0, 1)}),
)


def converted(name: str, cell: Any, decimal: str = ".") -> Any:
    """Return a cell of a feature as it is sent."""
    feature = next((each for each in MODEL.features if each.name == name), ENTITY)
    (convert,) = converters([feature], MODEL, decimal)
    return convert(cell)


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("n", "1.5", 1.5),
        ("n", " -.5e3 ", -500.0),
        ("n", "٣", 3.0),
        ("n", 7, 7.0),
        ("n", Decimal("0.5"), 0.5),
        ("flag", "True", 1.0),
        ("flag", True, 1.0),
        ("flag", "0.5", 0.5),
        ("b", "TRUE", True),
        ("b", " 0 ", False),
        ("b", False, False),
        ("b", 1, 1),
        ("c", "NA", "NA"),
        ("c", " a", " a"),
        ("c", 7, "7"),
        ("e", "", ""),
        ("t", "None", "None"),
        ("t", date(2026, 1, 2), "2026-01-02"),
        ("entity", "7", "7"),
        ("entity", 7, 7),
        ("entity", 7.0, 7),
        ("entity", 7.5, "7.5"),
    ],
)
def test_a_cell_becomes_a_value_of_its_feature(name: str, cell: Any, value: Any) -> None:
    found = converted(name, cell)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "cell", ["half", "1_000", "1e999", "inf", "-Infinity", "0,5", "1.000,5", True, date(2026, 1, 2)]
)
def test_what_is_no_number_is_sent_as_it_is(cell: Any) -> None:
    assert converted("n", cell) == cell


@pytest.mark.parametrize("cell", ["yes", "2", 2, [1]])
def test_what_is_no_boolean_is_sent_as_it_is(cell: Any) -> None:
    assert converted("b", cell) == cell


@pytest.mark.parametrize("name", ["n", "flag", "b"])
@pytest.mark.parametrize("cell", ["", "  ", "NA", "NaN", "null", None, NAN])
def test_empty_cells_and_their_usual_texts_are_missing(name: str, cell: Any) -> None:
    assert converted(name, cell) is None


@pytest.mark.parametrize("name", ["c", "t", "entity"])
@pytest.mark.parametrize("cell", ["", None, NAN])
def test_empty_texts_are_missing(name: str, cell: Any) -> None:
    assert converted(name, cell) is None


@pytest.mark.parametrize(
    ("cell", "value"),
    [("0,5", 0.5), ("1", 1.0), ("", None), ("1,5e3", 1500.0), ("1.000", "1.000"), ("a,b", "a,b"), (0.5, 0.5)],
)
def test_decimal_commas_are_read_on_request_and_then_a_point_is_no_number(cell: Any, value: Any) -> None:
    assert converted("n", cell, ",") == value
