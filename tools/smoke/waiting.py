"""Waiting until a service is ready, and until it serves a certain package."""

import json
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.smoke.client import Client, SmokeError

MANIFEST, BUILD = "model/slr.json", "BUILD_ID"
UNNAMED = "local"  # the service's name of a build that has none
CONNECTIONS = 30  # a load balancer sends one connection in some to an instance that is still the old one
PAUSE_SECONDS = 2.0


@dataclass(frozen=True)
class Released:
    """The build and the model of a package."""

    build: str
    manifest: Mapping[str, Any]

    def __str__(self) -> str:
        """Return both as they are printed."""
        return named(self.build, self.manifest.get("version"))


def read(package: Path) -> Released:
    """Return the build and the manifest in a package's zip. Raises SmokeError."""
    try:
        with zipfile.ZipFile(package) as file:
            build = file.read(BUILD).decode().strip() if BUILD in file.namelist() else UNNAMED
            return Released(build, json.loads(file.read(MANIFEST)))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise SmokeError(f"{package} is no package of the service: {error}") from None


def wait_until_ready(client: Client, wait: float, sleep: Callable[[float], None] = time.sleep) -> str:
    """Wait until the service is ready, and return its state. Raises SmokeError when that takes too long."""
    end = time.monotonic() + wait
    while True:
        try:
            state = client.require_ok("/health/ready").members()
            return " ".join([state.get("status", ""), *state.get("reasons", [])])
        except SmokeError:
            if time.monotonic() + PAUSE_SECONDS > end:
                raise
        sleep(PAUSE_SECONDS)


def wait_until_released(
    client: Client, released: Released, end: float, sleep: Callable[[float], None] = time.sleep
) -> str:
    """Wait until so many connections in a row reach the package's build and model, and return both.

    While instances are replaced, some respond with another build, or not at all. Raises SmokeError, with the last of
    them, when that takes longer than until `end` on the monotonic clock.
    """
    reached = 0
    while reached < CONNECTIONS:
        found = _served(client)
        if found == str(released):
            reached += 1
            continue
        if time.monotonic() + PAUSE_SECONDS > end:
            raise SmokeError(f"/health/ready still returns {found}; the package has {released}")
        reached = 0
        sleep(PAUSE_SECONDS)
    return f"{released} on {CONNECTIONS} connections in a row"


def _served(client: Client) -> str:
    """Return the build and the model that one connection reaches, or the status of one that is not ready."""
    try:
        response = client.send("/health/ready")
    except SmokeError:
        return "nothing"
    if response.status != 200:
        return f"status {response.status}"
    return named(response.members().get("build"), response.members().get("model_version"))


def named(build: Any, version: Any) -> str:
    """Return a build and a model's version as they are printed."""
    return f"build {build} with model {version}"
