"""The dashboards with something to see, for the picture in docs/: a minute and a half of the service's life.

Service, users, feature store and traffic are real. In the middle the store is away for some seconds.
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
from tools.insights import listening
from tools.insights.beside import beside
from tools.traffic import still
from tools.traffic.plan import Plan
from tools.traffic.send import TIMEOUT_SECONDS, Sender

ROOT = Path(__file__).parent.parent.parent
PEOPLE = dict.fromkeys(("abi", "ben", "chiara"), DEMO_PASSWORD)
USERS = json.dumps(dict.fromkeys(PEOPLE, DEMO_HASH))
ENTITIES = [f"patient-{number}" for number in range(1, 200)]
RATE = 25.0
WARM_SECONDS = 6.0
ACTS = ((45.0, True), (9.0, False), (36.0, True))
"""Seconds of traffic, and whether the feature store is there meanwhile."""
SECONDS = sum(seconds for seconds, _ in ACTS)

type Served = Callable[[Mapping[str, str]], AbstractContextManager[str]]
"""Runs the service with more settings, and gives its URL."""


@contextmanager
def scene(served: Served) -> Iterator[str]:
    """Play it, then give the dashboards' URL. Raises InsightsError or AzuriteError."""
    with listening(0) as listener:  # whichever port is free
        port = listener.getsockname()[1]
    with TemporaryDirectory() as folder, beside(port) as telemetry:
        store = Store(Path(folder))
        with store.there():
            store.fill()
        features = {"FEATURES_SOURCE": "table", "STORAGE_CONNECTION": store.connection}
        told = {**features, "USERS": USERS, "APPLICATIONINSIGHTS_CONNECTION_STRING": telemetry}
        with served(told) as url:
            asyncio.run(play(url, store))
        yield f"http://127.0.0.1:{port}"


class Store:
    """A feature store that can be away for a while: Azurite, always at the same address and with the same rows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = azurite.free(0)
        self.connection = azurite.connection_string(self._port)

    def there(self) -> AbstractContextManager[str]:
        """The store, for as long as the block lasts."""
        return azurite.beside(self._port, self._folder / "tables")

    def fill(self) -> None:
        """Put the demo's rows there, as docs/features.md does it."""
        environ = {**os.environ, "STORAGE_CONNECTION": self.connection}
        rows = subprocess.run([*TOOL, "example"], cwd=ROOT, env=environ, capture_output=True, check=True).stdout
        (self._folder / "patients.csv").write_bytes(rows)
        command = [*TOOL, "load", str(self._folder / "patients.csv"), "--key", "patient"]
        subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=True)


TOOL = (sys.executable, "-m", "tools", "features")


async def play(url: str, store: Store) -> None:
    """Send traffic while the store comes and goes."""
    dice = random.Random(2)  # noqa: S311 - traffic, not secrets
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS) as client:
        manifest = (await client.get("/model")).json()
        sender = Sender(client, Plan(manifest, PEOPLE, dice, ENTITIES), dice)
        for name in PEOPLE:
            await sender.log_in(name)
        with store.there():
            await sender.run(RATE, WARM_SECONDS, still)  # the model's load is another story
        for seconds, there in ACTS:
            with store.there() if there else nullcontext():
                await sender.run(RATE, seconds, still)
