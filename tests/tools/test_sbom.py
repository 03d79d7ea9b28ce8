"""The bill of materials: every locked package with its dependencies, and the same bytes for the same lock."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.errors import GenerateError
from tools.generate import locks, sbom

ROOT = Path(__file__).parent.parent.parent
PROJECT = '[project]\nname = "demo"\nversion = "1.2"\n'
LOCK = """
b-c==2.0 ; sys_platform != 'win32' \\
    --hash=sha256:00
    # via
    #   a
    #   demo (pyproject.toml)
a==1.0 \\
    --hash=sha256:11
    # via demo (pyproject.toml)
"""


@pytest.fixture
def bill(tmp_path: Path) -> dict[str, Any]:
    """The bill of a small project."""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "requirements.txt").write_text(LOCK)
    content: dict[str, Any] = json.loads(sbom.from_lock(tmp_path)["docs/sbom.json"])
    return content


def test_it_names_the_project_and_every_locked_package(bill: dict[str, Any]) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == "demo"
    assert [component["purl"] for component in bill["components"]] == ["pkg:pypi/a@1.0", "pkg:pypi/b-c@2.0"]


def test_it_has_the_dependencies_of_every_package(bill: dict[str, Any]) -> None:
    dependencies = {entry["ref"]: entry.get("dependsOn", []) for entry in bill["dependencies"]}
    assert dependencies == {
        "demo@1.2": ["pkg:pypi/a@1.0", "pkg:pypi/b-c@2.0"],
        "pkg:pypi/a@1.0": ["pkg:pypi/b-c@2.0"],
        "pkg:pypi/b-c@2.0": [],
    }


def test_it_has_no_time_and_no_serial_number_so_that_it_can_be_compared(bill: dict[str, Any]) -> None:
    assert "serialNumber" not in bill
    assert set(bill["metadata"]) == {"component"}
    assert sbom.from_lock(ROOT) == sbom.from_lock(ROOT)


def test_the_project_s_own_has_every_deployed_package() -> None:
    bill = json.loads((ROOT / "docs/sbom.json").read_text(encoding="utf-8"))
    pins = locks.pins((ROOT / locks.DEPLOYED).read_text(encoding="utf-8"))
    assert {(component["name"], component["version"]) for component in bill["components"]} == set(pins)


def test_without_a_lock_there_is_no_bill(tmp_path: Path) -> None:
    with pytest.raises(GenerateError, match="requirements"):
        sbom.from_lock(tmp_path)
