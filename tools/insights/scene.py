"""The dashboards with something to see: the service, its feature store and users, traffic, and a store that fails.

For the picture in docs/. All of it is real but for the length: a minute and a half.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import httpx

from shared.settings import DEMO_HASH
from tools import azurite
from tools.host.banner import DEMO_PASSWORD
from tools.insights.beside import beside, free
from tools.traffic import still
from tools.traffic.plan import Plan
from tools.traffic.send import TIMEOUT_SECONDS, Sender

ROOT = Path(__file__).parent.parent.parent
PEOPLE = dict.fromkeys(("abi", "ben", "chiara"), DEMO_PASSWORD)
ENTITIES = [f"patient-{number}" for number in range(1, 200)]
RATE = 25.0
ACTS = ((45.0, True), (10.0, False), (35.0, True))
"""Seconds of traffic, and whether the feature store is there meanwhile."""


class SceneError(Exception):
    """Something of it does not start; the text says what."""


@contextmanager
def scene() -> Iterator[str]:
    """Play it, and give the address of the dashboards that watched. Raises SceneError, AzuriteError, InsightsError."""
    port = free()
    with TemporaryDirectory() as folder, beside(port) as connection:
        store = Store(Path(folder))
        began = datetime.now(UTC)
        with store.there(), store.served(connection) as url:
            pass
    yield began, url
