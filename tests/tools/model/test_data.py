from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shared.model.manifest import Category, Number
from tools.model.data import column, read, sample, table
from tools.model.refused import Refused
from tools.model.tables import Reading

TEN = "a,b,y\n" + "1,x,2\n" * 10


def csv(folder: Path, text: str) -> Path:
    path = folder / "train.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_target_is_not_a_feature(tmp_path: Path) -> None:
    data = read(csv(tmp_path, TEN), Reading("y"))

    assert list(data.frame.columns) == ["a", "b"]
    assert data.target.tolist() == [2] * 10
    assert data.source == "train.csv"


def test_a_column_of_digits_that_is_named_stays_text(tmp_path: Path) -> None:
    data = read(csv(tmp_path, "zip,y\n" + "007,1\n" * 10), Reading("y", ["zip"]))

    assert data.frame["zip"].tolist() == ["007"] * 10


def test_rows_without_a_target_are_left_out_with_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = read(csv(tmp_path, TEN + "9,x,\n"), Reading("y"))

    assert len(data.frame) == len(data.target) == 10
    assert "Left out 1 of 11 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "target", "texts", "message"),
    [
        (TEN, "price", [], "train.csv has no column price; it has: a, b, y."),
        (TEN, "y", ["zip"], "train.csv has no column zip; it has: a, b, y."),
        (TEN.replace(",", "|"), "y", [], "train.csv has no column y; it has: a|b|y."),
        ("a,y\n1,2\n", "y", [], "train.csv has 1 rows with a target; at least 10 are needed."),
        ("", "y", [], "train.csv cannot be read as CSV: EmptyDataError: No columns to parse from file"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(
    tmp_path: Path, text: str, target: str, texts: list[str], message: str
) -> None:
    with pytest.raises(Refused) as refused:
        read(csv(tmp_path, text), Reading(target, texts))

    assert str(refused.value) == message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"none\.csv cannot be read: No such file"):
        read(tmp_path / "none.csv", Reading("y"))


def test_the_columns_of_an_array_get_the_names() -> None:
    assert list(table(np.zeros((10, 2)), np.zeros(10), names=["a", "b"], source="d").frame.columns) == ["a", "b"]
    assert list(table(np.zeros((10, 2)), np.zeros(10), source="d").frame.columns) == ["x0", "x1"]


def test_a_target_may_be_an_array_of_one_column() -> None:
    assert table(np.zeros((10, 1)), np.ones((10, 1)), source="d").target.tolist() == [1.0] * 10


@pytest.mark.parametrize(
    ("shape", "target", "names", "message"),
    [
        ((10,), (10,), [], "must have rows and columns"),
        ((10, 2), (10,), ["a"], "2 columns, but there are 1 names"),
        ((10, 2), (9,), [], "10 rows, but 9 targets"),
        ((10, 2), (10, 2), [], "2 targets"),
    ],
)
def test_data_of_another_shape_is_refused(
    shape: tuple[int, ...], target: tuple[int, ...], names: list[str], message: str
) -> None:
    with pytest.raises(Refused, match=message):
        table(np.zeros(shape), np.zeros(target), names=names, source="d")


def test_two_columns_with_the_same_name_are_refused() -> None:
    with pytest.raises(Refused, match="two columns with the same name: a"):
        table(pd.DataFrame(np.zeros((10, 2)), columns=["a", "a"]), np.zeros(10), source="d")


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float32", "bool", "boolean", "object", "category"])
def test_numbers_of_every_type_become_floats(dtype: str) -> None:
    values = column(Number(name="a", range=(0, 1)), pd.Series([0, 1, 1]).astype(dtype))

    assert values.dtype == np.float64
    assert values.tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_texts_become_objects_and_missing_texts_become_nan(dtype: str) -> None:
    values = column(Category(name="a", values=("x",)), pd.Series(["x", None, "x"]).astype(dtype))

    assert values.dtype == object
    assert values[0] == values[2] == "x"
    assert isinstance(values[1], float)


def test_a_row_is_in_the_table_only_with_all_its_values() -> None:
    rows = table(pd.DataFrame({"a": [1.0, np.nan] * 5, "b": ["x", "y"] * 5}), np.zeros(10), source="d")
    features = [Number(name="a", range=(1, 1)), Category(name="b", values=("x", "y"))]

    assert rows.has_row(features, {"a": 1, "b": "x"})
    assert rows.has_row(features, {"a": None, "b": "y"})
    assert not rows.has_row(features, {"a": 1, "b": "y"})


def test_a_sample_is_spread_evenly_over_the_complete_rows() -> None:
    frame = pd.DataFrame({"a": [np.nan, *range(100)], "b": [np.nan] * 101})
    features = [Number(name="a", range=(0, 99)), Number(name="b", range=(0, 1), optional=True)]

    rows = sample(table(frame, np.arange(101), source="d"), features, 4)

    assert rows.frame["a"].tolist() == [0, 33, 66, 99]
    assert rows.target.tolist() == [1, 34, 67, 100]
