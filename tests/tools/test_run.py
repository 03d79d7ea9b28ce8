"""`make run`'s tool: what the variables ask for runs beside the service and ends with it."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tools import azurite, run
from tools.run import RunError

ROOT = Path(__file__).parent.parent.parent
DEMO = {"grant_type": "password", "username": "abi", "password": "password"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, with the Azurite that is installed in this one."""
    copy = tmp_path_factory.mktemp("project")
    azurite.install()
    for name in ("host.json", "function_app.py"):
        shutil.copy(ROOT / name, copy)
    shutil.copy(ROOT / "local.settings.json.example", copy / "local.settings.json")
    for name in ("shared", "tools", "model", "monitoring"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    (copy / "tools/node/node_modules").symlink_to(azurite.FOLDER / "node_modules")
    return copy


@contextlib.contextmanager
def running(project: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client, list[str]]]:
    """The tool in a process group of its own, as a terminal starts it, once it serves; and what it printed so far."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tools", "run"],
        cwd=project,
        env={"PATH": os.environ["PATH"], "PORT": "0", "INSIGHTS": "off", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    lines: list[str] = []
    with process:
        try:
            while not lines or not lines[-1].startswith("Serving on"):
                lines.append(process.stdout.readline())
                assert lines[-1], f"it does not serve: {''.join(lines)}"
            with httpx.Client(base_url=lines[-1].split()[-1], timeout=20) as client:
                yield process, client, lines
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_until_gone(port: int) -> None:
    end = time.monotonic() + 10
    with contextlib.suppress(ConnectionRefusedError):
        while time.monotonic() < end:
            socket.create_connection(("127.0.0.1", port)).close()
            time.sleep(0.05)
        pytest.fail("Azurite is still there")


def azurite_port(lines: list[str]) -> int:
    found = re.search(r"at http://127\.0\.0\.1:(\d+)/", "".join(lines))
    assert found
    return int(found[1])


def test_with_azurite_the_users_are_in_its_table_and_ctrl_c_ends_both(project: Path) -> None:
    with running(project, STORAGE="azurite") as (process, client, lines):
        assert client.post("/token", data=DEMO).status_code == 200
        assert client.get("/health/ready").json()["status"] in ("ready", "degraded")
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=10)[0]
    assert "tables.get → users ok" in said
    assert "Traceback" not in said
    assert process.returncode == 0
    wait_until_gone(azurite_port(lines))


def test_what_was_changed_in_the_table_is_there_the_next_time(project: Path) -> None:
    with running(project, STORAGE="azurite") as (process, client, lines):
        told = {"USERS_TABLE": "users", "STORAGE_CONNECTION": azurite.connection_string(azurite_port(lines))}
        command = [sys.executable, "-m", "tools", "users", "disable", "abi"]
        done = subprocess.run(command, cwd=project, env=told, capture_output=True, text=True, check=True)
        assert done.stderr == "abi is disabled.\n"
        assert client.post("/token", data=DEMO).status_code == 401
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=10)
    with running(project, STORAGE="azurite") as (_, client, lines):
        assert client.post("/token", data=DEMO).status_code == 401
    wait_until_gone(azurite_port(lines))


def test_without_a_variable_nothing_runs_beside_the_service(project: Path) -> None:
    with running(project) as (_, client, lines):
        assert client.post("/token", data=DEMO).status_code == 200
    assert "Azurite" not in "".join(lines)


def test_an_unknown_value_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORAGE", "cosmos")
    assert run.main([]) == 1
    assert capsys.readouterr().err == "STORAGE=cosmos is unknown; there is STORAGE=azurite.\n"


def test_an_azurite_that_cannot_run_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise azurite.AzuriteError("no network")

    monkeypatch.setattr(azurite, "install", fails)
    with pytest.raises(RunError, match=r"^no network$"), run.storage():
        pass
