"""`python -m tools features`, on a real Azurite."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from shared.manifest import Category, Example, Feature, Number
from tests.models import manifest
from tests.services import PROJECT

FEATURES: tuple[Feature, ...] = (
    Number(name="body mass", range=(10.0, 50.0)),
    Category(name="sex", values=("f", "m"), optional=True),
)
GOOD = "id,body mass,sex,more\np1,21.5,f,x\np2,60,,y\n"

type Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path, storage: str, table_name: str) -> Run:
    """Run the command with this test's own table and manifest."""
    example = Example(instance={"body mass": 20.0}, prediction=1.0)
    (tmp_path / "m.json").write_bytes(msgspec.json.encode(manifest(FEATURES, examples=(example,))))
    environ = {
        "STORAGE_CONNECTION": storage,
        "FEATURES_TABLE": table_name,
        "MODEL_MANIFEST": str(tmp_path / "m.json"),
        "PYTHONPATH": str(PROJECT),
    }

    def command(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tools", "features", *arguments],
            cwd=tmp_path,
            env={**environ, **changes},
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )

    return command


def write(folder: Path, text: str) -> str:
    (folder / "rows.csv").write_text(text, encoding="utf-8")
    return "rows.csv"


def test_what_was_loaded_can_be_got_and_loading_twice_changes_nothing(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path, GOOD)
    for _ in range(2):
        assert run("load", file, "--key", "id").returncode == 0
    assert run("get", "p1").stdout == "body mass: 21.5\nsex: f\n"
    assert run("get", "p2").stdout == "body mass: 60.0\nsex: missing\n"


def test_check_tells_of_missing_and_outside_values(run: Run, tmp_path: Path) -> None:
    run("load", write(tmp_path, GOOD + "p3,,m,z\n"), "--key", "id")
    checked = run("check")
    assert checked.returncode == 1
    assert checked.stdout.splitlines() == [
        "3 entities, 1 of them without a prediction",
        "  body mass: 1 missing (p3), 1 outside the range (p2)",
        "  sex: 1 missing, which the model takes (p2)",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "rows.csv has no column id."),
        ("id,other\n1,2\n", "rows.csv has no column of the model's: body mass, sex."),
        ("id,body mass\np1,heavy\n", "rows.csv, line 2: body mass heavy is not a number."),
        ("id,body mass\np1,nan\n", "rows.csv, line 2: body mass nan is not a number."),
        ("id,sex\np1,x\n", "rows.csv, line 2: sex x is no category that the model knows."),
        ("id,body mass\np1,20\np1,21\n", "rows.csv, line 3: id p1 stands there twice."),
        ("id,body mass\n,20\n", "rows.csv, line 2: id must have 1 to 256 characters."),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_in_one_line(run: Run, tmp_path: Path, text: str, message: str) -> None:
    refused = run("load", write(tmp_path, text), "--key", "id")
    assert (refused.returncode, refused.stderr.strip()) == (1, message)


def test_a_missing_file_and_an_unknown_entity_are_refused(run: Run, tmp_path: Path) -> None:
    assert run("load", "gone.csv", "--key", "id").returncode == 1
    run("load", write(tmp_path, GOOD), "--key", "id")
    unknown = run("get", "nobody")
    assert (unknown.returncode, unknown.stderr.strip()) == (1, "nobody is not there.")


def test_a_store_that_is_not_there_is_exit_code_3_and_one_line(run: Run) -> None:
    nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a"
    failed = run("get", "p1", STORAGE_CONNECTION=nowhere)
    assert failed.returncode == 3
    assert len(failed.stderr.strip().splitlines()) == 1


def test_the_example_is_the_demo_s_data_with_a_key(run: Run) -> None:
    lines = run("example").stdout.splitlines()
    assert lines[0].startswith("patient,age,sex,bmi")
    assert (len(lines), lines[1].split(",")[0]) == (443, "patient-1")
