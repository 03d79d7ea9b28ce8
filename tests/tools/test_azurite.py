"""Azurite: installed as locked, started beside whoever needs it, and never left behind."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.tables import Account, Table
from tools import azurite
from tools.azurite import AzuriteError

ROOT = Path(__file__).parent.parent.parent
KEY = ("partition", "row")


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until_gone(port: int) -> None:
    end = time.monotonic() + 10
    while listens(port):
        assert time.monotonic() < end, "Azurite is still there"
        time.sleep(0.05)


def port_of(connection: str) -> int:
    return int(connection.rpartition(":")[2].partition("/")[0])


def test_it_is_there_inside_the_block_and_gone_after_it() -> None:
    with azurite.beside() as connection:
        assert listens(port_of(connection))
    assert not listens(port_of(connection))


def test_what_is_in_a_folder_is_there_the_next_time(tmp_path: Path) -> None:
    for expected in (True, False):
        with azurite.beside(data=tmp_path) as connection:
            table = Table("kept", Account(connection))
            asyncio.run(table.create())
            assert asyncio.run(table.insert(KEY, {})) is expected


def test_a_taken_port_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert azurite.main(["--port", str(port)]) == 1
    assert capsys.readouterr().err == f"Port {port} cannot be used; is another Azurite running?\n"


def test_where_the_usual_port_is_taken_another_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(azurite, "PORT", taken.getsockname()[1])
        assert azurite.usual_port() != azurite.PORT
    assert azurite.usual_port() == azurite.PORT


def test_it_ends_with_the_process_that_started_it_however_that_ends() -> None:
    command = [sys.executable, "-m", "tools", "azurite", "--port", "0", "--memory"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        port = port_of(parent.stdout.readline().strip())
        assert listens(port)
        parent.kill()
    wait_until_gone(port)


def test_ctrl_c_is_no_error() -> None:
    command = [sys.executable, "-m", "tools", "azurite", "--port", "0", "--memory"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        port = port_of(parent.stdout.readline().strip())
        parent.send_signal(signal.SIGINT)
        assert parent.communicate(timeout=10)[1] == ""
    assert parent.returncode == 0
    assert not listens(port)


def test_what_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "main.js"
    broken.write_text("process.exit(3)")
    monkeypatch.setattr(azurite, "SCRIPT", broken)
    with pytest.raises(AzuriteError, match="did not start"), azurite.beside():
        pass


def test_what_is_installed_is_not_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    azurite.install()
    monkeypatch.setattr(azurite.subprocess, "run", lambda *_, **__: pytest.fail("installs"))
    azurite.install()
    assert azurite.main(["--install"]) == 0


def test_a_changed_lock_is_installed_and_a_missing_network_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(azurite.FOLDER / name, tmp_path)
    done = tmp_path / "node_modules/.package-lock.json"
    done.parent.mkdir()
    done.touch()
    os.utime(done, (0, 0))
    monkeypatch.setattr(azurite, "FOLDER", tmp_path)
    for name, value in (
        ("REGISTRY", "http://127.0.0.1:9/"),
        ("FETCH_RETRIES", "0"),
        ("CACHE", str(tmp_path / "cache")),
    ):
        monkeypatch.setenv(f"NPM_CONFIG_{name}", value)
    assert azurite.main([]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "Installing Azurite into tools/node, up to a minute and 250 MB…"
    assert told[1].startswith("Azurite cannot be installed: ")
    assert "ECONNREFUSED" in told[1]
    assert len(told) == 2


def test_the_lock_names_no_registry_and_holds_a_hash_of_every_package() -> None:
    lock = json.loads((azurite.FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert lock["packages"][""]["dependencies"]["azurite"] == "3.37.0"
    assert not [name for name, each in packages.items() if "resolved" in each]
    assert not [name for name, each in packages.items() if not each["integrity"].startswith("sha512-")]
