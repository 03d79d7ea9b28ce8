import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import OrdinalEncoder

from tools.model.refused import Refused
from tools.model.tables import Reading, read

ROWS = {"a": [1.5, 2.25], "b": ["x", "Größe"], "y": [3, 4]}


def saved(folder: Path, content: str | bytes, name: str = "train.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(folder: Path, content: str | bytes, reading: Reading = Reading("y")) -> pd.DataFrame:  # noqa: B008 - immutable
    return read(saved(folder, content), reading)


@pytest.mark.parametrize(
    ("content", "printed"),
    [
        ("a,b,y\n1.5,x,3\n2.25,Größe,4\n", "2 rows, commas, UTF-8."),
        ("a, b, y\n1.5, x, 3\n2.25, Größe, 4\n", "2 rows, commas, UTF-8."),
        ("a;b;y\n1,5;x;3\n2,25;Größe;4\n", "2 rows, semicolons, decimal commas, UTF-8."),
        ('"a","b","y"\n"1,5","x","3"\n"2,25","Größe","4"\n', "2 rows, commas, decimal commas, UTF-8."),
        ("a\tb\ty\n1.5\tx\t3\n2.25\tGröße\t4\n".encode("latin-1"), "2 rows, tabs, Latin-1."),
        ("a;b;y\n1,5;x;3\n2,25;Größe;4\n".encode("utf-16"), "2 rows, semicolons, decimal commas, UTF-16."),
        (gzip.compress("a,b,y\n1.5,x,3\n2.25,Größe,4\n".encode(), mtime=0), "2 rows, commas, UTF-8, gzip."),
    ],
)
def test_every_form_of_csv_leads_to_the_same_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | bytes, printed: str
) -> None:
    frame = rows(tmp_path, content)

    assert frame.to_dict("list") == ROWS
    assert capsys.readouterr().out == f"train.csv: {printed}\n"


def test_parquet_is_read_whatever_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "train.csv"
    pd.DataFrame(ROWS).set_index("a").astype({"b": "category"}).to_parquet(path)

    frame = read(path, Reading("y"))

    assert frame[["a", "b", "y"]].to_dict("list") == ROWS
    assert isinstance(frame["b"].dtype, pd.CategoricalDtype)
    assert capsys.readouterr().out == "train.csv: 2 rows, Parquet.\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a;y\n1,234;3\n22,345;4\n", "a of train.csv has numbers such as 1,234, which can be 1.234 or 1234"),
        (
            "a;y\n1.234,5;3\n",
            "has decimal commas, but the column a has numbers in another form, such as 1.234,5: write all numbers",
        ),
        ("a;y\n1,5;3\n2.5;3\n", "the column a has numbers in another form, such as 2.5"),
        (
            "a;b;y\n1,5;2.5;3\n",
            "the column b has numbers in another form, such as 2.5",
        ),
        ("a,y\n1,5,3\n", "has more values in its rows than names in its first line"),
        (b"PK\x03\x04 xl/workbook.xml", "is a workbook of a spreadsheet: save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a workbook of a spreadsheet: save the sheet as CSV"),
        (b"PK\x03\x04 train.csv", "is a zip archive: unpack it"),
        (b"\x1f\x8b broken", "train.csv cannot be unpacked: "),
        (b"PAR1 broken", "train.csv cannot be read as Parquet: "),
    ],
)
def test_a_file_that_could_be_misread_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(Refused) as refused:
        rows(tmp_path, content)

    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_three_decimals_are_clear_beside_another_column(tmp_path: Path) -> None:
    frame = rows(tmp_path, "a;b;y\n1,234;0,5;3\n2,345;NA;4\n")

    assert frame["a"].tolist() == [1.234, 2.345]
    np.testing.assert_array_equal(frame["b"], [0.5, np.nan])


@pytest.mark.parametrize("later", ["0,5", "NA\n0,5"])
def test_decimal_commas_that_the_first_rows_do_not_show_are_recognised(tmp_path: Path, later: str) -> None:
    frame = rows(tmp_path, "a;y\n" + "1;2\n" * 2_000 + "".join(f"{value};2\n" for value in later.split("\n")))

    assert frame["a"].iloc[-1] == 0.5
    assert frame["a"].iloc[0] == 1.0


@pytest.mark.parametrize("texts", [[], ["b"]])
def test_a_column_of_texts_keeps_its_commas(tmp_path: Path, texts: Sequence[str]) -> None:
    encoder = OrdinalEncoder().fit(pd.DataFrame({"b": ["1,2,3"]})) if not texts else None

    assert rows(tmp_path, "b;y\n1,2,3;4\n", Reading("y", texts, encoder))["b"].tolist() == ["1,2,3"]


def test_digits_that_the_encoder_has_as_texts_are_texts(tmp_path: Path) -> None:
    encoder = OrdinalEncoder().fit(pd.DataFrame({"zip": ["007", "123"]}))

    assert rows(tmp_path, "zip,y\n007,1\n123,2\n", Reading("y", (), encoder))["zip"].tolist() == ["007", "123"]


def test_spaces_that_the_training_kept_are_kept(tmp_path: Path) -> None:
    encoder = OrdinalEncoder().fit(pd.DataFrame({" b": [" x"]}))

    frame = rows(tmp_path, "a, b, y\n1, x, 3\n", Reading("y", (), encoder))

    assert frame.to_dict("list") == {"a": [1], " b": [" x"], "y": [3]}
