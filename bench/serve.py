"""`python -m bench.serve`: the cost of a prediction, beside a function that returns a constant through the same host.

One row from 16 clients: to the constant function; to the service with telemetry off, with every token new, and with the
model served by other libraries; with telemetry on, which a stand-in receives: without the host's own items, as in
Azure, where another process sends them, and with them. Processor time shows the same without the client's share. All
take turns, so that a noisy machine affects each of them; the targets are for the medians of the rounds' own ratios. The
servers run on the first core, this client on the last one.
"""

import argparse
import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import launch, load
from bench.launch import VARIANTS, Service, cpu_seconds, ingestion, serving, variant
from shared.model.manifest import APP
from shared.telemetry.insights import Pace

CLIENTS = 16
LONG_TOKEN = "x" * 400  # as long as a real one
CONSTANT, OFF, ON, NEW_TOKENS = "constant", "telemetry off", "telemetry on", "every token new"
TARGETS = {(OFF, CONSTANT): 0.6, (NEW_TOKENS, CONSTANT): 0.4, (ON, OFF): 0.8}
"""Two services, and the least ratio of their requests/s."""

type Figures = Mapping[str, float]


def main() -> None:
    """Run the rounds and print a table of medians."""
    parser = argparse.ArgumentParser("python -m bench.serve", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    options = parser.parse_args()
    with ExitStack() as stack:
        services = start(stack)
        print_table([measure(services, options.seconds) for _ in range(options.rounds)])


def start(stack: ExitStack) -> Mapping[str, Service]:
    """Start all services; they end with the stack. Model and exporter are loaded then."""
    folder = Path(stack.enter_context(TemporaryDirectory()))
    connected = stack.enter_context(ingestion())
    _, *others = launch.manifests(folder).items()  # the first is the configured one
    apps: dict[str, tuple[Path, Mapping[str, str]]] = {
        CONSTANT: (launch.CONSTANT, {}),
        OFF: (VARIANTS, variant(OFF)),
        NEW_TOKENS: (VARIANTS, variant(OFF, NEW_TOKENS)),
        **{f"{name}, {OFF}": (VARIANTS, {**variant(OFF), "MODEL_MANIFEST": str(path)}) for name, path in others},
        ON: (VARIANTS, {**connected, **variant("no host telemetry")}),
        f"{ON}, the host's too": (APP, connected),
    }
    services = {name: stack.enter_context(serving(app, settings)) for name, (app, settings) in apps.items()}
    services[CONSTANT].token = LONG_TOKEN
    for service in services.values():
        load.run(service.url, service.request(), seconds=Pace().load_after + 1)
    return services


def measure(services: Mapping[str, Service], seconds: float) -> Figures:
    """Return the figures of one round."""
    figures = {}
    for name, service in services.items():
        content, before = service.request(), cpu_seconds(service.process)
        concurrent = load.run(service.url, content, clients=CLIENTS, seconds=seconds)
        cpu = cpu_seconds(service.process) - before
        figures[f"{name}, requests/s"] = concurrent.rate
        figures[f"{name}, CPU µs a request"] = cpu / len(concurrent.times) * 1e6
        figures[f"{name}, 1 client, p50 ms"] = load.run(service.url, content, seconds=seconds).percentile(0.5)
    return figures


def print_table(rounds: Sequence[Figures]) -> None:
    """Print the median of each figure with the least and the greatest value; then the targets."""
    for name in rounds[0]:
        values = [figures[name] for figures in rounds]
        print(f"{name:40} {statistics.median(values):10.2f}   ({min(values):.2f} to {max(values):.2f})")
    for (name, other), least in TARGETS.items():
        ratio = statistics.median(
            figures[f"{name}, requests/s"] / figures[f"{other}, requests/s"] for figures in rounds
        )
        verdict = "reached" if ratio >= least else "missed"
        print(f"{f'{name} ÷ {other}, requests/s':40} {ratio:10.3f}   at least {least}: {verdict}")


if __name__ == "__main__":
    main()
