"""The services that `bench.serve` compares, and one round of it."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from shared.manifest import APP

from bench import load, models
from bench.ingestion import ingestion, telling
from bench.process import Process, running
from bench.serve import ROW, body, login
from shared.telemetry.insights import Pace

CLIENTS, ROWS = 16, 10_000
VARIANT = APP / "bench" / "variant"


class Service(NamedTuple):
    """A running service, and what asks it for a prediction or a batch of them."""

    process: Process
    row: tuple[str, int, bytes]
    batch: tuple[str, int, bytes]


def started(stack: ExitStack) -> Mapping[str, Service]:
    """All of them, warm; they end with the stack."""
    off = {"BENCH_VARIANT": "telemetry off"}
    folder = Path(stack.enter_context(TemporaryDirectory()))
    told = telling(stack.enter_context(ingestion("healthy")))
    others = dict(list(models.served(folder).items())[1:])  # the first is what is configured
    every: Mapping[str, tuple[Path, Mapping[str, str]]] = {
        "constant": (APP / "bench" / "constant", {}),
        "telemetry off": (VARIANT, off),
        "every token new": (VARIANT, {"BENCH_VARIANT": "telemetry off, every token new"}),
        **{f"{name}, telemetry off": (VARIANT, {**off, "MODEL_MANIFEST": str(path)}) for name, path in others.items()},
        "telemetry on": (VARIANT, {**told, "BENCH_VARIANT": "host untold"}),
        "telemetry on, the host's too": (APP, told),
    }
    found: dict[str, Service] = {}
    for name, (app, settings) in every.items():
        url, process = stack.enter_context(running(app, settings, pinned=True))
        token = login(url) if name != "constant" else "x" * 400  # as long as a real one
        requests = [load.post(f"{url}/predict", body([ROW] * rows), token) for rows in (1, ROWS)]
        found[name] = Service(process, *requests)
        load.run(found[name].row, clients=1, seconds=Pace().load_after + 1)  # the model and the exporter are loaded
    return found


def measured(services: Mapping[str, Service], seconds: float) -> Mapping[str, float]:
    """One round: the name of each figure and its value."""
    figures: dict[str, float] = {}
    for name, service in services.items():
        before = service.process.cpu()
        many = load.run(service.row, clients=CLIENTS, seconds=seconds)
        figures[f"{name}, requests/s"] = many.rate
        figures[f"{name}, CPU µs a request"] = (service.process.cpu() - before) / len(many.times) * 1e6
        figures[f"{name}, 1 client, p50 ms"] = load.run(service.row, clients=1, seconds=seconds).percentile(0.5)
    batch = load.run(services["telemetry off"].batch, clients=1, seconds=seconds)
    figures[f"{ROWS:,} rows, p50 ms"] = batch.percentile(0.5)
    return figures
