"""The whole service in a separate process, as `make run` starts it, for tests over HTTP."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from shared.settings import DECLARED

PROJECT = Path(__file__).parent.parent
START_SECONDS = 30.0
STOP_SECONDS = 30.0


@dataclass
class Service:
    """A running service. `lines` is its console output so far."""

    url: str
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def client(self, token: str = "") -> httpx.Client:
        """Return an HTTP client of the service, with a bearer token if there is one."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)

    def login(self, name: str = "abi", password: str = "password") -> str:
        """Return a token of the user."""
        form = {"grant_type": "password", "username": name, "password": password}
        response = httpx.post(f"{self.url}/token", data=form, timeout=20)
        return str(response.raise_for_status().json()["access_token"])

    def lines_with(self, text: str, seconds: float = 10.0) -> list[str]:
        """Wait until lines contain `text`, and return them: a thread reads the console."""
        end = time.monotonic() + seconds
        while not (lines := [line for line in self.lines if text in line]) and time.monotonic() < end:
            time.sleep(0.01)
        return lines


UNSET = {name: "" for name in DECLARED if name not in ("AZURE_FUNCTIONS_ENVIRONMENT", "BUILD_ID")}
"""A variable of the environment overrides local.settings.json, and an empty one counts as absent."""


@contextmanager
def serving(environ: Mapping[str, str], app: Path = PROJECT) -> Iterator[Service]:
    """Run the service on a free port with exactly these settings during the block."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "SYSTEMROOT", "COVERAGE_PROCESS_START")
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tools", "host", "--app", str(app), "--port", "0"],
        cwd=PROJECT,
        env={**UNSET, **inherited, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    service = Service("", process)
    ready = threading.Event()
    reader = threading.Thread(target=_read, args=(service, ready), daemon=True)
    reader.start()
    try:
        if not ready.wait(START_SECONDS) or not service.url:
            raise RuntimeError(f"the service did not start:\n{''.join(service.lines)}")
        yield service
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)
        reader.join(STOP_SECONDS)
        process.stdout.close()  # type: ignore[union-attr]


def _read(service: Service, ready: threading.Event) -> None:
    for line in service.process.stdout or ():
        service.lines.append(line)
        if match := re.match(r"Serving on (http://\S+)", line):
            service.url = match[1]
        if line.startswith("Ctrl-C"):
            ready.set()
    ready.set()
