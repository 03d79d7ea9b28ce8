"""The whole service in a process of its own, as `make run` starts it, for tests that talk HTTP."""

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

PROJECT = Path(__file__).parent.parent
START_SECONDS = 30.0


@dataclass
class Service:
    """A running service. `lines` is what it wrote to its console so far."""

    url: str
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def client(self, token: str = "") -> httpx.Client:
        """A client of it, with a bearer token where one is given."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)

    def login(self, name: str = "abi", password: str = "password") -> str:
        """A token of the user."""
        form = {"grant_type": "password", "username": name, "password": password}
        answer = httpx.post(f"{self.url}/token", data=form, timeout=20)
        return str(answer.raise_for_status().json()["access_token"])

    def lines_with(self, text: str, seconds: float = 5.0) -> list[str]:
        """The lines that hold `text`, once there are any: the console is read beside the test."""
        end = time.monotonic() + seconds
        while not (found := [line for line in self.lines if text in line]) and time.monotonic() < end:
            time.sleep(0.01)
        return found


@contextmanager
def serving(environ: Mapping[str, str], app: Path = PROJECT) -> Iterator[Service]:
    """Start the service on a free port with exactly these settings, and end it afterwards."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "SYSTEMROOT", "COVERAGE_PROCESS_START")
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tools", "host", "--app", str(app), "--port", "0"],
        cwd=PROJECT,
        env={**kept, **environ},
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
        process.wait(10)
        reader.join(10)
        process.stdout.close()  # type: ignore[union-attr]


def _read(service: Service, ready: threading.Event) -> None:
    for line in service.process.stdout or ():
        service.lines.append(line)
        if found := re.match(r"Serving on (http://\S+)", line):
            service.url = found[1]
        if line.startswith("Ctrl-C"):
            ready.set()
    ready.set()
