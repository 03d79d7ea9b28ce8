"""The scans find a secret in a file and a copyleft licence, and do not report accepted findings again."""

import json
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import scan

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A git repository with the project's own rules and an empty baseline."""
    subprocess.check_call(["git", "init", "--quiet"], cwd=tmp_path)
    baseline = json.loads((ROOT / scan.BASELINE).read_text(encoding="utf-8"))
    (tmp_path / scan.BASELINE).write_text(json.dumps({**baseline, "results": {}}))
    (tmp_path / "clean.py").write_text("answer = 42\n")
    return tmp_path


def leak(project: Path, name: str = "leak.py") -> str:
    """Write a secret to a file, and return it."""
    secret = secrets.token_hex(32)
    (project / name).write_text(f'\nTOKEN_KEY = "{secret}"\n')
    return secret


def test_a_clean_project_passes(project: Path) -> None:
    assert scan.main(["secrets"], project) == 0


def test_a_secret_is_reported_by_its_place_and_never_quoted(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = leak(project)
    assert scan.main(["secrets"], project) == 1
    errors = capsys.readouterr().err
    assert "leak.py:2: " in errors
    assert secret not in errors


def test_an_accepted_finding_is_not_reported_again_even_when_it_moves(project: Path) -> None:
    leak(project)
    assert scan.main(["secrets", "--accept"], project) == 0
    (project / "leak.py").write_text("\n\n" + (project / "leak.py").read_text())
    assert scan.main(["secrets"], project) == 0
    leak(project, "other.py")
    assert scan.main(["secrets"], project) == 1


def test_files_that_git_ignores_are_not_scanned(project: Path) -> None:
    leak(project, "local.settings.json")
    shutil.copy(ROOT / ".gitignore", project)
    assert scan.main(["secrets"], project) == 0


def test_the_baseline_has_no_secret_and_no_time() -> None:
    baseline = json.loads((ROOT / scan.BASELINE).read_text(encoding="utf-8"))
    findings = [finding for file in baseline["results"].values() for finding in file]
    assert "generated_at" not in baseline
    assert {len(finding["hashed_secret"]) for finding in findings} == {40}


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
def test_a_copyleft_or_unknown_licence_is_reported(licence: str) -> None:
    message = f"package has the licence {licence}, which no deployed package may have."
    assert list(scan.refused([("package", licence)])) == [message]


@pytest.mark.parametrize(
    "licence", ["MIT", "BSD-3-Clause AND 0BSD", "Apache Software License", "Mozilla Public License 2.0 (MPL 2.0)"]
)
def test_a_permissive_licence_passes(licence: str) -> None:
    assert list(scan.refused([("package", licence)])) == []


def test_the_licences_are_those_of_the_locked_packages() -> None:
    names = {name.lower().replace("_", "-") for name, _ in scan.licences(scan.locked(ROOT))}
    assert {"pyjwt", "bcrypt", "scikit-learn"} <= names <= set(scan.locked(ROOT))
    assert "pytest" not in names


def test_no_deployed_package_has_a_copyleft_licence() -> None:
    assert scan.main(["licences"]) == 0
