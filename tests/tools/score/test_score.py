"""A file is scored through the real service: what comes out, what is refused, and the exit codes."""

import gzip
import json
import socket
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from tests.services import Service
from tests.tools.score.conftest import Score, table
from tools import score


def test_rows_get_prediction_class_and_warnings_behind_their_own_columns(
    run: Score, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(service.url, "id,x,name\na,0.25,Zoë\nb,9,\n") == score.ALL
    content = (tmp_path / "scored.csv").read_text(encoding="utf-8")
    assert content == "id,x,name,y,y_class,y_warnings\na,0.25,Zoë,1.5,Class1,\nb,9,,19.0,Class2,x: outside -1 to 1\n"
    assert "2 rows scored;" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv", "scored.csv"]


def test_thousands_of_rows_are_scored_in_their_order(run: Score, service: Service, tmp_path: Path) -> None:
    values = [(i % 2001 - 1000) / 1000 for i in range(25_000)]
    assert run(service.url, "x\n" + "".join(f"{value}\n" for value in values), "--rows", "999") == score.ALL
    predicted = [float(row["y"]) for row in table(tmp_path / "scored.csv")]
    assert predicted == pytest.approx([2 * value + 1 for value in values])


def test_a_classifier_gives_label_and_probabilities_and_missing_values_are_left_out(
    run: Score, classifier: Service, tmp_path: Path
) -> None:
    assert run(classifier.url, "age,member,plan\n20,false,basic\n70,True,family\n,1,gold\nNA,0,basic\n") == score.ALL
    rows = table(tmp_path / "scored.csv")
    assert [row["churn"] for row in rows] == ["leaves", "stays", "stays", "leaves"]
    for row in rows:
        assert float(row["churn_probability_leaves"]) + float(row["churn_probability_stays"]) == pytest.approx(1)
    assert [row["churn_warnings"] for row in rows] == ["", "", "plan: new to the model", ""]


def test_the_endpoint_can_be_chosen(run: Score, classifier: Service, tmp_path: Path) -> None:
    assert run(classifier.url, "age,member,plan\n20,0,basic\n", "--endpoint", "predict", "--name", "p") == score.ALL
    assert (tmp_path / "scored.csv").read_text() == "age,member,plan,p,p_warnings\n20,0,basic,leaves,\n"


def test_bad_rows_go_to_a_file_of_their_own_and_the_rest_is_scored(
    run: Score, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["1", "half", "0", '"\n"', "", "1e999", "1_0", "-1", "0,5", '"0"5', "0.5"]
    assert run(service.url, "x,id\n" + "".join(f"{x},{i}\n" for i, x in enumerate(rows))) == score.REJECTED
    assert [row["id"] for row in table(tmp_path / "scored.csv")] == ["0", "2", "7", "10"]
    with (tmp_path / "scored.rejected.csv").open(newline="") as file:
        assert file.read() == (
            'line,reason,x,id\n3,x: must be a number,half,1\n5,x: is missing,"\n",3\n7,x: is missing,,4\n'
            "8,x: must be a number,1e999,5\n9,x: must be a number,1_0,6\n"
            '11,"has 3 values, and the header has 2 names",0,5,8\n'
            "12,\"has a quote in the wrong place: ',' expected after '\"\"'\"\n"
        )
    assert "4 rows scored, 7 rejected" in capsys.readouterr().out


def test_a_file_without_a_good_row_is_rejected_as_a_whole(run: Score, service: Service, tmp_path: Path) -> None:
    assert run(service.url, "x\n" + "none\n" * 1_500) == score.REJECTED
    assert (tmp_path / "scored.csv").read_text() == "x,y,y_class,y_warnings\n"
    assert [int(row["line"]) for row in table(tmp_path / "scored.rejected.csv")] == list(range(2, 1_502))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("\ufeffx;id\r\n0;a\r\n".encode(), "\ufeffx;id;y;y_class;y_warnings\r\n0;a;1.0;Class1;\r\n"),
        (b'x\tid\n0\t"a\nb"\n', 'x\tid\ty\ty_class\ty_warnings\n0\t"a\nb"\t1.0\tClass1\t\n'),
        (b"sep=;\nx;id\n0;a\n", "x;id;y;y_class;y_warnings\n0;a;1.0;Class1;\n"),
        (b"x\n0", "x,y,y_class,y_warnings\n0,1.0,Class1,\n"),
        (b"x\n", "x,y,y_class,y_warnings\n"),
        (b"\n\nx,a,a\n\n0,1,2\n\n", "x,a,a,y,y_class,y_warnings\n0,1,2,1.0,Class1,\n"),
        ("x,id\n0,ä\n".encode("utf-16"), "x,id,y,y_class,y_warnings\n0,ä,1.0,Class1,\n"),
        (gzip.compress(b"x\n0\n", mtime=0), "x,y,y_class,y_warnings\n0,1.0,Class1,\n"),
    ],
    ids=["BOM", "quoted newline", "hint", "no last newline", "header", "blank lines", "UTF-16", "gzip"],
)
def test_files_may_have_the_forms_that_programs_write(
    run: Score, service: Service, tmp_path: Path, content: bytes, expected: str
) -> None:
    assert run(service.url, content) == score.ALL
    assert (tmp_path / "scored.csv").read_bytes().decode() == expected


def test_decimal_commas_are_read_and_written(run: Score, service: Service, tmp_path: Path) -> None:
    assert run(service.url, "x;id\n0,25;1,5\n1.000;b\n", "--decimal", ",") == score.REJECTED
    assert (tmp_path / "scored.csv").read_text() == "x;id;y;y_class;y_warnings\n0,25;1,5;1,5;Class1;\n"


def test_another_encoding_is_named(run: Score, service: Service, tmp_path: Path) -> None:
    assert run(service.url, "x,id\n0,ä\n".encode("cp1252"), "--encoding", "cp1252") == score.ALL
    assert "0,ä,1.0" in (tmp_path / "scored.csv").read_text(encoding="utf-8")


def test_a_row_that_is_not_utf_8_far_down_is_rejected_alone(run: Score, service: Service, tmp_path: Path) -> None:
    good = b"0," + b"a" * 1_000 + b"\n"
    assert run(service.url, b"x,id\n" + good * 1_100 + b"0,\xe4\n" + good) == score.REJECTED
    (row,) = table(tmp_path / "scored.rejected.csv")
    assert row["line"] == "1102"
    assert row["reason"].startswith("is not UTF-8")
    assert len(table(tmp_path / "scored.csv")) == 1_101


def test_the_output_may_be_compressed(run: Score, service: Service, tmp_path: Path) -> None:
    assert run(service.url, "x\n0\n1\n", "--rows", "1", out="scored.csv.gz") == score.ALL
    packed = (tmp_path / "scored.csv.gz").read_bytes()
    assert gzip.decompress(packed) == b"x,y,y_class,y_warnings\n0,1.0,Class1,\n1,3.0,Class2,\n"


def test_parquet_keeps_its_types_until_they_are_sent(run: Score, classifier: Service, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "age": pd.array([20, None, 30], dtype="Int64"),
            "member": pd.array([True, False, None], dtype="boolean"),
            "plan": ["basic", "family", None],
            "since": pd.to_datetime(["2020-01-01", None, "2021-01-01"]),
            "rate": [0.5, float("nan"), 1.0],
        }
    )
    frame.to_parquet(tmp_path / "frame.parquet")
    assert run(classifier.url, (tmp_path / "frame.parquet").read_bytes()) == score.REJECTED
    rows = table(tmp_path / "scored.csv")
    assert [row["age"] for row in rows] == ["20", ""]
    assert [row["member"] for row in rows] == ["True", "False"]
    assert [row["rate"] for row in rows] == ["0.5", ""]
    (rejected,) = table(tmp_path / "scored.rejected.csv")
    assert (rejected["row"], rejected["reason"]) == ("3", "member: is missing; plan: is missing")


def test_an_entity_s_features_come_from_the_store(run: Score, completing: Service, tmp_path: Path) -> None:
    content = "patient,x\np1,\n7,\np1,1\nnobody,\ntext,\n"
    assert run(completing.url, content, "--entity", "patient") == score.REJECTED
    assert [float(row["y"]) for row in table(tmp_path / "scored.csv")] == [1.5, -1.0, 3.0]
    rejected = table(tmp_path / "scored.rejected.csv")
    assert [(row["line"], row["patient"]) for row in rejected] == [("5", "nobody"), ("6", "text")]


def test_a_column_of_a_feature_may_be_missing_if_the_store_has_it(
    run: Score, completing: Service, tmp_path: Path
) -> None:
    assert run(completing.url, "patient\np1\n7\n", "--entity", "patient") == score.ALL
    assert [float(row["y"]) for row in table(tmp_path / "scored.csv")] == [1.5, -1.0]


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (b"", (), "is empty"),
        (b"\n\n", (), "is empty"),
        (b"X,id\n1,2\n", (), 'no column "x" (did you mean "X"?). Its columns: "X", "id".'),
        (b"entity_id\n7\n", (), "--entity entity_id"),
        (b"id,x\n7,1\n", ("--entity", "patient"), 'no column "patient"'),
        (b"id,x\n7,1\n", ("--entity", "id"), "no feature store"),
        (b"x,x\n1,2\n", (), '"x" twice'),
        (b"x,y\n1,2\n", (), "--name predicted_y"),
        (b"x\n\xe4\n", (), "is not utf-8, see line 2: name its encoding, such as --encoding cp1252"),
        (b"PK\x03\x04", (), "save the sheet as CSV"),
        (b"PAR1 and no more", (), "cannot be read as Parquet"),
        (gzip.compress(b"x\n0\n", mtime=0)[:12], (), "is damaged"),
    ],
)
def test_a_file_that_cannot_be_scored_is_refused_before_anything_is_sent(
    run: Score,
    service: Service,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
    arguments: Sequence[str],
    message: str,
) -> None:
    assert run(service.url, content, *arguments) == score.REFUSED
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_a_wrong_password_is_refused_and_not_printed(
    run: Score, service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EGL_ML_PASSWORD", "a wrong one")
    assert run(service.url, "x\n0\n") == score.REFUSED
    error = capsys.readouterr().err
    assert "abi cannot log in: 401" in error
    assert "a wrong one" not in error


def test_a_token_is_enough(run: Score, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EGL_ML_USER")
    monkeypatch.setenv("EGL_ML_TOKEN", service.login())
    assert run(service.url, "x\n0\n") == score.ALL


def test_without_a_login_or_a_terminal_it_is_refused(
    run: Score, service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EGL_ML_USER")
    assert run(service.url, "x\n0\n") == score.REFUSED
    assert "set EGL_ML_USER and EGL_ML_PASSWORD, or EGL_ML_TOKEN" in capsys.readouterr().err


def test_a_url_where_nobody_listens_is_refused_at_once(run: Score, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert run(f"http://127.0.0.1:{unused.getsockname()[1]}", "x\n0\n") == score.REFUSED
    assert "is unreachable" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--url", "http://example.com"),
        ("--out", "scored.parquet"),
        ("--encoding", "none"),
        ("--rows", "0"),
        ("--resume", "--overwrite"),
    ],
)
def test_a_wrong_command_line_is_refused(run: Score, arguments: Sequence[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("http://127.0.0.1:9", "x\n0\n", *arguments)
    assert ended.value.code == score.REFUSED


def test_an_output_that_exists_is_replaced_only_on_request(
    run: Score, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scored.csv").write_text("mine")
    (tmp_path / "scored.rejected.csv").write_text("of an earlier run")
    assert run(service.url, "x\n0\n") == score.REFUSED
    assert run(service.url, "x\n0\n", "--resume") == score.REFUSED
    assert "no unfinished run" in capsys.readouterr().err
    assert (tmp_path / "scored.csv").read_text() == "mine"
    assert run(service.url, "x\n0\n", "--overwrite") == score.ALL
    assert len(table(tmp_path / "scored.csv")) == 1
    assert not (tmp_path / "scored.rejected.csv").exists()


@pytest.mark.parametrize("out", ["rows.csv", "nowhere/scored.csv"])
def test_an_output_that_cannot_be_written_is_refused(
    run: Score, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    assert run(service.url, "x\n0\n", "--overwrite", out=out) == score.REFUSED
    assert out in capsys.readouterr().err
    assert (tmp_path / "rows.csv").read_text() == "x\n0\n"


def test_rejected_rows_that_were_corrected_are_not_lost(run: Score, service: Service, tmp_path: Path) -> None:
    """Their file is an input like any other, but not for the same output."""
    assert run(service.url, "x\nhalf\n") == score.REJECTED
    rejected = tmp_path / "scored.rejected.csv"
    rejected.write_text(rejected.read_text().replace(",half", ",0.5"))
    command = [str(rejected), "--url", service.url, "--overwrite", "--out"]
    assert score.main([*command, str(tmp_path / "scored.csv")]) == score.REFUSED
    assert score.main([*command, str(tmp_path / "more.csv")]) == score.ALL
    assert [row["y"] for row in table(tmp_path / "more.csv")] == ["2.0"]


def test_wide_rows_are_sent_within_the_limit_of_bytes(run: Score, classifier: Service, tmp_path: Path) -> None:
    """A plan of 900 characters, 12,000 times: two requests of 10,000 rows would have over 10 MiB with escapes."""
    plan = json.dumps("\u0001" * 220)[1:-1].encode().decode("unicode_escape")
    content = "age,member,plan\n" + f"20,0,{plan}\n" * 12_000
    assert run(classifier.url, content, "--endpoint", "predict") == score.ALL
    assert len(table(tmp_path / "scored.csv")) == 12_000
