"""The Makefile, run in a copy of the project: the output for a newcomer, with and without what it needs.

The copy uses the environment that runs these tests; nothing is installed.
"""

import contextlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import bootstrap

ROOT = Path(__file__).parents[2]
NEEDED = (
    "Makefile",
    ".python-version",
    "requirements-dev.txt",
    "host.json",
    "local.settings.json.example",
    "function_app.py",
)
CLOSED_PORT = "http://127.0.0.1:9/"  # the discard port, where nothing listens


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the files that the Makefile needs."""
    copy = tmp_path / "project"
    copy.mkdir()
    for name in NEEDED:
        shutil.copy(ROOT / name, copy)
    for name in ("shared", "tools", "model"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    return copy


@pytest.fixture
def installed(tmp_path: Path) -> list[str]:
    """Variables that make the running environment the copy's."""
    (tmp_path / "installed").touch()
    return [f"VENV={sys.prefix}", f"INSTALLED={tmp_path / 'installed'}"]


def environ(project: Path, **more: str) -> dict[str, str]:
    """A plain environment: an empty home, this Python and this uv, nothing downloaded."""
    uv = bootstrap.find_uv()
    assert uv, "there is no uv on PATH: run the tests with make test"
    return {
        "HOME": str(project.parent),
        "PATH": f"{Path(sys.executable).resolve().parent}:/usr/local/bin:/usr/bin:/bin",
        "UV": uv,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_HTTP_RETRIES": "0",
        **more,
    }


def make(project: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run make to its end."""
    command = ["make", *arguments]
    return subprocess.run(
        command, cwd=project, env=environ(project, **more), capture_output=True, encoding="utf-8", check=False
    )


@contextlib.contextmanager
def running(project: Path, port: int, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start `make run` in its own process group, as a terminal does, and wait until it serves."""
    make_run = subprocess.Popen(
        ["make", "run", *arguments],
        cwd=project,
        env=environ(project, PORT=str(port)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    )
    with make_run:
        try:
            wait_until_it_serves(make_run, port)
            yield make_run
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(make_run.pid, signal.SIGKILL)


def wait_until_it_serves(make_run: subprocess.Popen[str], port: int) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and make_run.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5):
            return
        time.sleep(0.05)
    printed = make_run.communicate()[0] if make_run.poll() is not None else ""
    raise AssertionError(f"make run does not serve: {printed}")


def press_ctrl_c(make_run: subprocess.Popen[str]) -> str:
    """Interrupt the whole group, as a terminal does, and return all that was printed."""
    os.killpg(make_run.pid, signal.SIGINT)
    return make_run.communicate(timeout=120)[0]


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number: int = listener.getsockname()[1]
    return number


@pytest.mark.parametrize("arguments", [(), ("help",)])
def test_make_lists_its_targets(project: Path, arguments: tuple[str, ...]) -> None:
    printed = make(project, *arguments).stdout.splitlines()
    listed = " ".join(line.split()[1] for line in printed)
    targets = "run test quick test-more fuzz check hooks format model promote train generate screenshots package"
    assert listed == f"help {targets} traffic bench clean"
    assert all(len(line.split()) > 3 for line in printed)


def test_a_missing_python_is_one_clear_line(project: Path) -> None:
    (project / ".python-version").write_text("3.99\n")
    done = make(project, "run")
    assert done.returncode != 0
    assert "Python 3.99 is missing: install it" in done.stderr
    assert without_the_line_of_make(done.stderr).count("\n") == 1


def test_a_missing_network_is_one_clear_line(project: Path) -> None:
    done = make(project, "run", UV_DEFAULT_INDEX=CLOSED_PORT, UV_NO_CACHE="1")
    assert done.returncode != 0
    assert "the package index cannot be reached (no network?)" in done.stderr
    assert without_the_line_of_make(done.stderr).count("\n") == 1


def test_an_installed_environment_is_not_installed_again(project: Path) -> None:
    (project / "tools/bootstrap.py").write_text("print('installing')")
    assert make(project, ".venv/.installed").returncode != 0  # nothing was made that could be marked
    (project / ".venv").mkdir()
    assert make(project, ".venv/.installed").stdout == "installing\n"
    assert "up to date" in make(project, ".venv/.installed").stdout


def test_a_changed_lock_is_installed(project: Path) -> None:
    (project / "tools/bootstrap.py").write_text("print('installing')")
    (project / ".venv").mkdir()
    make(project, ".venv/.installed")
    later = time.time() + 2
    os.utime(project / "requirements-dev.txt", (later, later))
    assert make(project, ".venv/.installed").stdout == "installing\n"


def test_make_run_serves_and_ctrl_c_stops_it_without_an_error_of_make(
    project: Path, installed: list[str], port: int
) -> None:
    with running(project, port, *installed) as make_run:
        printed = press_ctrl_c(make_run)
    assert f"http://localhost:{port}" in printed
    assert "Traceback" not in printed
    assert "***" not in printed
    assert make_run.returncode in (0, -signal.SIGINT)


def test_make_run_makes_local_settings_once(project: Path, installed: list[str], port: int) -> None:
    with running(project, port, *installed) as make_run:
        printed = press_ctrl_c(make_run)
    made = (project / "local.settings.json").read_text()
    assert "Made local.settings.json" in printed
    assert not json.loads(made)["Values"]["TOKEN_KEY"].startswith("example-")
    with running(project, port, *installed) as make_run:
        assert "local.settings.json" not in press_ctrl_c(make_run).partition("http://")[0]
    assert (project / "local.settings.json").read_text() == made


def test_a_taken_port_is_one_clear_line(project: Path, installed: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        done = make(project, "run", *installed, f"PORT={number}")
    assert done.returncode != 0
    assert f"Port {number} is taken." in done.stderr
    assert without_the_line_of_make(done.stderr).count("\n") == 1


def test_make_check_runs_every_check_and_names_the_ones_that_failed(project: Path, installed: list[str]) -> None:
    for name, code in (("good", 0), ("bad", 3)):
        (project / name).write_text(f"#!/bin/sh\necho the reason for {name} $1\nexit {code}\n")
        (project / name).chmod(0o755)
    done = make(project, "check", *installed, "BIN=.", 'CHECKS="bad 1" "good 2" "bad 3"')
    assert done.returncode != 0
    assert done.stdout.splitlines() == [
        "FAILED  bad 1",
        "the reason for bad 1",
        "ok      good 2",
        "FAILED  bad 3",
        "the reason for bad 3",
        "make check failed: bad 1, bad 3",
    ]


@pytest.mark.parametrize("missing", ["FILE", "DATA", "TARGET"])
def test_make_model_names_the_missing_variable(project: Path, installed: list[str], missing: str) -> None:
    given = [f"{name}=given" for name in ("FILE", "DATA", "TARGET") if name != missing]
    done = make(project, "model", *given, *installed)
    assert done.returncode != 0
    assert f"{missing}= is missing: make model FILE=" in done.stderr


def test_make_model_passes_its_variables_on(project: Path, installed: list[str]) -> None:
    given = ["FILE=my model.joblib", "DATA=train.csv", "TARGET=y", "TEST=test.csv", "CLASSES=1,2", "ANYWAY=1"]
    given += ["OPTIONS=--closed --free-text 'my notes'"]
    printed = make(project, "--dry-run", "model", *given, *installed).stdout.replace("\\\n", "")
    expected = ['"my model.joblib"', "--data=train.csv", "--target=y", "--test=test.csv", "--classes=1,2", "--anyway"]
    expected += ["--closed", "--free-text", "'my notes'"]
    assert shlex.split(printed.splitlines()[0])[4:] == shlex.split(" ".join(expected))


def test_make_model_adopts_as_a_challenger_only_when_it_is_named(project: Path, installed: list[str]) -> None:
    """Make has a variable AS of its own: the assembler."""
    given = ["FILE=m.joblib", "DATA=train.csv", "TARGET=y"]
    plain, challenger = (
        make(project, "--dry-run", "model", *given, *role, *installed).stdout for role in ([], ["AS=challenger"])
    )
    assert "--as" not in plain
    assert '--as="challenger"' in challenger


def test_make_clean_keeps_the_local_settings(project: Path) -> None:
    for name in (".venv/bin", ".tools", ".mypy_cache"):
        (project / name).mkdir(parents=True)
    (project / "local.settings.json").touch()
    make(project, "clean")
    assert {".venv", ".tools", ".mypy_cache"}.isdisjoint(each.name for each in project.iterdir())
    assert (project / "local.settings.json").exists()


def without_the_line_of_make(stderr: str) -> str:
    """Return the errors without the line in which make reports the failed target."""
    return "".join(line for line in stderr.splitlines(keepends=True) if not line.startswith("make: ***"))
