"""`make run`'s tool: the selected parts run with the service and end with it."""

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

from tools import azurite, host, run
from tools.ports import next_free

pytestmark = pytest.mark.timeout(180)  # each test starts several processes
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


def environ(**variables: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PORT": "0", "INSIGHTS": "off", **variables}


@contextlib.contextmanager
def running(
    project: Path, *arguments: str, **variables: str
) -> Iterator[tuple[subprocess.Popen[str], httpx.Client, list[str]]]:
    """Run the tool in a process group of its own, as a terminal does, and yield it with its output once it serves."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tools", "run", *arguments],
        cwd=project,
        env=environ(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines: list[str] = []
    with process:
        try:
            read_until_served(process, lines)
            with httpx.Client(base_url=lines[-1].split()[-1], timeout=20) as client:
                yield process, client, lines
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def read_until_served(process: subprocess.Popen[str], lines: list[str]) -> None:
    """Append the output up to the line with the service's address."""
    assert process.stdout
    while not lines or not lines[-1].startswith("Serving on"):
        lines.append(process.stdout.readline())
        assert lines[-1], f"it does not serve: {''.join(lines)}"


def wait_until_ended(port: int) -> None:
    end = time.monotonic() + 20
    with contextlib.suppress(ConnectionRefusedError):
        while time.monotonic() < end:
            socket.create_connection(("127.0.0.1", port)).close()
            time.sleep(0.05)
        pytest.fail("Azurite still runs")


def azurite_port(lines: list[str]) -> int:
    match = re.search(r"at http://127\.0\.0\.1:(\d+)/", "".join(lines))
    assert match
    return int(match[1])


def test_with_azurite_the_users_are_in_its_table_and_stay_there_and_ctrl_c_ends_both(project: Path) -> None:
    with running(project, STORAGE="azurite") as (process, client, lines):
        assert client.post("/token", data=DEMO).status_code == 200
        assert client.get("/health/ready").json()["status"] in ("ready", "degraded")
        disable_demo_user(project, azurite_port(lines))
        assert client.post("/token", data=DEMO).status_code == 401
        os.killpg(process.pid, signal.SIGINT)
        output = process.communicate(timeout=20)[0]
    assert "tables.get → users ok" in output
    assert "Traceback" not in output
    assert process.returncode == 0
    wait_until_ended(azurite_port(lines))
    with running(project, STORAGE="azurite") as (_, client, lines):
        assert client.post("/token", data=DEMO).status_code == 401
    wait_until_ended(azurite_port(lines))


def disable_demo_user(project: Path, port: int) -> None:
    """Disable abi in Azurite's table, with the users tool."""
    settings = {"USERS_TABLE": "users", "STORAGE_CONNECTION": azurite.connection_string(port)}
    command = [sys.executable, "-m", "tools", "users", "disable", "abi"]
    result = subprocess.run(command, cwd=project, env=settings, capture_output=True, text=True, check=True)
    assert result.stderr == "abi is disabled.\n"


ORDER = """
import atexit
from contextlib import contextmanager
from tools import run

@contextmanager
def part():
    yield {}
    print("the part ends")

def serve(argv):
    atexit.register(print, "the app sends its last telemetry")
    return 0

run.main([], lambda environ: [part], serve)
"""


def test_the_parts_end_after_the_app(project: Path) -> None:
    result = subprocess.run([sys.executable, "-c", ORDER], cwd=project, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["the app sends its last telemetry", "the part ends"]


def test_without_a_variable_only_the_service_runs(project: Path) -> None:
    with running(project) as (_, client, lines):
        assert client.post("/token", data=DEMO).status_code == 200
    assert "Azurite" not in "".join(lines)


def test_an_azurite_that_does_not_start_is_reported(project: Path) -> None:
    shutil.rmtree(project / ".azurite", ignore_errors=True)
    (project / ".azurite").touch()  # not a folder
    command = [sys.executable, "-m", "tools", "run"]
    variables = environ(STORAGE="azurite")
    result = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, check=False)
    (project / ".azurite").unlink()
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == "Azurite did not start."
    assert "Traceback" not in result.stderr


def refused(project: Path, **variables: str) -> str:
    """Run the tool, which must not start, and return its output on standard error. Nothing is printed before."""
    command = [sys.executable, "-m", "tools", "run"]
    result = subprocess.run(
        command, cwd=project, env={**environ(), **variables}, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (1, "")
    return result.stderr


def test_wrong_settings_are_named_before_anything_starts(project: Path) -> None:
    errors = refused(project, STORAGE="azurite", INSIGHTS="on", TOKEN_LIFETIME_SECONDS="8", LOG_VALUES_SAMPLE="2")
    assert [line.split()[0] for line in errors.splitlines()] == [
        "TOKEN_LIFETIME_SECONDS",
        "LOG_VALUES_SAMPLE",
        "Settings",
    ]


def test_a_port_that_is_set_and_taken_is_refused_before_anything_is_installed(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        errors = refused(project, STORAGE="azurite", PORT=str(port))
    assert errors.startswith(f"Port {port} is taken. This one is free: make run PORT=")
    assert errors.count("\n") == 1


@pytest.fixture
def default_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A port that is taken, in place of 7071."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(host, "PORT", port)
        monkeypatch.delenv("PORT", raising=False)
        yield port


def test_a_second_checkout_takes_the_next_two_free_ports(default_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    port = run.choose_port([], {})
    assert port > default_port
    assert next_free(port, 2) == port
    assert capsys.readouterr().out == f"Port {default_port} is taken, so the service is on {port}.\n"


def test_the_dashboards_are_beside_the_service(project: Path) -> None:
    port = next_free(20_000, 3)
    with (
        socket.create_server(("127.0.0.1", port + 1)),
        running(project, INSIGHTS="on", PORT=str(port)) as (_, _, lines),
    ):
        found = next(line for line in lines if line.startswith("Dashboards on"))
    assert f"http://localhost:{port + 2} " in found


def test_with_reload_a_changed_setting_counts(project: Path) -> None:
    settings = project / "local.settings.json"
    content = settings.read_text()
    with running(project, "--reload") as (process, client, _):
        assert client.post("/token", data=DEMO).json()["expires_in"] == 900
        settings.write_text(content.replace('"Values": {', '"Values": {"TOKEN_LIFETIME_SECONDS": "120",'))
        lines: list[str] = []
        read_until_served(process, lines)
        assert httpx.post(f"{lines[-1].split()[-1]}/token", data=DEMO).json()["expires_in"] == 120
        settings.write_text(content)
    assert "Changed: local.settings.json. Starting again." in "".join(lines)


def test_the_build_is_the_commit_and_says_when_files_have_changed(tmp_path: Path) -> None:
    assert run.current_commit(tmp_path) == ""
    (tmp_path / "a").write_text("1")
    author = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    for command in (["init", "-q"], ["add", "a"], [*author, "commit", "-q", "-m", "a"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    commit = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=tmp_path, text=True).strip()
    assert run.current_commit(tmp_path) == commit
    (tmp_path / "untracked").write_text("1")
    assert run.current_commit(tmp_path) == commit
    (tmp_path / "a").write_text("2")
    assert run.current_commit(tmp_path) == f"{commit}+changes"


def test_an_unknown_value_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    monkeypatch.setenv("STORAGE", "cosmos")
    assert run.main([]) == 1
    assert capsys.readouterr().err == "STORAGE=cosmos is unknown; the only value is STORAGE=azurite.\n"
