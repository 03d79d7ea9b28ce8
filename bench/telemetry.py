"""`python -m bench.telemetry`: what telemetry costs, and what it costs when Application Insights does not take it.

Every variant is a service of its own behind the local host, the exporter's thread and the host's `requests` items
included; a small process stands in for ingestion. The variants are measured in turn, round by round. With `--minutes`
the service's memory is watched instead, under load with ingestion down.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from shared.manifest import APP

from bench import load
from bench.ingestion import ingestion, telling
from bench.process import MEGABYTE, Process, running
from bench.serve import ROW, body, login
from shared.telemetry.insights import Pace

NOTHING: Mapping[str, str] = {}
DOWN = ("refused", "hanging", "429", "500", "206")
LEAST_RATIO = 0.8  # requests/s with telemetry ÷ without
MOST_MS, MOST_SHARE = 0.1, 0.25  # how far ingestion's troubles may move the p50: the greater of the two
MOST_GROWTH = 2  # MB; a burst leaves Python's heap a little larger for good


class Service(NamedTuple):
    """A running service."""

    process: Process
    request: tuple[str, int, bytes]
    """Asks it for a prediction."""


def main() -> None:
    """Measure, and print a table with the command that made it."""
    parser = argparse.ArgumentParser("python -m bench.telemetry", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--minutes", type=float, help="watch memory for so long instead")
    given = parser.parse_args()
    print(f"$ python -m bench.telemetry {' '.join(sys.argv[1:])}\n")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        if given.minutes:
            memory(given.minutes * 60, Path(folder))
        else:
            speed(given.rounds, given.seconds)


def speed(rounds: int, seconds: float) -> None:
    """Requests/s with and without telemetry, and the p50 of /predict with ingestion in every state."""
    with ExitStack() as stack:
        off = {"BENCH_VARIANT": "telemetry off"}
        services = {"silent": stack.enter_context(variant(APP / "bench" / "variant", told=off))}
        services["off"] = stack.enter_context(variant(APP))
        for state in ("healthy", *DOWN):
            address = stack.enter_context(ingestion(state))
            services[state] = stack.enter_context(variant(APP, address))
        found = [measure(services, seconds) for _ in range(rounds)]
    tell(found)


def measure(services: Mapping[str, Service], seconds: float) -> dict[str, float]:
    """One round: the name of each figure and its value."""
    figures = {}
    for name in ("silent", "off", "healthy"):
        before = services[name].process.cpu()
        found = load.run(services[name].request, clients=16, seconds=seconds)
        figures[f"{name}, 16 clients, requests/s"] = found.rate
        figures[f"{name}, CPU µs a request"] = (services[name].process.cpu() - before) / len(found.times) * 1e6
    for name in ("silent", "healthy", *DOWN):
        found = load.run(services[name].request, clients=1, seconds=seconds)
        figures[f"{name}, 1 client, p50 ms"] = found.percentile(0.5)
    return figures


def tell(rounds: Sequence[Mapping[str, float]]) -> None:
    """Print the medians with least and greatest, and the promises: medians of the rounds' own comparisons."""
    for name in rounds[0]:
        values = [each[name] for each in rounds]
        print(f"{name:34} {statistics.median(values):10.3f}   ({min(values):.3f} to {max(values):.3f})")
    rate, p50 = "{}, 16 clients, requests/s".format, "{}, 1 client, p50 ms".format
    cpu = "{}, CPU µs a request".format
    for without in ("silent", "off"):
        ratio = statistics.median(each[cpu(without)] / each[cpu("healthy")] for each in rounds)
        promise(f"{without} ÷ telemetry, CPU", ratio, ratio >= LEAST_RATIO, f"at least {LEAST_RATIO}")
        ratio = statistics.median(each[rate("healthy")] / each[rate(without)] for each in rounds)
        promise(f"telemetry ÷ {without}, requests/s", ratio, ratio >= LEAST_RATIO, f"at least {LEAST_RATIO}")
    most = max(MOST_MS, MOST_SHARE * statistics.median(each[p50("healthy")] for each in rounds))
    for state in DOWN:
        moved = statistics.median(each[p50(state)] - each[p50("healthy")] for each in rounds)
        promise(f"{state} moves the p50 by, ms", moved, moved <= most, f"at most {most:.3f}")


def promise(name: str, value: float, kept: bool, limit: str) -> None:
    """Print one figure beside what was promised."""
    print(f"{name:34} {value:10.3f}   {limit}: {'kept' if kept else 'BROKEN'}")


def memory(seconds: float, folder: Path) -> None:
    """Memory of the service, and what it keeps on disk, under load with ingestion refusing and hanging."""
    for state in ("refused", "hanging"):
        os.environ["TMPDIR"] = str(folder / state)
        (folder / state).mkdir()
        with ingestion(state) as address, variant(APP, address) as service:
            print(f"{state}: memory MB, disk MB, requests/s")
            samples = [sample(service, seconds / 20, folder / state) for _ in range(20)]
        grown = statistics.mean(samples[15:]) - statistics.mean(samples[10:15])
        promise(f"{state}, growth in the last quarter, MB", grown, grown <= MOST_GROWTH, f"at most {MOST_GROWTH}")


def sample(service: Service, seconds: float, folder: Path) -> float:
    """The memory in MB after `seconds` of load, printed with the rest."""
    rate = load.run(service.request, clients=4, seconds=seconds).rate
    disk = sum(each.stat().st_size for each in folder.rglob("*.blob")) / MEGABYTE
    print(f"{service.process.memory():10.1f} {disk:10.1f} {rate:10.0f}", flush=True)
    return service.process.memory()


@contextmanager
def variant(app: Path, address: str = "", told: Mapping[str, str] = NOTHING) -> Iterator[Service]:
    """A running service; `address` is ingestion's."""
    with running(app, {**telling(address), **told}, pinned=True) as (url, process):
        service = Service(process, load.post(f"{url}/predict", body([ROW]), login(url)))
        load.run(service.request, clients=1, seconds=Pace().load_after + 1)  # the model and the exporter are loaded
        yield service


if __name__ == "__main__":
    main()
