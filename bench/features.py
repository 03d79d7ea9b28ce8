"""`python -m bench.features`: what a pull costs, against the store's own round trip.

Against a Feast server in a process of its own: one entity, the whole request's p50 over the raw round trip's; 100
clients with a store that takes 50 ms, the throughput over what the configured concurrency allows. Against Azurite:
1,000 entities in one request, the store's own time for the same requests over the whole request's.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from shared.manifest import APP

from bench import load
from bench.serve import login, serving
from shared import settings, tables
from shared.features.feast import CONCURRENCY
from shared.features.table import Table
from tools import azurite
from tools.features import store

SERVER = "from tests.features.feast_server import serve; serve(delay={delay}, rows={{'p': {{'bmi': 0.0617}}}})"
MANY = [f"patient-{i}" for i in range(1_000)]
WAIT_SECONDS = 0.05


def main() -> None:
    """Print each figure as the median of its rounds."""
    parser = argparse.ArgumentParser("python -m bench.features", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for seconds in (0.0, 0.002):  # a stand-in that only parses JSON, and one about as quick as Feast's own server
        with feast(seconds) as quick, serving(APP, told(quick)) as service:
            login(service)
            figure = f"one entity, p50 ÷ raw round trip, {seconds * 1000:.0f} ms store"
            tell(figure, [one_entity(service, quick) for _ in range(rounds)])
    with feast(WAIT_SECONDS) as slow, serving(APP, told(slow)) as service:
        tell("100 clients, 50 ms store: throughput ÷ ideal", [many_clients(service) for _ in range(rounds)])
    with azurite.running() as connection:
        os.environ["STORAGE_CONNECTION"] = connection
        settings.current.cache_clear()
        asyncio.run(
            store.load(tables.Table("features", tables.Account(connection)), {entity: {"bmi": 0.01} for entity in MANY})
        )
        with serving(APP, {"FEATURES_SOURCE": "table", "FEATURES_TIMEOUT_MS": "10000"}) as service:
            tell("1,000 entities from Azurite ÷ the store alone", [thousand(service) for _ in range(rounds)])


def one_entity(service: str, quick: str) -> float:
    """How many raw round trips a whole request takes."""
    asked = {"entities": {"entity_id": ["p"]}, "full_feature_names": False, "features": ["bmi"]}
    raw = load.run(load.post(f"{quick}/get-online-features", json.dumps(asked).encode()), clients=1, seconds=1.5)
    request = load.post(f"{service}/predict", body(["p"]), login(service))
    load.run(request, clients=1, seconds=0.5)
    whole = load.run(request, clients=1, seconds=1.5)
    return whole.percentile(0.5) / raw.percentile(0.5)


def many_clients(service: str) -> float:
    """The share of the ideal throughput: as many pulls at once as the service makes, 50 ms each."""
    request = load.post(f"{service}/predict", body(["p"]), login(service))
    load.run(request, clients=20, seconds=0.5)
    return load.run(request, clients=100, seconds=3).rate / (CONCURRENCY / WAIT_SECONDS)


def thousand(service: str) -> float:
    """The store's own time for the same 1,000 entities, over the whole request's."""
    started = time.perf_counter()
    asyncio.run(alone())
    own = time.perf_counter() - started
    request = load.post(f"{service}/predict", body(MANY), login(service))
    return own * 1000 / load.run(request, clients=1, seconds=3).percentile(0.5)


async def alone() -> None:
    """The same requests to the table, without a service round them."""
    table = Table("features")
    await asyncio.gather(*(table.fetch(batch, ["bmi"]) for batch in table.batches(MANY)))


def told(url: str) -> dict[str, str]:
    """Settings of a service that pulls from the Feast server at `url`."""
    return {"FEATURES_SOURCE": "feast", "FEATURES_URL": url, "FEATURES_TIMEOUT_MS": "5000"}


def body(entities: Sequence[str]) -> bytes:
    """A request for these entities."""
    return json.dumps({"instances": [{"entity_id": entity} for entity in entities]}).encode()


def tell(what: str, values: Sequence[float]) -> None:
    """Print the median, the least and the greatest."""
    print(f"{what:50} {statistics.median(values):6.2f}   ({min(values):.2f} to {max(values):.2f})")


@contextmanager
def feast(delay: float) -> Iterator[str]:
    """The URL of a Feast server that takes `delay` seconds for an answer, in a process of its own."""
    command = [sys.executable, "-c", SERVER.format(delay=delay)]
    process = subprocess.Popen(command, cwd=APP, stdout=subprocess.PIPE, text=True)
    try:
        yield (process.stdout.readline() if process.stdout else "").strip()
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    main()
