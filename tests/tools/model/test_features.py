import numpy as np
import pandas as pd
import pytest

from shared.model.manifest import Category, Feature, Number
from tests.tools.model.estimators import of
from tools.model.features import feature, is_typed
from tools.model.refused import Refused


def in_column(values: object, **said: str) -> Feature:
    return feature(of(pd.DataFrame({"a": values})), "a", said)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3, 1, 2] * 4, (1.0, 3.0)),
        ([0.25, -1.5, np.nan] * 4, (-1.5, 0.25)),
        ([True, False] * 5, (0.0, 1.0)),
        (pd.Series([True, None] * 5, dtype=object), (1.0, 1.0)),
        (pd.Categorical([3, 9] * 5), (3.0, 9.0)),
    ],
)
def test_numbers_have_the_range_of_the_data(values: object, expected: tuple[float, float]) -> None:
    assert in_column(values) == Number(name="a", range=expected)


def test_texts_are_categories_in_alphabetical_order() -> None:
    assert in_column(["b", "a", None] * 4) == Category(name="a", values=("a", "b"))


def test_pandas_categories_keep_their_own_order() -> None:
    typed = pd.Categorical(["low", "high"] * 5, categories=["low", "mid", "high"])

    assert in_column(typed) == Category(name="a", values=("low", "mid", "high"))


def test_what_people_said_of_a_feature_stands_in_it() -> None:
    found = in_column([1.0] * 10, label="Age", unit="years", help="at admission")

    assert found == Number(name="a", label="Age", unit="years", help="at admission", range=(1.0, 1.0))


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([None] * 10, "The column a of train.csv is empty"),
        ([1.0, np.inf] * 5, "The column a of train.csv holds infinity"),
        (["x", 1.0] * 5, "neither only numbers nor only texts"),
        ([1j] * 10, "neither only numbers nor only texts"),
        (["2024-01-31", "2024-02-01"] * 5, "holds dates"),
        (["31/01/2024"] * 10, "holds dates"),
        (["2024-01-31T10:00:00Z"] * 10, "holds dates"),
        (pd.date_range("2024-01-01", periods=10), "holds dates"),
        (pd.to_timedelta(range(10), unit="D"), "holds dates"),
        ([f"name {i}" for i in range(1001)], "has 1001 different texts; a category may have 1000"),
    ],
)
def test_what_no_contract_can_say_is_refused(values: object, line: str) -> None:
    with pytest.raises(Refused, match=line):
        in_column(values)


@pytest.mark.parametrize("text", ["1.2.3", "10-12", "2024"])
def test_texts_like_versions_and_bands_are_no_dates(text: str) -> None:
    assert in_column([text] * 10) == Category(name="a", values=(text,))


def test_a_category_has_no_unit() -> None:
    with pytest.raises(Refused, match="only numbers have a unit"):
        in_column(["x"] * 10, unit="kg")


def test_only_texts_of_pandas_category_type_are_typed() -> None:
    assert is_typed(pd.Series(["a"]).astype("category"))
    assert not is_typed(pd.Series(["a"]))
    assert not is_typed(pd.Series([1]).astype("category"))
