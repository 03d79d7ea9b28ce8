"""Fill the dashboards for the screenshot in docs/: a minute and a half of the service's life.

Service, users, feature store and traffic are real. In the middle, the feature store is down for some seconds.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from shared.settings import DEMO_HASH
from tools import azurite
from tools.host.banner import DEMO_PASSWORD
from tools.insights import child, listen
from tools.traffic import show_nothing
from tools.traffic.plan import Plan
from tools.traffic.send import TIMEOUT_SECONDS, Sender

ROOT = Path(__file__).parent.parent.parent
FEATURES_TOOL = (sys.executable, "-m", "tools", "features")
PASSWORDS = dict.fromkeys(("abi", "ben", "chiara"), DEMO_PASSWORD)
USERS = json.dumps(dict.fromkeys(PASSWORDS, DEMO_HASH))
ENTITIES = [f"patient-{number}" for number in range(1, 200)]
RATE = 25.0
WARM_UP_SECONDS = 6.0
PHASES = ((45.0, True), (9.0, False), (36.0, True))
"""Seconds of traffic, and whether the feature store is up meanwhile."""
SECONDS = sum(seconds for seconds, _ in PHASES)

type Serve = Callable[[Mapping[str, str]], AbstractContextManager[str]]
"""Run the service with additional settings, and yield its URL."""


@contextmanager
def dashboards_with_traffic(serve: Serve) -> Iterator[str]:
    """Send the traffic, then yield the URL of the dashboards. Raises InsightsError or AzuriteError."""
    with listen(0) as listener:
        port = listener.getsockname()[1]  # a free one
    with TemporaryDirectory() as folder, child.running(port) as telemetry:
        store = FeatureStore(Path(folder))
        with store.running():
            store.fill()
        features = {"FEATURES_SOURCE": "table", "STORAGE_CONNECTION": store.connection_string}
        settings = {**features, "USERS": USERS, "APPLICATIONINSIGHTS_CONNECTION_STRING": telemetry}
        with serve(settings) as url:
            asyncio.run(send_traffic(url, store))
        yield f"http://127.0.0.1:{port}"


class FeatureStore:
    """A feature store that can stop for a while: Azurite, always at the same address and with the same rows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = azurite.available_port(0)
        self.connection_string = azurite.connection_string(self._port)

    def running(self) -> AbstractContextManager[str]:
        """Run the store during the block."""
        return azurite.running(self._port, self._folder / "tables")

    def fill(self) -> None:
        """Load the demo's rows, with the commands of docs/features.md."""
        environ = {**os.environ, "STORAGE_CONNECTION": self.connection_string}
        example = [*FEATURES_TOOL, "example"]
        rows = subprocess.run(example, cwd=ROOT, env=environ, capture_output=True, check=True).stdout
        (self._folder / "patients.csv").write_bytes(rows)
        load = [*FEATURES_TOOL, "load", str(self._folder / "patients.csv"), "--key", "patient"]
        subprocess.run(load, cwd=ROOT, env=environ, capture_output=True, check=True)


async def send_traffic(url: str, store: FeatureStore) -> None:
    """Send traffic while the store starts and stops."""
    rng = random.Random(2)  # noqa: S311 - traffic, not secrets
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS) as client:
        manifest = (await client.get("/model")).json()
        sender = Sender(client, Plan(manifest, PASSWORDS, rng, ENTITIES), rng)
        for name in PASSWORDS:
            await sender.log_in(name)
        with store.running():
            await sender.run(RATE, WARM_UP_SECONDS, show_nothing)  # loads the model, which the picture does not show
        for seconds, up in PHASES:
            with store.running() if up else nullcontext():
                await sender.run(RATE, seconds, show_nothing)
