import numpy as np
import pandas as pd
import pytest

from shared.model.manifest import Boolean, Category, Feature, Number, Text
from tests.tools.model.estimators import training_table
from tools.model.features import feature, is_typed
from tools.model.refused import Refused


def described(values: object, **texts: str) -> Feature:
    return feature(training_table(pd.DataFrame({"a": values})), "a", texts)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3, 1, 2] * 4, (1.0, 3.0)),
        ([0.25, -1.5, np.nan] * 4, (-1.5, 0.25)),
        (pd.Categorical([3, 9] * 5), (3.0, 9.0)),
    ],
)
def test_numbers_have_the_range_of_the_data(values: object, expected: tuple[float, float]) -> None:
    assert described(values) == Number(name="a", range=expected)


@pytest.mark.parametrize(
    "values",
    [
        [True, False] * 5,
        pd.Series([True, None] * 5, dtype=object),
        pd.Series([True, None] * 5, dtype="boolean"),
        pd.Categorical([True, False] * 5),
    ],
)
def test_columns_of_true_and_false_are_booleans(values: object) -> None:
    assert described(values, label="Smokes") == Boolean(name="a", label="Smokes")


def test_texts_are_categories_in_alphabetical_order() -> None:
    assert described(["b", "a", None] * 4) == Category(name="a", values=("a", "b"))


def test_pandas_categories_keep_their_own_order() -> None:
    typed = pd.Categorical(["low", "high"] * 5, categories=["low", "mid", "high"])

    assert described(typed) == Category(name="a", values=("low", "mid", "high"))


def test_the_texts_about_a_feature_are_in_it() -> None:
    age = described([1.0] * 10, label="Age", unit="years", help="at admission")

    assert age == Number(name="a", label="Age", unit="years", help="at admission", range=(1.0, 1.0))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([None] * 10, "The column a of train.csv is empty"),
        ([1.0, np.inf] * 5, "The column a of train.csv has infinite values"),
        (["x", 1.0] * 5, "neither all numbers nor all texts"),
        ([1j] * 10, "neither all numbers nor all texts"),
        (["2024-01-31", "2024-02-01"] * 5, "has dates"),
        (["31/01/2024"] * 10, "has dates"),
        (["2024-01-31T10:00:00Z"] * 10, "has dates"),
        (pd.date_range("2024-01-01", periods=10), "has dates"),
        (pd.to_timedelta(range(10), unit="D"), "has dates"),
        ([f"name {i}" for i in range(1001)], "has 1001 different texts; a category may have 1000"),
    ],
)
def test_a_column_that_no_contract_can_describe_is_refused(values: object, message: str) -> None:
    with pytest.raises(Refused, match=message):
        described(values)


@pytest.mark.parametrize("text", ["1.2.3", "10-12", "2024"])
def test_texts_like_versions_and_intervals_are_not_dates(text: str) -> None:
    assert described([text] * 10) == Category(name="a", values=(text,))


COMMENTS = [f"comment {i}" for i in range(60)]
LONG = [f"{i} is the number in a sentence of more than sixty characters, as people write it" for i in range(21)]


@pytest.mark.parametrize("values", [COMMENTS, COMMENTS + ["comment 1"] * 59, LONG * 3], ids=["all", "half", "long"])
def test_texts_that_look_like_free_text_or_an_id_are_refused_with_the_way_out(values: list[str]) -> None:
    with pytest.raises(
        Refused, match=r"a of train\.csv has \d+ different texts .* --free-text a\. .* --category a\."
    ) as refused:
        described(values)
    assert "comment 1" not in str(refused.value)


@pytest.mark.parametrize(
    "values", [COMMENTS[:50], COMMENTS + ["comment 1"] * 60, LONG[:20]], ids=["few", "repeated", "few long"]
)
def test_few_or_repeated_texts_are_a_category(values: list[str]) -> None:
    assert isinstance(described(values), Category)


def test_the_owner_insists_on_a_category() -> None:
    table = training_table(pd.DataFrame({"a": COMMENTS}))

    assert feature(table, "a", {}, insisted=True) == Category(name="a", values=tuple(sorted(COMMENTS)))


def test_free_text_has_a_length_limit_and_no_values() -> None:
    for longest, limit in ((9_999, 10_000), (10_001, 20_000)):
        table = training_table(pd.DataFrame({"a": ["x" * longest, "y", None] * 4}))
        assert feature(table, "a", {"label": "Notes"}, free_text=True) == Text(
            name="a", label="Notes", max_length=limit
        )


def test_numbers_stay_numbers_where_a_vectoriser_reads_texts() -> None:
    table = training_table(pd.DataFrame({"a": [1.0, 2.0] * 5}))

    assert feature(table, "a", {}, free_text=True) == Number(name="a", range=(1.0, 2.0))


@pytest.mark.parametrize(("values", "kind"), [(["x"] * 10, "category"), ([True] * 10, "boolean")])
def test_only_numbers_have_a_unit(values: object, kind: str) -> None:
    with pytest.raises(Refused, match=f"The feature a is a {kind}; only numbers have a unit"):
        described(values, unit="kg")


def test_only_columns_of_texts_with_pandas_category_type_are_typed() -> None:
    assert is_typed(pd.Series(["a"]).astype("category"))
    assert not is_typed(pd.Series(["a"]))
    assert not is_typed(pd.Series([1]).astype("category"))
