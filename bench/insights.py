"""How fast the local Application Insights is: items a second that it takes, and every query over a million of them.

    python -m bench.insights [--items 1000000]

The limits: 2,000 items a second on two cores beside the service, and under a second for every query.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

import httpx

from shared.settings import Settings
from shared.telemetry import envelopes
from shared.telemetry.envelopes import Envelope, Template
from shared.telemetry.events import Event, Invocation, Property, Span
from tools.insights import alerts, listen
from tools.insights.child import running as running_insights
from tools.insights.kql import run_query
from tools.insights.queries import alerts as all_alerts
from tools.insights.queries import queries
from tools.insights.store import Store
from tools.insights.track import track

BATCH = 1_000  # the exporter's
BATCHES = 60
RATE_WANTED, SECONDS_ALLOWED = 2_000, 1.0
SPAN = timedelta(hours=6)
USERS = 200
KEY = "InstrumentationKey=10ca1000-0000-4000-8000-000000000000"
QUANTILES = "[68.2,88.5,120.8,146.1,182.2,229.9,313.0]"


def main(argv: Sequence[str]) -> int:
    """Print both. Returns 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.insights", description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000, help="items to store (default: %(default)s)")
    items = parser.parse_args(argv).items
    store = Store(max_rows=items)
    rate = sent(BATCHES)
    print(f"{rate:,.0f} items/s over HTTP")
    operation = fill(store, items)
    print(f"queries over {store.count():,} items, the second time that each is asked:")
    took = dict(timed(store, operation))
    for name, seconds in sorted(took.items(), key=lambda each: -each[1]):
        print(f"  {name:<20} {seconds:6.3f} s")
    kept = rate >= RATE_WANTED and max(took.values()) < SECONDS_ALLOWED
    print("Within the limits." if kept else f"NOT within {RATE_WANTED:,} items/s and {SECONDS_ALLOWED} s.")
    return 0 if kept else 1


def sent(batches: int) -> float:
    """Items a second that it takes over HTTP, in a process of its own, from one sender that does not wait."""
    with listen(0) as listener:
        port = listener.getsockname()[1]
    bodies = [json.dumps(batch) for batch in batched(told(batches * BATCH), BATCH, strict=False)]
    with running_insights(port), httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        began = time.perf_counter()
        for body in bodies:
            answer = client.post("/v2.1/track", content=body, headers={"Content-Type": "application/json"})
            answer.raise_for_status()
        return batches * BATCH / (time.perf_counter() - began)


def fill(store: Store, items: int) -> str:
    """Store so many items. Returns an operation id among them."""
    operation = ""
    for batch in batched(told(items), BATCH, strict=False):
        operation = batch[-1]["tags"]["ai.operation.id"]
        track(store, json.dumps(batch).encode(), "")
    return operation


def told(items: int) -> Iterator[Envelope]:
    """Items as a busy service and its host tell them: of ten requests one pulls features."""
    template, dice = Template(Settings(applicationinsights_connection_string=KEY), "py3.13"), random.Random(1)  # noqa: S311 - a load, not secrets
    began = datetime.now(UTC) - SPAN
    yield envelopes.event(
        template,
        Event("started", {"model_kind": "regressor", "prediction_quantiles": QUANTILES}, started=began.timestamp()),
    )
    for nth in range(items // 2):
        event = invocation(dice, (began + SPAN * (nth / (items // 2))).timestamp())
        yield envelopes.invocation(template, event)
        yield request(template, event) if nth % 10 else envelopes.span(template, fetch(event))


def invocation(dice: random.Random, at: float) -> Invocation:
    """One invocation, one in a hundred failed."""
    steps = {name: dice.expovariate(2) for name in ("auth", "decode", "model", "encode")}
    failed, mean = dice.random() < 0.01, dice.gauss(150, 40)
    said: dict[str, Property] = {
        "model_name": "slr",
        "model_version": "3f2a9c01b6de",
        "instances": 1,
        "warnings": int(mean > 220),
    }
    answers = {"prediction_min": mean, "prediction_mean": mean, "prediction_max": mean}
    operation, parent, id_ = (f"{dice.getrandbits(bits):0{bits // 4}x}" for bits in (128, 64, 128))
    return Invocation(
        "predict" if dice.random() < 0.7 else "predict_class",
        operation,
        parent,
        id_,
        started=at,
        total_ms=sum(steps.values()),
        status=500 if failed else 200,
        outcome="internal" if failed else "ok",
        steps=steps,
        properties={"user": f"user{dice.randrange(USERS)}", **said, **answers},
    )


def fetch(of: Invocation) -> Span:
    """A feature pull."""
    return Span("features.fetch", "HTTP", "features", of, started=of.started, duration_ms=8.0)


def request(template: Template, of: Invocation) -> Envelope:
    """The host's item."""
    data: dict[str, Any] = {
        "id": of.parent_id,
        "name": of.name,
        "duration": envelopes.time_span(of.total_ms + 1),
        "responseCode": str(of.status),
        "success": True,
        "properties": {"InvocationId": of.invocation_id, "HttpMethod": "POST", "Category": "Host.Results"},
    }
    return template.envelope("Request", of.started, {"ai.operation.id": of.operation_id}, data)


def timed(store: Store, operation: str) -> Iterator[tuple[str, float]]:
    """Every query and alert with the seconds that it takes, the second time: the first also translates it."""
    now = datetime.now(UTC)
    chosen = {"user": "user7", "operation": operation}
    for query in queries():
        for _ in range(2):
            began = time.perf_counter()
            run_query(store, query.text, now - (query.span or 2 * SPAN), now, chosen)
            took = time.perf_counter() - began
        yield query.name, took
    for alert in all_alerts():
        for _ in range(2):
            began = time.perf_counter()
            alerts.state(store, alert, now)
            took = time.perf_counter() - began
        yield f"alert {alert.name}", took


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
