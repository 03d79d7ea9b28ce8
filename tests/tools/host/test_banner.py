"""The banner shows only what the app has."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tools.host.process import NO_PREFIX, Start, source
from tools.host.banner import banner
from tools.host.routes import Routes, compile_route

URL = "http://localhost:7071"
ROUTES = Routes([compile_route(name, name, None) for name in ("docs", "predict", "token")])
MANIFEST = json.dumps({"examples": [{"instance": {"bmi": 0.0617, "it's": "ü"}}]})
FILES = {
    "host.json": NO_PREFIX,
    "local.settings.json": json.dumps({"Values": {"USERS": '{"abi": "hash"}', "MODEL_MANIFEST": "manifest.json"}}),
    "manifest.json": MANIFEST,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a manifest, and the settings of a developer with the demo user."""
    (tmp_path / "manifest.json").write_text(MANIFEST)
    monkeypatch.setenv("USERS", '{"abi": "hash"}')
    monkeypatch.setenv("MODEL_MANIFEST", "manifest.json")
    monkeypatch.setenv("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    return tmp_path


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="the commands are for bash with curl")
def test_the_commands_of_the_banner_work_when_pasted(start: Start) -> None:
    host = start(source("login"), files=FILES).ready()
    commands = [line for line in host.banner.splitlines() if "curl" in line]
    assert len(commands) == 2
    output = subprocess.run(["bash", "-c", "\n".join(commands)], capture_output=True, text=True, check=True).stdout
    assert json.loads(output) == {
        "bearer": "Bearer abi:password",
        "body": {"instances": [{"bmi": 0.0617, "it's": "ü"}]},
    }


def test_the_banner_lists_the_pages_that_the_app_has(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("USERS")
    assert banner(URL, ROUTES, folder) == f"Serving on {URL}\n  {URL}/docs\nCtrl-C stops it."


def test_in_production_the_banner_does_not_show_the_demo_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "abi" in banner(URL, ROUTES, folder)
    monkeypatch.setenv("AZURE_FUNCTIONS_ENVIRONMENT", "Production")
    assert "abi" not in banner(URL, ROUTES, folder)


def test_without_a_manifest_the_banner_has_no_commands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_MANIFEST", "none.json")
    text = banner(URL, ROUTES, folder)
    assert "abi / password" in text
    assert "curl" not in text
