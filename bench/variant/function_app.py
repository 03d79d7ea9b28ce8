"""The service with one thing undone that its speed is owed to: BENCH_VARIANT names what, so that its worth shows."""

import os
from collections.abc import Callable, Mapping
from functools import partial

from bench.service import service
from shared import model, telemetry
from shared.auth import remembered
from shared.telemetry.insights import Insights, Pace


def every_token_new() -> None:
    """No verified token is remembered."""
    remembered.MOST_REMEMBERED = 0


def exporter_at_once() -> None:
    """The exporter is loaded with the first item, beside the model and the first requests."""
    telemetry.Insights = partial(Insights, pace=Pace(load_after=0.0))  # type: ignore[misc]


def model_on_demand() -> None:
    """The first request has the model loaded."""
    model.LazyModel.preload, preload = lambda self: None, model.LazyModel.preload  # type: ignore[method-assign,assign,return-value]
    after.append(lambda: setattr(model.LazyModel, "preload", preload))


after: list[Callable[[], None]] = []
"""What is to be put back when the functions are imported."""
VARIANTS: Mapping[str, Callable[[], None]] = {
    "every token new": every_token_new,
    "exporter at once": exporter_at_once,
    "model on demand": model_on_demand,
}

VARIANTS[os.environ["BENCH_VARIANT"]]()
app = service()
for undo in after:
    undo()
