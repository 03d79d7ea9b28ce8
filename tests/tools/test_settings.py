"""The settings tool creates local.settings.json once, with a new token key."""

import json
import shutil
from pathlib import Path

import pytest

from shared.settings import DEMO_HASH, EXAMPLE_KEY_PREFIX, Settings
from tools import settings

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "local.settings.json.example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with only the example."""
    shutil.copy(EXAMPLE, tmp_path)
    return tmp_path


def values(path: Path) -> dict[str, str]:
    content: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return content["Values"]


def test_the_example_is_valid_in_development() -> None:
    result = Settings.read(values(EXAMPLE))
    assert (result.errors, result.environment) == ({}, "Development")
    assert result.users == {"abi": {"password_hash": DEMO_HASH}}


def test_the_example_is_invalid_in_production() -> None:
    result = Settings.read({**values(EXAMPLE), "AZURE_FUNCTIONS_ENVIRONMENT": "Production"})
    assert set(result.errors) == {"TOKEN_KEY", "USERS"}


def test_the_file_is_the_example_with_a_new_key(folder: Path) -> None:
    assert settings.main([], folder) == 0
    created, example = values(folder / "local.settings.json"), values(EXAMPLE)
    assert not created["TOKEN_KEY"].startswith(EXAMPLE_KEY_PREFIX)
    assert {**created, "TOKEN_KEY": ""} == {**example, "TOKEN_KEY": ""}
    assert Settings.read(created).errors == {}


def test_two_developers_have_different_keys() -> None:
    example = EXAMPLE.read_text(encoding="utf-8")
    assert settings.with_new_key(example) != settings.with_new_key(example)


def test_only_the_owner_can_read_the_file(folder: Path) -> None:
    settings.main([], folder)
    assert (folder / "local.settings.json").stat().st_mode & 0o777 == 0o600


def test_an_existing_file_stays_unchanged(folder: Path) -> None:
    (folder / "local.settings.json").write_text("mine")
    assert settings.main([], folder) == 0
    assert (folder / "local.settings.json").read_text() == "mine"
