"""The scans: a secret in a file and a licence that binds are found, what was accepted is not told again."""

import json
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import scan

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with an empty baseline of the project's own rules."""
    subprocess.check_call(["git", "init", "--quiet"], cwd=tmp_path)
    baseline = json.loads((ROOT / scan.BASELINE).read_text(encoding="utf-8"))
    (tmp_path / scan.BASELINE).write_text(json.dumps({**baseline, "results": {}}))
    (tmp_path / "clean.py").write_text("answer = 42\n")
    monkeypatch.setattr(scan, "ROOT", tmp_path)
    return tmp_path


def leak(project: Path, name: str = "leak.py") -> str:
    found = secrets.token_hex(32)
    (project / name).write_text(f'\nTOKEN_KEY = "{found}"\n')
    return found


def test_a_clean_project_passes(project: Path) -> None:
    assert scan.main(["secrets"]) == 0


def test_a_secret_is_told_by_its_place_and_never_quoted(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = leak(project)
    assert scan.main(["secrets"]) == 1
    said = capsys.readouterr().err
    assert "leak.py:2: " in said
    assert secret not in said


def test_what_was_accepted_is_not_told_again_even_when_it_moves(project: Path) -> None:
    leak(project)
    assert scan.main(["secrets", "--accept"]) == 0
    (project / "leak.py").write_text("\n\n" + (project / "leak.py").read_text())
    assert scan.main(["secrets"]) == 0
    leak(project, "other.py")
    assert scan.main(["secrets"]) == 1


def test_what_git_ignores_is_not_scanned(project: Path) -> None:
    leak(project, "local.settings.json")
    shutil.copy(ROOT / ".gitignore", project)
    assert scan.main(["secrets"]) == 0


def test_the_baseline_holds_no_secret_and_no_time() -> None:
    baseline = json.loads((ROOT / scan.BASELINE).read_text(encoding="utf-8"))
    assert "generated_at" not in baseline
    assert {len(each["hashed_secret"]) for found in baseline["results"].values() for each in found} == {40}


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0-or-later",
        "GNU General Public License v2 (GPLv2)",
        "MIT AND LGPL-2.1",
        "AGPL-3.0",
        "GNU Lesser General Public License v3 (LGPLv3)",
        "UNKNOWN",
    ],
)
def test_a_licence_that_binds_is_told(licence: str) -> None:
    assert list(scan.binding([("package", licence)])) == [f"package is {licence}: nothing deployed may be."]


@pytest.mark.parametrize(
    "licence", ["MIT", "BSD-3-Clause AND 0BSD", "Apache Software License", "Mozilla Public License 2.0 (MPL 2.0)"]
)
def test_a_licence_that_does_not_bind_passes(licence: str) -> None:
    assert list(scan.binding([("package", licence)])) == []


def test_the_licences_are_those_of_the_locked_packages_and_no_others() -> None:
    names = {name.lower().replace("_", "-") for name, _ in scan.licences(scan.locked(ROOT))}
    assert {"pyjwt", "bcrypt", "scikit-learn"} <= names
    assert names <= set(scan.locked(ROOT))
    assert "pytest" not in names


def test_nothing_that_is_deployed_has_a_licence_that_binds() -> None:
    assert scan.main(["licences"]) == 0
