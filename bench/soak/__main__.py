"""`python -m bench.soak`."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvloop
from shared.manifest import APP

from bench import soak
from bench.ingestion import ingestion, telling
from bench.process import Process, running
from bench.soak import samples
from bench.soak.clients import Client, Tally
from bench.soak.picture import picture
from bench.soak.samples import Sample, Writes
from bench.soak.traffic import mix
from bench.soak.verdicts import WARM_UP, Verdict, verdicts
from bench.soak.watch import watch
from shared import manifest

SAVED = APP / "docs" / "soak.csv"


def main(argv: Sequence[str]) -> int:
    """Run it, and print samples and verdicts. Returns 1 when a promise is broken."""
    given = parser().parse_args(argv)
    print(" ".join(["$ python -m bench.soak", *argv]), samples.HEAD, sep="\n\n", flush=True)
    tally, found = Tally(), list[Sample]()
    with samples.writing(given.csv) as write, service() as (url, process):

        def keep(sample: Sample) -> None:
            found.append(sample)
            write(sample)
            print(samples.line(sample), flush=True)

        uvloop.run(run(url, process, given, tally, keep))
    judged = verdicts(found, tally.failed)
    tell(tally, judged)
    if given.save:
        shutil.copyfile(given.csv, SAVED)
        SAVED.with_suffix(".svg").write_text(picture(found, given.clients, tally.asked.total(), tally.failed))
    return int(any(verdict.kept is False for verdict in judged))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    arguments = argparse.ArgumentParser("python -m bench.soak", description=soak.__doc__)
    arguments.add_argument("--minutes", type=float, default=15.0)
    arguments.add_argument("--clients", type=int, default=16)
    arguments.add_argument("--every", type=float, default=5.0, metavar="SECONDS", help="between two samples")
    csv = Path("dist/soak.csv")
    arguments.add_argument(
        "--csv", type=Path, default=csv, metavar="FILE", help="for the samples (default: %(default)s)"
    )
    arguments.add_argument(
        "--save", action="store_true", help="keep them in docs/soak.csv, with a chart in docs/soak.svg"
    )
    return arguments


@contextmanager
def service() -> Iterator[tuple[str, Process]]:
    """The service in the local host, with somebody to tell, free to use every core."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ingestion("healthy") as address,
        running(APP, {**telling(address), "TMPDIR": folder}, pinned=False) as started,
    ):
        yield started


async def run(url: str, process: Process, given: argparse.Namespace, tally: Tally, write: Writes) -> None:
    """All clients for as long as the watch looks on."""
    asked, together = mix(manifest.current(), manifest.content()), asyncio.Barrier(given.clients)
    async with asyncio.TaskGroup() as group:
        clients = [Client(url, asked, tally, number) for number in range(given.clients)]
        tasks = [group.create_task(client.run(together)) for client in clients]
        await watch(process, tally, given.every, given.minutes * 60, write)
        for task in tasks:
            task.cancel()


def tell(tally: Tally, judged: Sequence[Verdict]) -> None:
    """Print what was asked, what failed first, and each promise."""
    print()
    for name, count in tally.asked.most_common():
        print(f"{count:12,}  {name}")
    print(f"{tally.asked.total():12,}  requests, {tally.failed:,} failed", *tally.first, sep="\n  ")
    print(f"\nafter a warm-up of {WARM_UP:.0%} of the time:")
    for verdict in judged:
        kept = {True: "kept", False: "BROKEN", None: "too short to tell"}[verdict.kept]
        print(f"{verdict.promise:32} {verdict.found:28} {kept}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
