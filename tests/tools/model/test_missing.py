from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OrdinalEncoder

from tools.model.tables import Reading, read

WARDS = "ward,y\nx,1\nNA,2\nNone,3\n,4\n"


def ward(folder: Path, content: str, estimator: Any = None) -> list[Any]:
    path = folder / "train.csv"
    path.write_text(content)
    frame = read(path, Reading("y", (), estimator))
    return frame["ward"].astype(object).where(frame["ward"].notna(), None).tolist()


def encoder(*categories: Any) -> OrdinalEncoder:
    return OrdinalEncoder().fit(pd.DataFrame({"ward": categories}))


def test_a_category_of_the_encoder_is_no_missing_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ward(tmp_path, WARDS, encoder("x", "NA", np.nan)) == ["x", "NA", None, None]

    printed = capsys.readouterr().out
    assert 'train.csv: "NA" in the column ward: a category, as in training (1 row).' in printed
    assert 'train.csv: "None" in the column ward: missing, the model has no such category (1 row).' in printed


def test_without_an_encoder_the_usual_texts_are_missing_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ward(tmp_path, WARDS) == ["x", None, None, None]

    assert (
        'train.csv: "NA", "None" in the column ward: missing, as pandas reads it (2 rows).' in capsys.readouterr().out
    )


def test_nothing_is_printed_about_columns_that_the_model_does_not_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "train.csv").write_text("note,ward,y\nNA,x,low\nfine,NA,NA\n")

    read(tmp_path / "train.csv", Reading("y", (), encoder("x", "NA")))

    assert capsys.readouterr().out == (
        "train.csv: 2 rows, commas, UTF-8.\n"
        'train.csv: "NA" in the column ward: a category, as in training (1 row).\n'
        'train.csv: "NA" in the column y: missing, as pandas reads it (1 row).\n'
    )


@pytest.mark.parametrize(
    ("content", "values"),
    [("ward,y\n1.5,1\nNA,2\nnull,3\n", [1.5, None, None]), ("ward,y\nTrue,1\nNaN,2\nFalse,3\n", [True, None, False])],
)
def test_in_numbers_and_booleans_they_are_missing_values_without_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, values: list[Any]
) -> None:
    assert ward(tmp_path, content) == values

    assert capsys.readouterr().out == "train.csv: 3 rows, commas, UTF-8.\n"


def test_in_booleans_that_the_training_read_as_texts_they_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ward(tmp_path, "ward,y\nTrue,1\nNA,2\nFalse,3\n", encoder("True", "False")) == ["True", None, "False"]

    printed = capsys.readouterr().out
    assert 'train.csv: "NA" in the column ward: missing, the model has no such category (1 row).' in printed


def test_a_label_of_the_classifier_is_no_missing_target(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("a,y\n1,None\n2,mild\n3,None\n")
    classifier = LogisticRegression().fit([[1], [2]], ["None", "mild"])

    assert read(tmp_path / "train.csv", Reading("y", (), classifier))["y"].tolist() == ["None", "mild", "None"]
