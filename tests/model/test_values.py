"""Values of a feature store or a file, as the model needs them."""

import math
from typing import Any

import pytest

from shared.model.manifest import Boolean, Category, Feature, Number, Text
from shared.model.values import convert

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
