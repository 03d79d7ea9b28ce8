"""`python -m bench.soak`: the service under mixed traffic for a while. Does anything fail, grow, or pile up?

Keep-alive clients request predictions of one row and of up to 10,000, log in again every minute, read the manifest and
other pages, and send requests that must be refused. Status and values of each response are checked. Telemetry goes to a
stand-in for Application Insights. First all clients send large batches together, so that threads and the memory for the
worst case exist before anything is judged. Every few seconds a sample is taken: the server's memory, threads, open
files and processor time, the rate and the times of requests. Exit code 1 when a check failed.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from tempfile import TemporaryDirectory

import uvloop

from bench.launch import Service, ingestion, serving
from bench.soak import samples
from bench.soak.clients import Client, Tally
from bench.soak.samples import WARM_UP, Sample, Verdict
from bench.soak.traffic import Mix
from shared.model.manifest import APP
from shared.model.manifest_file import ManifestFile
from shared.settings import Settings


def main(argv: Sequence[str]) -> int:
    """Run it, and print samples and verdicts. Returns 1 when a check failed."""
    parser = argparse.ArgumentParser("python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS", help="between two samples")
    options = parser.parse_args(argv)
    print(" ".join(["$ python -m bench.soak", *argv]), samples.HEAD, sep="\n\n", flush=True)
    tally = Tally()
    with (
        TemporaryDirectory() as folder,
        ingestion() as connected,
        serving(APP, {**connected, "TMPDIR": folder}, pinned=False) as service,
    ):
        collected = uvloop.run(run(service, options, tally))
    results = samples.verdicts(collected, tally.failed)
    print_results(tally, results)
    return int(any(verdict.passed is False for verdict in results))


async def run(service: Service, options: argparse.Namespace, tally: Tally) -> Sequence[Sample]:
    """Run all clients until the time is over. Print the samples, and return them."""
    manifest = ManifestFile(Settings.read(os.environ))
    mix, together = Mix.of(manifest.manifest, manifest.public), asyncio.Barrier(options.clients)
    collected = []
    async with asyncio.TaskGroup() as group:
        clients = [Client(service.url, mix, tally, number) for number in range(options.clients)]
        tasks = [group.create_task(client.run(together)) for client in clients]
        async for sample in samples.watch(service.process, tally, options.every, options.minutes * 60):
            print(samples.line(sample), flush=True)
            collected.append(sample)
        for task in tasks:
            task.cancel()
    return collected


def print_results(tally: Tally, results: Sequence[Verdict]) -> None:
    """Print the requests by kind, the first failures, and each verdict."""
    print()
    for name, count in tally.requests.most_common():
        print(f"{count:12,}  {name}")
    print(f"{tally.requests.total():12,}  requests, {tally.failed:,} failed", *tally.first_failures, sep="\n  ")
    print(f"\nafter a warm-up of {WARM_UP:.0%} of the time:")
    for verdict in results:
        word = {True: "passed", False: "failed", None: "the run was too short"}[verdict.passed]
        print(f"{verdict.check:32} {verdict.result:28} {word}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
