"""With `--reload` the host serves the app as it is on disk."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from watchfiles import Change

from tests.tools.host.process import Start, source
from tools.host.reload import app_files


def test_a_changed_app_is_served_and_a_broken_one_is_reported(start: Start) -> None:
    host = start(source("plain"), "--reload").ready()
    app = host.folder / "function_app.py"
    app.write_text("import broken")
    assert host.line() == "Changed: function_app.py. Starting again.\n"
    while "No module named 'broken'" not in host.errors():
        time.sleep(0.05)
    app.write_text(source("plain").replace("setting/{name}", "changed/{name}"))
    assert host.ready().get("/api/changed/X").text == "missing"
    assert host.end(signal.SIGINT) == 0


@pytest.mark.parametrize("name", ["pages/page.html", "pages/page.css", "pages/page.js", "host.json", "shared/part.py"])
def test_the_app_s_pages_settings_and_code_are_followed(name: str, tmp_path: Path) -> None:
    is_app_file = app_files(tmp_path, tmp_path / "model/slr.json")
    assert is_app_file(Change.modified, str(tmp_path / name))


@pytest.mark.parametrize("name", [".cache/page.html", "node_modules/a/b.js", "notes.md", "slr.joblib", "../other.json"])
def test_hidden_folders_packages_and_other_files_are_not(name: str, tmp_path: Path) -> None:
    assert not app_files(tmp_path, tmp_path / "model/slr.json")(Change.modified, str(tmp_path / name))


def test_the_manifest_is_followed_wherever_it_is(start: Start, tmp_path: Path) -> None:
    manifest = tmp_path / ".elsewhere/slr.json"
    manifest.parent.mkdir()
    manifest.write_text("{}")
    settings = json.dumps({"Values": {"MODEL_MANIFEST": str(manifest)}})
    host = start(source("plain"), "--reload", files={"local.settings.json": settings}).ready()
    manifest.write_text('{"changed": true}')
    assert host.line() == f"Changed: {os.path.relpath(manifest, host.folder)}. Starting again.\n"
    host.ready()
    assert host.end(signal.SIGINT) == 0
