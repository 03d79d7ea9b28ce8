"""The service with something changed, so that its price or its worth shows: BENCH_VARIANT names what, with commas."""

import os
from collections.abc import Callable, Mapping
from functools import partial

from bench.service import service
from shared import model, telemetry
from shared.auth import remembered
from shared.telemetry.events import Nowhere
from shared.telemetry.insights import Insights, Pace


def every_token_new() -> None:
    """No verified token is remembered."""
    remembered.MOST_REMEMBERED = 0


def exporter_at_once() -> None:
    """The exporter is loaded with the first item, beside the model and the first requests."""
    setattr(telemetry, "Insights", partial(Insights, pace=Pace(load_after=0.0)))  # noqa: B010 - mypy would rather not


def telemetry_off() -> None:
    """Nobody is told anything; no setting can do that."""
    after.append(lambda: setattr(telemetry, "_sink", Nowhere()))


def host_untold() -> None:
    """The host sends no `requests` items: in Azure that is another process than the functions'."""
    after.append(lambda: os.environ.pop("APPLICATIONINSIGHTS_CONNECTION_STRING"))


def model_on_demand() -> None:
    """The first request has the model loaded."""
    preload = model.LazyModel.preload
    setattr(model.LazyModel, "preload", lambda self: None)  # noqa: B010 - likewise
    after.append(lambda: setattr(model.LazyModel, "preload", preload))


after: list[Callable[[], object]] = []
"""What is done once the functions are imported."""
VARIANTS: Mapping[str, Callable[[], None]] = {
    "every token new": every_token_new,
    "exporter at once": exporter_at_once,
    "host untold": host_untold,
    "model on demand": model_on_demand,
    "telemetry off": telemetry_off,
}

for name in os.environ["BENCH_VARIANT"].split(", "):
    VARIANTS[name]()
app = service()
for change in after:
    change()
