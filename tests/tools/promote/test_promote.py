"""`make promote`: the challenger becomes the champion, whole or not at all, and the champion can come back."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools import local_settings
from tools.errors import GenerateError
from tools.generate import openapi
from tools.promote import CHALLENGER, MODEL, PREVIOUS, STAGE, main
from tools.promote.moves import Moves, undo

ROOT = Path(__file__).parents[3]
DEMO = ("slr.joblib", "slr.json", "slr.onnx", "slr.picture.json")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a champion, a challenger of another version, and the settings for it."""
    for name, version in ((MODEL, "one"), (CHALLENGER, "two")):
        (tmp_path / name).mkdir()
        for file in DEMO:
            shutil.copy(ROOT / "model" / file, tmp_path / name)
        edit(tmp_path / name, version=version)
    (tmp_path / MODEL / "train.py").write_text("own code")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "openapi.json").write_text("one")
    values = {"OWN": "kept", "CHALLENGER_MANIFEST": "model/challenger/slr.json", "CHALLENGER_SHARE": "1"}
    (tmp_path / local_settings.FILE).write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    (tmp_path / local_settings.FILE).chmod(0o600)
    monkeypatch.setattr(openapi, "snapshot", lambda root: {"docs/openapi.json": version_in(root / MODEL)})
    return tmp_path


def edit(folder: Path, **members: Any) -> None:
    path = folder / "slr.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **members}), encoding="utf-8")


def version_in(folder: Path) -> str:
    return str(json.loads((folder / "slr.json").read_text("utf-8"))["version"])


def content(project: Path) -> dict[str, bytes]:
    """Return every file with its bytes."""
    return {str(path.relative_to(project)): path.read_bytes() for path in project.rglob("*") if path.is_file()}


def test_the_challenger_becomes_the_champion_and_the_champion_is_kept(project: Path) -> None:
    before = content(project)

    assert main([], project) == 0

    assert (version_in(project / MODEL), version_in(project / PREVIOUS)) == ("two", "one")
    assert not (project / CHALLENGER).exists()
    assert not (project / STAGE).exists()
    after = content(project)
    for name in DEMO:
        assert after[f"{MODEL}/{name}"] == before[f"{CHALLENGER}/{name}"]
        assert after[f"{PREVIOUS}/{name}"] == before[f"{MODEL}/{name}"]
    assert after["model/train.py"] == b"own code"
    assert after["docs/openapi.json"] == b"two"
    assert local_settings.read(project) == {"OWN": "kept"}
    assert (project / local_settings.FILE).stat().st_mode & 0o777 == 0o600


def test_the_champion_before_comes_back(project: Path) -> None:
    before = content(project)
    assert main([], project) == 0
    assert main(["--from", PREVIOUS], project) == 0
    after = content(project)
    assert {name: after[f"model/{name}"] for name in DEMO} == {name: before[f"model/{name}"] for name in DEMO}
    assert version_in(project / PREVIOUS) == "two"
    assert after["docs/openapi.json"] == b"one"


def test_a_second_promotion_replaces_the_model_that_was_kept(project: Path) -> None:
    assert main([], project) == 0
    shutil.copytree(project / PREVIOUS, project / CHALLENGER)
    edit(project / CHALLENGER, version="three")
    (project / PREVIOUS / "slr.data.json").write_text("of the first")
    assert main([], project) == 0
    assert (version_in(project / MODEL), version_in(project / PREVIOUS)) == ("three", "two")
    assert not (project / PREVIOUS / "slr.data.json").exists()


def test_going_back_keeps_a_challenger_and_its_settings(project: Path) -> None:
    shutil.copytree(project / CHALLENGER, project / PREVIOUS)
    assert main(["--from", PREVIOUS], project) == 0
    assert version_in(project / CHALLENGER) == "two"
    assert "CHALLENGER_MANIFEST" in local_settings.read(project)


def failing_at(number: int, original: Callable[..., None]) -> Callable[..., None]:
    """Return a rename that fails once, at its call of that number."""
    calls = iter(range(1, 10_000))

    def rename(*paths: Any) -> None:
        if next(calls) == number:
            raise OSError("planted")
        original(*paths)

    return rename


def test_a_failure_at_any_move_changes_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(project / MODEL, project / PREVIOUS, ignore=shutil.ignore_patterns("train.py", CHALLENGER))
    shutil.rmtree(project / PREVIOUS / "challenger")
    before, rename, number = content(project), os.rename, 1
    while True:
        monkeypatch.setattr("tools.promote.moves.os.rename", failing_at(number, rename))
        if main([], project) == 0:
            break
        assert content(project) == before, f"move {number}"
        assert not (project / STAGE).exists()
        assert capsys.readouterr().err == "planted\n"
        number += 1
    assert number == 4 * len(DEMO) + 4 + 1  # each file, then the OpenAPI document and the settings, each out and in


@pytest.mark.parametrize("step", ["_swap", "_write_openapi", "_clear_settings", "Moves.commit"])
@pytest.mark.parametrize("error", [OSError("planted"), GenerateError("planted"), KeyboardInterrupt()])
def test_an_error_at_any_step_changes_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    def fail(*_: Any) -> None:
        raise error

    before = content(project)
    monkeypatch.setattr(f"tools.promote.{step}", fail)
    if isinstance(error, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            main([], project)
    else:
        assert main([], project) == 1
    assert content(project) == before


def test_the_next_run_takes_back_the_moves_of_a_killed_process(project: Path) -> None:
    before, stage = content(project), project / STAGE
    moves = Moves(project, stage)
    moves.move(project / MODEL / "slr.json", stage / "champion" / "slr.json")
    moves.move(project / CHALLENGER / "slr.json", project / MODEL / "slr.json")
    with (stage / "journal").open("a") as journal:
        journal.write("model/slr.onnx\tmodel/.promote/champion/slr.onnx\n")  # killed before this one
    undo(project, stage)
    assert content(project) == before
    assert main([], project) == 0


@pytest.mark.parametrize("name", ["features", "output"])
def test_a_change_that_breaks_clients_needs_a_yes(project: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    new = {"kind": "number", "name": "age", "range": [0, 1]}
    members = {"features": [new], "output": {"name": "progression", "classes": ["a", "b"], "edges": [1]}}
    edit(project / CHALLENGER, **{name: members[name]})
    before = content(project)

    assert main([], project) == 1

    assert content(project) == before
    printed = capsys.readouterr()
    assert "Requests of a client could fail." in printed.out
    assert printed.err.endswith("add YES=1.\n")
    assert main(["--yes"], project) == 0


@pytest.mark.parametrize("damage", ["missing", "changed", "pointer", "no manifest"])
def test_an_incomplete_challenger_is_refused_in_one_line(
    project: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    path = project / CHALLENGER / ("slr.json" if damage == "no manifest" else "slr.onnx")
    if damage in ("missing", "no manifest"):
        path.unlink()
    else:
        path.write_bytes(b"version https://git-lfs.github.com/spec/v1" if damage == "pointer" else b"x")
    before = content(project)
    assert main([], project) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert content(project) == before
