"""`python -m bench.pauses`: how long garbage collections stop the service, by generation.

A function app (bench/collecting) registers with the collector and tells every collection over a route of its own. Asked
for first are all until the model and the exporter are loaded, then those under load: predictions of one row, and
batches of 10,000. Telemetry goes to a process that stands in for Application Insights. Judged is the processor time of
a collection, during which nothing else of the service runs; the clock also has what else ran on the machine. Exit code
1 when one under load took longer than promised.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import uvloop
from shared.manifest import APP

from bench import models
from bench.connection import Connection
from bench.ingestion import ingestion, telling
from bench.load import post
from bench.serve import ROW, body, login, serving
from shared.telemetry.insights import Pace

MOST_MS = 10.0
CLIENTS = 16
"""For one row; batches come from one client."""


class Pause(NamedTuple):
    """One collection."""

    generation: int
    clock: float
    """Seconds until it was over."""
    processor: float
    """Seconds of them that the collector itself ran."""


def main(argv: Sequence[str]) -> int:
    """Print a table for each way to load the model. Returns 1 when the promise is broken."""
    parser = argparse.ArgumentParser("python -m bench.pauses", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="requests of one row")
    parser.add_argument("--batches", type=int, default=50, help="requests of 10,000 rows")
    given = parser.parse_args(argv)
    print(f"{'':28}{'generation':>12}{'count':>8}{'longest ms':>12}{'processor ms':>14}{'total ms':>10}")
    longest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name, path in models.served(Path(folder)).items():
            loading, under_load = measured(path, given.rows, given.batches)
            tell(f"{name}, loading", loading)
            tell(f"{name}, under load", under_load)
            longest = max([longest, *(pause.processor * 1000 for pause in under_load)])
    print(
        f"no pause over {MOST_MS:g} ms: {'kept' if longest <= MOST_MS else 'BROKEN'}, the longest was {longest:.1f} ms"
    )
    return int(longest > MOST_MS)


def measured(path: Path, rows: int, batches: int) -> tuple[Sequence[Pause], Sequence[Pause]]:
    """Collections until the service is warm, and those under load."""
    with ingestion("healthy") as address:
        told = {**telling(address), "MODEL_MANIFEST": str(path)}
        with serving(APP / "bench" / "collecting", told) as url:
            token = login(url)
            uvloop.run(loaded(url, token, CLIENTS, 1))
            time.sleep(Pace().load_after + 1)  # the exporter loads after the first requests, to keep out of their way
            starting = pauses(url)
            uvloop.run(loaded(url, token, rows, batches))
            return starting, pauses(url)


async def loaded(url: str, token: str, rows: int, batches: int) -> None:
    """So many requests of each kind, at the same time."""
    *_, row = post(f"{url}/predict", body([ROW]), token)
    *_, batch = post(f"{url}/predict", body([ROW] * 10_000), token)
    async with asyncio.TaskGroup() as group:
        group.create_task(repeated(url, batch, batches))
        for _ in range(CLIENTS):
            group.create_task(repeated(url, row, rows // CLIENTS))


async def repeated(url: str, content: bytes, times: int) -> None:
    """The same request so many times. Raises RuntimeError for an answer that is no 200."""
    connection = Connection(url)
    for _ in range(times):
        answer = await connection.ask(content)
        if answer.status != 200:
            raise RuntimeError(f"answered {answer.status}")
    connection.close()


def pauses(url: str) -> Sequence[Pause]:
    """The collections since this was last asked."""
    with urlopen(f"{url}/pauses") as answer:  # noqa: S310
        return [Pause(*each) for each in json.load(answer)]


def tell(name: str, found: Sequence[Pause]) -> None:
    """Print a line for each generation."""
    for generation in range(3):
        of = [pause for pause in found if pause.generation == generation]
        clock, processor = [pause.clock * 1000 for pause in of], [pause.processor * 1000 for pause in of]
        longest = f"{max(clock, default=0):12.2f}{max(processor, default=0):14.2f}"
        print(f"{name:28}{generation:12}{len(of):8,}{longest}{sum(clock):10.1f}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
