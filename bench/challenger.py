"""`python -m bench.challenger`: the cost of a challenger for those who call the champion, who must not notice it.

The service with a linear model and with a forest of 100 trees as an ONNX graph and in scikit-learn; alone, and with a
copy of its model as the challenger of every request. Memory after the load, and the time of one row from 16 clients at
half of the rate that the service without a challenger reaches. Telemetry goes to a stand-in. All take turns, so that a
noisy machine affects each of them; the target is for the median of the rounds' own ratios. The servers run on the first
core, this client on the last one: the challenger has no core of its own.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import uvloop

from bench import load
from bench.connection import Connection
from bench.launch import Service, ingestion, serving
from bench.load import Load
from shared.model.manifest import APP
from shared.telemetry.insights import Pace

CLIENTS = 16
TARGET = 1.2
"""The greatest ratio of the p99 with a challenger to the p99 without."""
SHARE_OF_MAXIMUM = 0.5
FOREST = """
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from tools.model import adopt
import pathlib, sys
X, y = load_diabetes(return_X_y=True, as_frame=True)
forest = RandomForestRegressor(100, random_state=0).fit(X[["bmi"]], y)
adopt(forest, X[["bmi"]], y, name="slr", target="progression", folder=pathlib.Path(sys.argv[1]))
"""
MEGABYTE = 1024 * 1024


class Pair(NamedTuple):
    """The service alone, and with a challenger."""

    alone: Service
    beside: Service


class Figures(NamedTuple):
    """One round of a pair."""

    rate: float
    """Requests per second of both."""
    alone_p50: float
    beside_p50: float
    alone_p99: float
    """Milliseconds, as the other times."""
    beside_p99: float


def main() -> None:
    """Run the rounds and print a table of medians."""
    parser = argparse.ArgumentParser("python -m bench.challenger", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        connected = stack.enter_context(ingestion())
        pairs = {name: start(stack, path, connected) for name, path in models(folder).items()}
        rounds = [{name: measure(pair, options.seconds) for name, pair in pairs.items()} for _ in range(options.rounds)]
        print_table(pairs, rounds)


def models(folder: Path) -> Mapping[str, Path]:
    """Return the manifests of the models to measure, by name."""
    (folder / "forest").mkdir()
    subprocess.run([sys.executable, "-c", FOREST, str(folder / "forest")], cwd=APP, env=os.environ, check=True)
    graph = folder / "forest" / "slr.json"
    document = json.loads(graph.read_text(encoding="utf-8"))
    document["artifact"].pop("onnx", None)
    estimator = folder / "forest" / "estimator.json"
    estimator.write_text(json.dumps(document), encoding="utf-8")
    return {"linear": APP / "model" / "slr.json", "forest, graph": graph, "forest, scikit-learn": estimator}


def start(stack: ExitStack, path: Path, connected: Mapping[str, str]) -> Pair:
    """Start a model's two services and warm them up: models and exporter are loaded then."""
    alone = {**connected, "MODEL_MANIFEST": str(path)}
    beside = {**alone, "CHALLENGER_MANIFEST": str(path), "CHALLENGER_SHARE": "1"}
    pair = Pair(*(stack.enter_context(serving(APP, settings)) for settings in (alone, beside)))
    for service in pair:
        load.run(service.url, service.request(), seconds=Pace().load_after + 1)
    return pair


def measure(pair: Pair, seconds: float) -> Figures:
    """Return the figures of one round."""
    most = load.run(pair.alone.url, pair.alone.request(), clients=CLIENTS, seconds=seconds / 2).rate
    rate = most * SHARE_OF_MAXIMUM
    alone, beside = (uvloop.run(send(service, rate, seconds)) for service in pair)
    return Figures(rate, alone.percentile(0.5), beside.percentile(0.5), alone.percentile(0.99), beside.percentile(0.99))


async def send(service: Service, rate: float, seconds: float) -> Load:
    """Send requests at a steady rate from all clients. Raises RuntimeError for another status than 200."""
    content, times, started = service.request(), list[float](), time.perf_counter()
    pause = CLIENTS / rate

    async def client(first: float) -> None:
        connection = await Connection.open(service.url)
        due = started + first
        while due < started + seconds:
            await asyncio.sleep(due - time.perf_counter())
            times.append((await connection.send_ok(content)).seconds)
            due += pause
        connection.close()

    await asyncio.gather(*(client(pause * number / CLIENTS) for number in range(CLIENTS)))
    return Load(times, time.perf_counter() - started)


def print_table(pairs: Mapping[str, Pair], rounds: Sequence[Mapping[str, Figures]]) -> None:
    """Print the medians over the rounds, and the verdict."""
    print(f"{'':22}{'requests/s':>11}{'p50 ms':>16}{'p99 ms':>16}{'ratio of p99':>14}{'memory MB':>14}")
    for name, pair in pairs.items():
        figures = [each[name] for each in rounds]
        rate, *times = (statistics.median(values) for values in zip(*figures, strict=True))
        ratio = statistics.median(each.beside_p99 / each.alone_p99 for each in figures)
        alone, beside = (service.process.memory_info().rss / MEGABYTE for service in pair)
        p50, p99 = (f"{times[i]:.2f} → {times[i + 1]:.2f}" for i in (0, 2))
        verdict = "reached" if ratio <= TARGET else "missed"
        print(
            f"{name:22}{rate:11.0f}{p50:>16}{p99:>16}{ratio:14.2f}{f'{alone:.0f} → {beside:.0f}':>14}"
            f"   at most {TARGET}: {verdict}"
        )


if __name__ == "__main__":
    main()
