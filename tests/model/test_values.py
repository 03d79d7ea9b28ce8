"""Values of a feature store or a file, as the model needs them."""

import math
from typing import Any

import pytest

from shared.model.manifest import Boolean, Category, Feature, Number, Statistics, Text
from shared.model.values import as_numbers, convert, former_booleans
from tests.models import manifest

NUMBER = Number(name="x", range=(0.0, 1.0))
CATEGORY = Category(name="x", values=("f", "m"))
OPEN = Category(name="x", values=("f", "m"), open=True)
TEXT = Text(name="x", max_length=5)
BOOLEAN = Boolean(name="x")


@pytest.mark.parametrize(
    ("feature", "value", "expected"),
    [
        (NUMBER, 2, 2.0),
        (NUMBER, True, None),
        (NUMBER, "2", None),
        (NUMBER, math.inf, None),
        (CATEGORY, "f", "f"),
        (CATEGORY, "x", None),
        (OPEN, "x", "x"),
        (OPEN, "x" * 1001, None),
        (OPEN, 1, None),
        (TEXT, "new", "new"),
        (TEXT, "too long", None),
        (TEXT, 1, None),
        (BOOLEAN, True, True),
        (BOOLEAN, False, False),
        (BOOLEAN, 1, True),
        (BOOLEAN, 0.0, False),
        (BOOLEAN, 2, None),
        (BOOLEAN, "true", None),
        (BOOLEAN, math.nan, None),
    ],
)
def test_values_are_converted_to_the_type_of_the_feature(feature: Feature, value: Any, expected: Any) -> None:
    converted = convert(feature, value)

    assert (converted, type(converted)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("quantiles", "expected"),
    [((0, 0, 0, 0, 1, 1, 1), {"x"}), ((0, 0, 0, 0.5, 1, 1, 1), set()), ((0, 0, 1, 1, 1, 1, 2), set()), (None, set())],
)
def test_a_number_with_0_and_1_only_was_a_boolean(quantiles: tuple[float, ...] | None, expected: set[str]) -> None:
    statistics = Statistics(quantiles={"x": quantiles} if quantiles else {})
    assert former_booleans(manifest([NUMBER], statistics=statistics)) == expected


def test_stored_booleans_are_numbers_where_the_feature_was_a_boolean() -> None:
    row = {"x": True, "y": True, "z": "true", "missing": None}
    assert as_numbers(row, {"x", "z", "missing"}) == {"x": 1.0, "y": True, "z": "true", "missing": None}
