"""Telemetry as the service sends it, with its own envelopes, for tests that need known errors at known times."""

import itertools
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.settings import Settings
from shared.telemetry import envelopes
from shared.telemetry.envelopes import Envelope, Template
from shared.telemetry.events import Event, Frame, Invocation, Line, Property, Span, Thrown
from tools.insights.kql import QueryResult, run_query
from tools.insights.queries import MONITORING
from tools.insights.store import Store
from tools.insights.track import track

KEY = "10ca1000-0000-4000-8000-000000000000"
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
"""The time of the first sample."""
TEMPLATE = Template(Settings(applicationinsights_connection_string=f"InstrumentationKey={KEY}"), "py3.13")
STEPS = {"auth": 0.1, "decode": 0.2, "model": 0.5, "encode": 0.1}

_ids = itertools.count(1)


def new_id(digits: int) -> str:
    """Return an id that no other item has: 32 digits for an operation, 16 for a span."""
    return f"{next(_ids):0{digits}x}"


def after(seconds: float) -> datetime:
    """Return the time so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def invocation(
    function: str = "predict",
    *,
    at: datetime = NOON,
    operation_id: str = "",
    user: str = "abi",
    status: int = 200,
    outcome: str = "ok",
    steps: Mapping[str, float] = STEPS,
    total_ms: float | None = None,
    cold_start: bool = False,
    **properties: Property,
) -> Invocation:
    """Return a finished invocation. Without a total, it is the sum of the steps' milliseconds."""
    return Invocation(
        function,
        operation_id or new_id(32),
        new_id(16),
        new_id(32),
        cold_start=cold_start,
        started=at.timestamp(),
        total_ms=sum(steps.values()) if total_ms is None else total_ms,
        status=status,
        outcome=outcome,
        steps=dict(steps),
        properties={**({"user": user} if user else {}), **properties},
    )


def several(count: int, function: str = "predict", *, every: float = 1.0, **members: Any) -> Sequence[Invocation]:
    """Return invocations at regular times, one every `every` seconds, from noon or from `at` on."""
    start = members.pop("at", NOON)
    return [invocation(function, at=start + timedelta(seconds=i * every), **members) for i in range(count)]


def fetch(parent: Invocation, *, milliseconds: float = 8.0, success: bool = True, after_ms: float = 0.4) -> Span:
    """Return the span of an invocation's call to the feature store."""
    started = parent.started + after_ms / 1000
    return Span(
        "features.fetch", "HTTP", "features", parent, started=started, duration_ms=milliseconds, success=success
    )


def challenged(
    parent: Invocation, *, milliseconds: float = 2.0, after_ms: float = 12.0, **properties: Property
) -> Span:
    """Return the item of an answered request that the challenger scored, or failed to when there is a `reason`."""
    started, success = parent.started + after_ms / 1000, "reason" not in properties
    facts = {"champion_version": "v1", "challenger_version": "v2", "instances": 1, "compared": int(success)}
    item = Span(parent.name, "challenger", "slr", parent, started=started, duration_ms=milliseconds, success=success)
    item.properties = {**facts, **properties}
    return item


def line(parent: Invocation, message: str, *, level: int = logging.WARNING, after_ms: float = 0.5) -> Line:
    """Return a log line of an invocation."""
    return Line("endpoint", message, level, parent.started + after_ms / 1000, parent)


def exception(parent: Invocation, type_: str, message: str, *, after_ms: float = 0.6) -> Line:
    """Return a log line of an invocation with an exception."""
    chain = (Thrown(type_, message, (Frame("score", "shared/model.py", 71),)),)
    started = parent.started + after_ms / 1000
    return Line("endpoint", f"{parent.name} failed", logging.ERROR, started, parent, chain)


def event(name: str, *, at: datetime = NOON, **properties: Property) -> Event:
    """Return an event of the process."""
    return Event(name, properties, started=at.timestamp())


def request(invocation: Invocation, *, extra_ms: float = 1.0) -> Envelope:
    """Return the host's item of the request that led to an invocation."""
    at = datetime.fromtimestamp(invocation.started - extra_ms / 2000, UTC)
    return _request(invocation, at, invocation.total_ms + extra_ms, success=True)


def lost_request(function: str = "predict", *, at: datetime = NOON) -> Envelope:
    """Return the host's item of a request without an invocation: the worker crashed, or ran out of time."""
    return _request(invocation(function, status=500), at, 230_000, success=False)


def _request(invocation: Invocation, at: datetime, milliseconds: float, *, success: bool) -> Envelope:
    data = {
        "id": invocation.parent_id,
        "name": invocation.name,
        "duration": envelopes.time_span(milliseconds),
        "responseCode": str(invocation.status),
        "success": success,
        "url": f"http://localhost:7071/{invocation.name}",
        "properties": {"HttpMethod": "POST", "Category": "Host.Results"},
    }
    tags = {"ai.operation.id": invocation.operation_id, "ai.operation.name": invocation.name}
    return TEMPLATE.envelope("Request", at.timestamp(), tags, data)


type Item = Invocation | Span | Line | Event | Envelope


def envelope(item: Item) -> Envelope:
    """Return the envelope of an item."""
    match item:
        case Invocation():
            return envelopes.invocation(TEMPLATE, item)
        case Span():
            return envelopes.span(TEMPLATE, item)
        case Line():
            return envelopes.line(TEMPLATE, item)
        case Event():
            return envelopes.event(TEMPLATE, item)
    return item


def stored(*items: Item) -> Store:
    """Return a store of the local Application Insights with these items."""
    store = Store()
    send(store, items)
    return store


def send(store: Store, items: Iterable[Item]) -> None:
    """Send items to the store, which must accept all of them."""
    result = track(store, json.dumps([envelope(item) for item in items]).encode(), "")
    assert not result.errors


def records(store: Store, name: str, *, hours: float = 1.0, **parameters: str) -> Sequence[Mapping[str, Any]]:
    """Return the result of monitoring/queries/<name>.kql for the time from just before noon on, as mappings."""
    return query(store, name, hours=hours, **parameters).records()


def query(store: Store, name: str, *, hours: float = 1.0, **parameters: str) -> QueryResult:
    """Return the same as a table."""
    text = (MONITORING / "queries" / f"{name}.kql").read_text(encoding="utf-8")
    start = NOON - timedelta(minutes=1)
    return run_query(store, text, start, start + timedelta(hours=hours), parameters)
