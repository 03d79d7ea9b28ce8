"""`python -m bench.pauses`: how long garbage collections stop the service, by generation.

bench/variants records every collection and returns them over a route of its own. The load is predictions of one row and
batches of 10,000, when the model and the exporter are loaded. Telemetry goes to a stand-in for Application Insights.
The target is for the processor time of a collection, during which nothing else of the service runs; the clock also
shows what else the machine did. Exit code 1 when one took longer.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.request import urlopen

import uvloop

from bench import launch
from bench.connection import Connection
from bench.launch import BATCH_ROWS, VARIANTS, Service, ingestion, serving, variant
from shared.telemetry.insights import Pace

MAX_MS = 10.0
CLIENTS = 16  # for one row; batches come from one client


class Pause(NamedTuple):
    """One collection: seconds on the clock, and those of them that the collector itself ran."""

    generation: int
    clock: float
    processor: float


def main(argv: Sequence[str]) -> int:
    """Print a table for each library that serves the model. Returns 1 when a pause was too long."""
    parser = argparse.ArgumentParser("python -m bench.pauses", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="requests of one row")
    parser.add_argument("--batches", type=int, default=50, help="requests of 10,000 rows")
    options = parser.parse_args(argv)
    print(f"{'':28}{'generation':>12}{'count':>8}{'longest ms':>12}{'processor ms':>14}{'total ms':>10}")
    longest = 0.0
    with TemporaryDirectory() as folder:
        for name, path in launch.manifests(Path(folder)).items():
            pauses = measure(path, options.rows, options.batches)
            print_rows(name, pauses)
            longest = max([longest, *(pause.processor * 1000 for pause in pauses)])
    verdict = "passed" if longest <= MAX_MS else "failed"
    print(f"no pause over {MAX_MS:g} ms: {verdict}, the longest took {longest:.1f} ms")
    return int(longest > MAX_MS)


def measure(path: Path, rows: int, batches: int) -> Sequence[Pause]:
    """Return the collections under load, after the model and the exporter are loaded."""
    with ingestion() as connected:
        settings = {**connected, **variant("watch collections"), "MODEL_MANIFEST": str(path)}
        with serving(VARIANTS, settings) as service:
            uvloop.run(send(service, CLIENTS, 1))
            time.sleep(Pace().load_after + 1)  # the exporter is loaded after the first requests, out of their way
            pauses_since_last_call(service)
            uvloop.run(send(service, rows, batches))
            return pauses_since_last_call(service)


async def send(service: Service, rows: int, batches: int) -> None:
    """Send so many requests of each kind, at the same time."""
    clients = [repeat(service.url, service.request(), rows // CLIENTS) for _ in range(CLIENTS)]
    await asyncio.gather(repeat(service.url, service.request(BATCH_ROWS), batches), *clients)


async def repeat(url: str, content: bytes, times: int) -> None:
    """Send the same request so many times. Raises RuntimeError for another status than 200."""
    connection = await Connection.open(url)
    for _ in range(times):
        await connection.send_ok(content)
    connection.close()


def pauses_since_last_call(service: Service) -> Sequence[Pause]:
    """Return the collections since this was called before."""
    with urlopen(f"{service.url}/pauses") as response:
        return [Pause(*collection) for collection in json.load(response)]


def print_rows(name: str, pauses: Sequence[Pause]) -> None:
    """Print a row for each generation."""
    for generation in range(3):
        clock = [pause.clock * 1000 for pause in pauses if pause.generation == generation]
        processor = [pause.processor * 1000 for pause in pauses if pause.generation == generation]
        longest = f"{max(clock, default=0):12.2f}{max(processor, default=0):14.2f}"
        print(f"{name:28}{generation:12}{len(clock):8,}{longest}{sum(clock):10.1f}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
