"""The host as a process that serves a small function app."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[3]
APPS = Path(__file__).parent / "apps"
NO_PREFIX = '{"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}'

type Start = Callable[..., Host]
"""`start(app, *arguments, files={name: text}, **environment)`."""


def source(app: str) -> str:
    """Return the text of one of the apps in apps/."""
    return (APPS / f"{app}.py").read_text(encoding="utf-8")


class Host:
    """A host process. `url` is its address and `banner` its output at the start."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "SYSTEMROOT")}
        self.stderr = folder.with_suffix(".stderr")
        with self.stderr.open("w") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tools", "host", "--app", str(folder), "--port", "0", *arguments],
                cwd=ROOT,
                env=inherited | environment,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self.folder = folder
        self.banner = ""
        self.url = ""

    def ready(self) -> "Host":
        """Wait for the banner."""
        lines: list[str] = []
        while not lines or not lines[-1].startswith("Ctrl-C"):
            lines.append(self.line())
            assert lines[-1], f"the host did not start: {self.errors()}"
        self.banner = "".join(lines)
        match = re.search(r"Serving on (\S+)", self.banner)
        assert match
        self.url = match[1].replace("localhost", "127.0.0.1")
        return self

    def line(self) -> str:
        """Return the next line of its output; empty at the end."""
        assert self.process.stdout
        return self.process.stdout.readline()

    def get(self, path: str) -> httpx.Response:
        """Send a GET request."""
        return httpx.get(self.url + path)

    def errors(self) -> str:
        """Return its stderr so far."""
        return self.stderr.read_text(encoding="utf-8")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, unless it has ended already, and return its exit code."""
        self.process.send_signal(number)
        self.process.wait(20)
        assert self.process.stdout
        self.process.stdout.close()
        return self.process.returncode


def startup_errors(host: Host) -> str:
    """Return the stderr of a host that cannot start."""
    assert host.process.wait(20) == 1
    return host.errors()


def raw(host: Host, request: bytes) -> tuple[bytes, bytes]:
    """Send bytes and read the whole response. Returns its head and its body."""
    url = httpx.URL(host.url)
    with socket.create_connection((url.host, url.port or 0), timeout=10) as connection:
        connection.sendall(request)
        response = b""
        while received := connection.recv(65536):
            response += received
    head, _, body = response.partition(b"\r\n\r\n")
    return head, body
