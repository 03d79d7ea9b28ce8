"""The settings tool: local.settings.json with a token key of its own, made once."""

import json
import shutil
from pathlib import Path

import pytest

from shared.settings import DEMO_HASH, EXAMPLE_KEY_PREFIX, Settings
from tools import settings

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "local.settings.json.example"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(EXAMPLE, tmp_path)
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    return tmp_path


def values(path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["Values"]
    return found


def test_the_example_is_good_for_a_laptop() -> None:
    read = Settings.read(values(EXAMPLE))
    assert (read.faults, read.environment) == ({}, "Development")
    assert read.users == {"abi": {"password_hash": DEMO_HASH}}


def test_the_example_is_good_for_nothing_else() -> None:
    read = Settings.read({**values(EXAMPLE), "AZURE_FUNCTIONS_ENVIRONMENT": "Production"})
    assert set(read.faults) == {"TOKEN_KEY", "USERS"}


def test_the_file_is_the_example_with_a_key_of_its_own(folder: Path) -> None:
    assert settings.main([]) == 0
    made, example = values(folder / "local.settings.json"), values(EXAMPLE)
    assert not made["TOKEN_KEY"].startswith(EXAMPLE_KEY_PREFIX)
    assert {**made, "TOKEN_KEY": ""} == {**example, "TOKEN_KEY": ""}
    assert Settings.read(made).faults == {}


def test_two_developers_have_different_keys() -> None:
    example = EXAMPLE.read_text(encoding="utf-8")
    assert settings.fresh(example) != settings.fresh(example)


def test_only_the_owner_can_read_the_file(folder: Path) -> None:
    settings.main([])
    assert (folder / "local.settings.json").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_stays_as_it_is(folder: Path) -> None:
    (folder / "local.settings.json").write_text("mine")
    assert settings.main([]) == 0
    assert (folder / "local.settings.json").read_text() == "mine"
