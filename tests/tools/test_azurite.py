"""Azurite is installed as locked, runs during a block, and never outlives its parent."""

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
from shared.threads import Threads
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


def wait_until_ended(port: int) -> None:
    end = time.monotonic() + 20
    while listens(port):
        assert time.monotonic() < end, "Azurite still runs"
        time.sleep(0.05)


def port_of(connection: str) -> int:
    return int(connection.rpartition(":")[2].partition("/")[0])


def test_it_runs_during_the_block_and_its_data_are_there_the_next_time(tmp_path: Path, threads: Threads) -> None:
    for is_new in (True, False):
        with azurite.running(data=tmp_path) as connection:
            table = Table("rows", Account(connection), threads.tables)
            asyncio.run(table.create())
            assert asyncio.run(table.insert(KEY, {})) is is_new
        assert not listens(port_of(connection))


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_its_files_can_be_read_by_their_owner_only(tmp_path: Path) -> None:
    data = tmp_path / ".azurite"
    data.mkdir(mode=0o755)
    with azurite.running(data=data):
        pass
    assert data.stat().st_mode & 0o077 == 0
    files = [path for path in data.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if path.stat().st_mode & 0o077] == []


def test_a_taken_port_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert azurite.main(["--port", str(port)]) == 1
    assert capsys.readouterr().err == f"Port {port} cannot be used; is another Azurite running?\n"


def test_if_the_preferred_port_is_taken_another_is_used() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert azurite.preferred_port(port) != port
    assert azurite.preferred_port(port) == port


def test_it_ends_when_its_parent_is_killed() -> None:
    command = [sys.executable, "-m", "tools", "azurite", "--port", "0", "--memory"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        port = port_of(parent.stdout.readline().strip())
        assert listens(port)
        parent.kill()
    wait_until_ended(port)


def test_ctrl_c_ends_it_without_an_error() -> None:
    command = [sys.executable, "-m", "tools", "azurite", "--port", "0", "--memory"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        port = port_of(parent.stdout.readline().strip())
        parent.send_signal(signal.SIGINT)
        assert parent.communicate(timeout=20)[1] == ""
    assert parent.returncode == 0
    assert not listens(port)


def test_a_failed_start_is_reported(tmp_path: Path) -> None:
    broken = tmp_path / "main.js"
    broken.write_text("process.exit(3)")
    with pytest.raises(AzuriteError, match="did not start"), azurite.running(script=broken):
        pass


def test_an_installed_azurite_is_not_installed_again(capsys: pytest.CaptureFixture[str]) -> None:
    azurite.install()
    capsys.readouterr()
    assert azurite.main(["--install"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_changed_lock_is_installed_and_a_missing_network_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(azurite.FOLDER / name, tmp_path)
    done = tmp_path / "node_modules/.package-lock.json"
    done.parent.mkdir()
    done.touch()
    os.utime(done, (0, 0))
    for name, value in (
        ("REGISTRY", "http://127.0.0.1:9/"),
        ("FETCH_RETRIES", "0"),
        ("CACHE", str(tmp_path / "cache")),
    ):
        monkeypatch.setenv(f"NPM_CONFIG_{name}", value)
    with pytest.raises(AzuriteError, match=r"^Azurite cannot be installed: .*ECONNREFUSED.*$"):
        azurite.install(tmp_path)
    assert capsys.readouterr().err == "Installing Azurite into tools/node, up to a minute and 250 MB…\n"


def test_the_lock_names_no_registry_and_has_a_hash_of_every_package() -> None:
    lock = json.loads((azurite.FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert lock["packages"][""]["dependencies"]["azurite"] == "3.37.0"
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert not [name for name, package in packages.items() if not package["integrity"].startswith("sha512-")]
