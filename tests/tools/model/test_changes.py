"""Changes of the contract: each kind, and which of them can break a client."""

import pytest

from shared.model.manifest import Artifact, Boolean, Category, Feature, Linear, Number, Output, Text
from tests import models
from tools.model import changes

X = Number(name="x", range=(-1.0, 1.0))
CITY = Category(name="c", values=("a", "b"))
OPEN = Category(name="c", values=("a", "b"), open=True)


@pytest.mark.parametrize(
    ("old", "new", "text", "breaking"),
    [
        ([X], [X, Boolean(name="y")], "y is new, and required.", True),
        ([X], [X, Boolean(name="y", optional=True)], "y is new, and optional.", False),
        ([X, Boolean(name="y")], [X], "y is removed.", True),
        ([X], [Number(name="x", range=(-1.0, 1.0), optional=True)], "x is optional now.", False),
        ([Number(name="x", range=(-1.0, 1.0), optional=True)], [X], "x is required now.", True),
        ([X], [Boolean(name="x")], "x is a boolean now, and was a number.", True),
        ([X], [Number(name="x", range=(0.0, 1.0))], "x has the range 0 to 1, and had -1 to 1", False),
        ([X], [Number(name="x", range=(-1.0, 1.0), unit="kg")], "x has the unit kg, and had (none).", False),
        ([CITY], [Category(name="c", values=("a",))], "c lacks the values b.", True),
        ([CITY], [Category(name="c", values=("a", "b", "d"))], "c has the new values d.", False),
        ([OPEN], [CITY], "c: values that are not listed are refused now.", True),
        ([CITY], [OPEN], "c: values that are not listed lead to a warning now.", False),
        (
            [Text(name="t", max_length=9)],
            [Text(name="t", max_length=8)],
            "t has at most 8 characters, and had 9.",
            True,
        ),
    ],
)
def test_a_change_of_a_feature(old: list[Feature], new: list[Feature], text: str, breaking: bool) -> None:
    (change,) = changes.between(models.manifest(old), models.manifest(new))
    assert change.text.startswith(text)
    assert change.breaking is breaking


@pytest.mark.parametrize(
    ("new", "text", "breaking"),
    [
        (Output(name="z"), "The model is a regressor of z, and was a regressor of y.", True),
        (Output(name="y", classes=("a", "b"), edges=(0,)), "The classes are 'a', 'b', and were (none).", True),
        (Output(name="y", unit="kg"), "y has the unit kg, and had (none).", False),
    ],
)
def test_a_change_of_the_output(new: Output, text: str, breaking: bool) -> None:
    assert changes.between(models.manifest(), models.manifest(output=new)) == [(text, breaking)]


def test_a_smaller_limit_for_numbers_can_break_a_client() -> None:
    linear = Linear(intercept=0, difference=0, tolerance=0, max_absolute=10)
    artifact = Artifact(file="", sha256="", estimator="", scikit_learn="", linear=linear)
    (change,) = changes.between(models.manifest(), models.manifest(artifact=artifact))
    assert change == ("Numbers beyond ±10 are refused.", True)


def test_the_same_contract_has_no_changes() -> None:
    assert changes.between(models.manifest(models.MIXED), models.manifest(models.MIXED, version="2")) == []
