"""Start the service in the local host, as it is, as a variant, or with its model served in another way."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.request import urlopen

from bench.connection import request
from bench.process import FIRST, LAST, Process, on_core, running
from shared.model import manifest
from shared.model.manifest import APP, ManifestFile
from shared.settings import DEMO_HASH, Settings

VARIANTS = APP / "bench" / "variants"
CONSTANT = APP / "bench" / "constant"
CREDENTIALS = b"grant_type=password&username=abi&password=password"
ROW = {"bmi": 0.0617}
PREDICTION = 210.80813786536956
"""The model's prediction for that row."""
MAX_DIFFERENCE = 0.01  # the constant function rounds; another model's prediction is further away
BATCH_ROWS = 10_000


@dataclass
class Service:
    """A running service."""

    url: str
    process: Process

    @cached_property
    def token(self) -> str:
        """A token of the demo user, from a login when it is first needed."""
        with urlopen(f"{self.url}/token", CREDENTIALS) as response:  # noqa: S310
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
