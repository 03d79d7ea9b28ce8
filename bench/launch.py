"""Start a program on one core, and end all of it. Start the service: as it is, as a variant, with telemetry."""

import json
import multiprocessing
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil

from bench.connection import request
from shared.model import manifest
from shared.model.manifest import APP
from shared.model.manifest_file import ManifestFile
from shared.settings import DEMO_HASH, Settings

FIRST, LAST = 0, (os.cpu_count() or 1) - 1
GRACE_SECONDS = 3.0  # between a request to end and a kill
VARIANTS = APP / "bench" / "variants"
CONSTANT = APP / "bench" / "constant"
INSIGHTS_KEY = "10ca1000-0000-4000-8000-000000000000"
CREDENTIALS = b"grant_type=password&username=abi&password=password"
ROW = {"bmi": 0.0617}
PREDICTION = 210.80813786536956
"""The model's prediction for that row."""
MAX_DIFFERENCE = 0.01  # the constant function rounds; another model's prediction is further away
BATCH_ROWS = 10_000

type Process = psutil.Popen
"""A program that was started here, with psutil's figures of it."""


@contextmanager
def running(command: Sequence[str], *, core: int | None, **options: Any) -> Iterator[Process]:
    """Run a program on one core, or on all for None, with these options of Popen. All of it ends with the block."""
    with on_core(core):  # inherited, so that nothing starts elsewhere
        process = psutil.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        yield process
    finally:
        end(process)


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Keep this process, and the programs that it starts, on one core; on all of them for None."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(LAST + 1) if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def end(process: Process) -> None:
    """Terminate a program and its descendants, and after a moment kill those that are left."""
    members = tree(process)
    for member in members:
        with suppress(psutil.NoSuchProcess):
            member.terminate()
    _, alive = psutil.wait_procs(members, GRACE_SECONDS)
    for member in alive:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # children of a program that ended before them have another parent now
    psutil.wait_procs(alive, GRACE_SECONDS)


def tree(process: Process) -> list[psutil.Process]:
    """Return a process and all its descendants that run, also those with a session of their own."""
    with suppress(psutil.NoSuchProcess):
        return [process, *process.children(recursive=True)]
    return []


def cpu_seconds(process: Process) -> float:
    """Return the processor time that a process has used, all threads together."""
    times = process.cpu_times()
    return float(times.user + times.system)


@dataclass
class Service:
    """A running service."""

    url: str
    process: Process

    @cached_property
    def token(self) -> str:
        """A token of the demo user, from a login when it is first needed."""
        with urlopen(f"{self.url}/token", CREDENTIALS) as response:
            return str(json.load(response)["access_token"])

    def request(self, rows: int = 1) -> bytes:
        """Return a request for predictions of so many rows."""
        return request("POST", "/predict", body(rows), f"Bearer {self.token}")


@contextmanager
def serving(app: Path = APP, settings: Mapping[str, str] | None = None, *, pinned: bool = True) -> Iterator[Service]:
    """Serve an app on a free port. Pinned: the server on the first core, this client on the last one."""
    environ = {
        **os.environ,
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "TOKEN_KEY": secrets.token_hex(32),
        "USERS": json.dumps({"abi": DEMO_HASH}),
        **(settings or {}),
    }
    command = [sys.executable, "-m", "tools", "host", "--app", str(app), "--port", "0"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with (
        running(command, core=FIRST if pinned else None, cwd=APP, env=environ, **streams) as process,
        on_core(LAST if pinned else None),
    ):
        url = next((line.split()[-1] for line in process.stdout if line.startswith("Serving on")), "")
        if not url:
            raise RuntimeError(f"{app} does not start; see `{' '.join(command[1:])}`")
        yield Service(url, process)


def variant(*names: str) -> Mapping[str, str]:
    """Return the settings that make bench/variants the service with these changes."""
    return {"BENCH_VARIANT": ", ".join(names)}


def body(rows: int) -> bytes:
    """Return the body of a request for predictions of so many rows."""
    return json.dumps({"instances": [ROW] * rows}).encode()


def manifests(folder: Path) -> Mapping[str, Path]:
    """Return manifests of the configured model by the library that serves it: the configured one first.

    Each of the others lacks what is served before it, down to `scikit-learn`. They are written to `folder`, with the
    model's files beside them.
    """
    configured = ManifestFile(Settings.from_environment())
    document = json.loads(configured.content)
    paths: dict[str, Path] = {configured.manifest.artifact.runtime: configured.path}
    for removed in ("linear", "onnx"):
        if document["artifact"].pop(removed, None):
            path = folder / f"without_{removed}.json"
            path.write_text(json.dumps(document), encoding="utf-8")
            paths[manifest.decode(path.read_bytes()).artifact.runtime] = path
    for file in configured.path.parent.glob("slr.*"):
        (folder / file.name).write_bytes(file.read_bytes())
    return paths


class Ingestion(BaseHTTPRequestHandler):
    """A stand-in for Application Insights that accepts everything at once."""

    def do_POST(self) -> None:
        """Read the items and accept them."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@contextmanager
def ingestion() -> Iterator[Mapping[str, str]]:
    """Run the stand-in in its own process, and yield the settings of a service that sends its telemetry there."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Ingestion) as server:
        process = multiprocessing.get_context("fork").Process(target=server.serve_forever, daemon=True)
        process.start()
        endpoint = f"IngestionEndpoint=http://127.0.0.1:{server.server_port}"
        try:
            yield {"APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={INSIGHTS_KEY};{endpoint}"}
        finally:
            process.kill()
            process.join()
