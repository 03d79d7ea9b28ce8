"""A real Feast server in an environment of its own under .cache/feast, with a local SQLite store."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bench.launch import running
from shared.model.manifest import APP
from tools.bootstrap import fetch_uv, find_uv

HERE = Path(__file__).parent
CACHE = APP / ".cache/feast"
PATIENTS: Mapping[int, Mapping[str, Any]] = {
    1: {"x": 0.5, "sex": "f", "smokes": True},
    2: {"x": None, "sex": "m", "smokes": False},
    7: {"x": 1.0, "sex": None, "smokes": None},
}
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "p1": {"x": 0.5, "sex": "f", "smokes": True},
    "1": {"x": 0.25, "sex": "m", "smokes": False},
    "ü/ ?": {"x": 0.75, "sex": "m", "smokes": True},
}
INSTALL_SECONDS, START_SECONDS = 600, 60


@contextmanager
def real_feast() -> Iterator[str]:
    """Run a Feast server for the block. Yields its URL."""
    install()
    with tempfile.TemporaryDirectory() as folder:
        content = json.dumps({"patients": PATIENTS, "people": PEOPLE})
        _run([str(CACHE / "bin/python"), str(HERE / "repository.py"), folder], input=content, env=_environ())
        port = _free_port()
        command = [str(CACHE / "bin/feast"), "-c", folder, "serve", "-p", str(port), "--no-access-log"]
        with running(command, core=None, env=_environ(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            url = f"http://127.0.0.1:{port}"
            _wait(url)
            yield url


def install() -> None:
    """Install exactly the requirements, unless they are installed."""
    requirements, installed = HERE / "requirements.txt", CACHE / ".requirements"
    if installed.exists() and installed.read_text(encoding="utf-8") == requirements.read_text(encoding="utf-8"):
        return
    uv = find_uv() or fetch_uv()
    shutil.rmtree(CACHE, ignore_errors=True)
    _run([uv, "--quiet", "venv", "--python", sys.executable, str(CACHE)])
    _run([uv, "--quiet", "pip", "install", "--python", str(CACHE), "--requirement", str(requirements)])
    shutil.copy(requirements, installed)


def _environ() -> dict[str, str]:
    return {**os.environ, "FEAST_USAGE": "False", "PYTHONPATH": ""}


def _run(command: Sequence[str], **options: Any) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False, **options)
    assert done.returncode == 0, done.stderr[-2_000:]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        return int(opened.getsockname()[1])


def _wait(url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with urlopen(f"{url}/health"):  # noqa: S310 - the server that was started here
                return
        except OSError:
            assert time.monotonic() < until, "Feast does not start"
            time.sleep(0.2)
