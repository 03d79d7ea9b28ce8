"""A real Feast server in an environment of its own under .cache/feast, with a local SQLite store."""

import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bench.launch import running
from tests.environments import completed, environment

HERE = Path(__file__).parent
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
START_SECONDS = 60


@contextmanager
def real_feast() -> Iterator[str]:
    """Run a Feast server for the block. Yields its URL."""
    programs = environment("feast", HERE / "requirements.txt") / "bin"
    with tempfile.TemporaryDirectory() as folder:
        content = json.dumps({"patients": PATIENTS, "people": PEOPLE})
        completed([programs / "python", HERE / "repository.py", folder], input=content, env=_environ())
        port = _free_port()
        command = [str(programs / "feast"), "-c", folder, "serve", "-p", str(port), "--no-access-log"]
        with running(command, core=None, env=_environ(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            url = f"http://127.0.0.1:{port}"
            _wait(url)
            yield url


def _environ() -> dict[str, str]:
    return {**os.environ, "FEAST_USAGE": "False", "PYTHONPATH": ""}


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
