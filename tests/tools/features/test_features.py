"""The commands of `./egl features`, on a real Azurite."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from shared.model.manifest import Boolean, Category, Example, Feature, Number, Statistics
from tests.models import manifest
from tools import features

FEATURES: tuple[Feature, ...] = (
    Number(name="body mass", range=(10.0, 50.0)),
    Category(name="sex", values=("f", "m"), optional=True),
    Boolean(name="smokes", optional=True),
    Category(name="ward", values=("a",), optional=True, open=True),
)
ROWS = "id,body mass,sex,smokes,ward,extra\np1,21.5,f,True,a,x\np2,60,,0,b,y\n"
NOWHERE = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a"

type Run = Callable[..., tuple[int, str, str]]
"""Run a command. Returns the exit code, stdout and stderr."""


@pytest.fixture
def run(
    tmp_path: Path,
    storage: str,
    table_name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run commands in a folder of the test, with a table and a manifest of its own."""
    example = Example(instance={"body mass": 20.0}, prediction=1.0)
    (tmp_path / "m.json").write_bytes(msgspec.json.encode(manifest(FEATURES, examples=(example,))))
    monkeypatch.chdir(tmp_path)
    environ = {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "STORAGE_CONNECTION": storage,
        "FEATURES_TABLE": table_name,
        "MODEL_MANIFEST": str(tmp_path / "m.json"),
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def command(*arguments: str) -> tuple[int, str, str]:
        code = features.main(arguments)
        return code, *capsys.readouterr()

    return command


def write(folder: Path, text: str) -> str:
    (folder / "rows.csv").write_text(text, encoding="utf-8")
    return "rows.csv"


def test_loaded_rows_can_be_read_and_loading_twice_changes_nothing(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path, ROWS)
    for _ in range(2):
        assert run("load", file, "--key", "id")[0] == 0
    assert run("get", "p1")[1] == "body mass: 21.5\nsex: f\nsmokes: True\nward: a\n"
    assert run("get", "p2")[1] == "body mass: 60.0\nsex: missing\nsmokes: False\nward: b\n"


def test_check_reports_missing_and_outside_values(run: Run, tmp_path: Path) -> None:
    run("load", write(tmp_path, ROWS + "p3,,m,1,a,z\n"), "--key", "id")
    code, output, _ = run("check")
    assert code == 1
    assert output.splitlines() == [
        "3 entities, 1 of them unusable",
        "  body mass: 1 missing (p3), 1 outside the range (p2)",
        "  sex: 1 missing (optional) (p2)",
        "  smokes: fine",
        "  ward: 1 new to the model (p2)",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "rows.csv has no column id."),
        ("id,other\n1,2\n", "rows.csv has none of the model's columns: body mass, sex, smokes, ward."),
        ("id,body mass\np1,heavy\n", "rows.csv, line 2: body mass heavy is not a number."),
        ("id,body mass\np1,nan\n", "rows.csv, line 2: body mass nan is not a number."),
        ("id,smokes\np1,yes\n", "rows.csv, line 2: smokes yes is not true or false."),
        ("id,sex\np1,x\n", "rows.csv, line 2: sex x is not a category of the model."),
        ("id,body mass\np1,20\np1,21\n", "rows.csv, line 3: id p1 is a duplicate."),
        ("id,body mass\n,20\n", "rows.csv, line 2: id must have 1 to 256 characters."),
    ],
)
def test_an_invalid_file_is_refused_in_one_line(run: Run, tmp_path: Path, text: str, message: str) -> None:
    assert run("load", write(tmp_path, text), "--key", "id") == (1, "", f"{message}\n")


def test_a_missing_file_and_an_unknown_entity_are_refused(run: Run, tmp_path: Path) -> None:
    assert run("load", "gone.csv", "--key", "id")[0] == 1
    run("load", write(tmp_path, ROWS), "--key", "id")
    assert run("get", "nobody") == (1, "", "The entity nobody does not exist.\n")


def test_an_unreachable_table_is_exit_code_3_and_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_CONNECTION", NOWHERE)
    code, _, errors = run("get", "p1")
    assert code == 3
    assert "at http://127.0.0.1:9/a: ServiceRequestError. Is Azurite running?" in errors
    assert len(errors.strip().splitlines()) == 1


def test_a_missing_manifest_is_exit_code_3_and_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_MANIFEST", "gone.json")
    code, _, errors = run("get", "p1")
    assert code == 3
    assert "the manifest cannot be read" in errors
    assert len(errors.strip().splitlines()) == 1


def test_the_example_is_the_demo_s_data_with_a_key(run: Run) -> None:
    lines = run("example")[1].splitlines()
    assert lines[0].startswith("patient,age,sex,bmi")
    assert (len(lines), lines[1].split(",")[0]) == (443, "patient-1")


def test_true_and_false_are_1_and_0_where_the_feature_of_an_older_model_was_boolean(run: Run, tmp_path: Path) -> None:
    numbers = [Number(name="smokes", range=(0.0, 1.0)), Number(name="share", range=(0.0, 1.0))]
    statistics = Statistics(quantiles={"smokes": (0, 0, 0, 1, 1, 1, 1), "share": (0, 0, 0.1, 0.5, 0.7, 0.9, 1)})
    (tmp_path / "m.json").write_bytes(msgspec.json.encode(manifest(numbers, statistics=statistics)))
    assert run("load", write(tmp_path, "id,smokes,share\np1,True,0.5\np2,false,1\n"), "--key", "id")[0] == 0
    assert run("get", "p1")[1] == "smokes: 1.0\nshare: 0.5\n"
    assert run("get", "p2")[1] == "smokes: 0.0\nshare: 1.0\n"
    assert "share true is not a number" in run("load", write(tmp_path, "id,share\np1,true\n"), "--key", "id")[2]
