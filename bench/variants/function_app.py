"""The service with some things changed, so that their cost or gain shows.

BENCH_VARIANT names the changes, separated by commas. BENCH_INLINE_BYTES replaces the limit of what is predicted on the
event loop. `watch collections` adds a route, GET /pauses.
"""

import gc
import json
import os
import time
from collections.abc import Callable, Mapping
from importlib.util import module_from_spec, spec_from_file_location

import azure.functions as func

from shared import predict
from shared.auth.tokens import Claims, Tokens
from shared.model.manifest import APP
from shared.service import Service
from shared.telemetry.insights import Insights, Pace


class UncachedTokens(Tokens):
    """Verifies every token as if it were new."""

    def verify(self, token: str) -> Claims:
        """Remove the token from the cache before, which costs about 1 µs more than a new token does."""
        self._cache.remove(token)
        return super().verify(token)


def silence(service: Service) -> None:
    """Send no telemetry; no setting does that."""
    service.telemetry.sink = None  # type: ignore[assignment]  # an invocation without a sink is not sent


def load_exporter_at_once(service: Service) -> None:
    """Load the exporter beside the model and the first requests."""
    service.telemetry.sink = Insights(service.settings, pace=Pace(load_after=0.0))


def disconnect_host(service: Service) -> None:
    """Let the host send no `requests` items: in Azure it is another process than the functions'."""
    os.environ.pop("APPLICATIONINSIGHTS_CONNECTION_STRING")


def forget_tokens(service: Service) -> None:
    """Verify the signature with every request."""
    service.auth.tokens = UncachedTokens.from_settings(service.settings)


def watch_collections(service: Service) -> None:
    """Add a route that returns the garbage collections since it was called last."""
    collections: list[tuple[int, float, float]] = []  # generation, seconds on the clock, seconds of processor time
    started = (0.0, 0.0)

    def record(phase: str, info: dict[str, int]) -> None:
        # Processor time shows whether a collection was long, or the machine ran something else meanwhile.
        nonlocal started
        now = time.perf_counter(), time.thread_time()
        if phase == "start":
            started = now
        else:
            collections.append((info["generation"], now[0] - started[0], now[1] - started[1]))

    @app.route("pauses", methods=["GET"])
    async def pauses(req: func.HttpRequest) -> func.HttpResponse:
        content = json.dumps(collections)
        collections.clear()
        return func.HttpResponse(content, mimetype="application/json")

    gc.callbacks.append(record)


ON_DEMAND = "model on demand"
CHANGES: Mapping[str, Callable[[Service], None]] = {
    "every token new": forget_tokens,
    "exporter at once": load_exporter_at_once,
    "no host telemetry": disconnect_host,
    ON_DEMAND: lambda service: None,  # must be done before the service starts, see below
    "telemetry off": silence,
    "watch collections": watch_collections,
}


names = [name for name in os.environ.get("BENCH_VARIANT", "").split(", ") if name]
predict.MAX_INLINE_BYTES = int(os.environ.get("BENCH_INLINE_BYTES", predict.MAX_INLINE_BYTES))
if ON_DEMAND in names:
    # Only the flush remains: what the start prepares is left to the first request.
    Service.start = lambda self: self.telemetry.flush_at_exit()  # type: ignore[method-assign]

# The service's function_app.py, under another name than this file's.
spec = spec_from_file_location("service_app", APP / "function_app.py")
if spec is None or spec.loader is None:
    raise ImportError("there is no service")
module = module_from_spec(spec)
spec.loader.exec_module(module)
app: func.FunctionApp = module.app
for name in names:
    CHANGES[name](module.service)
