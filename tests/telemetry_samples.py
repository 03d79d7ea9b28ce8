"""Telemetry as the service sends it, made by its own envelopes, for tests that need known faults at known times."""

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
from tools.insights.kql import Answer, ask
from tools.insights.questions import MONITORING
from tools.insights.store import Store
from tools.insights.track import track

KEY = "10ca1000-0000-4000-8000-000000000000"
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
"""When the tests' stories begin."""
TEMPLATE = Template(Settings(applicationinsights_connection_string=f"InstrumentationKey={KEY}"), "py3.13")
STEPS = {"auth": 0.1, "decode": 0.2, "model": 0.5, "encode": 0.1}

_ids = itertools.count(1)


def fresh(digits: int) -> str:
    """An id that no other item has: 32 digits for an operation, 16 for a span."""
    return f"{next(_ids):0{digits}x}"


def after(seconds: float) -> datetime:
    """A moment of the story."""
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
    """A finished invocation; its steps' milliseconds make up the total unless one is given."""
    return Invocation(
        function,
        operation_id or fresh(32),
        fresh(16),
        fresh(32),
        cold_start=cold_start,
        started=at.timestamp(),
        total_ms=sum(steps.values()) if total_ms is None else total_ms,
        status=status,
        outcome=outcome,
        steps=dict(steps),
        properties={**({"user": user} if user else {}), **properties},
    )


def several(count: int, function: str = "predict", *, every: float = 1.0, **said: Any) -> Sequence[Invocation]:
    """Invocations at regular moments, `every` so many seconds, from noon on or from `at`."""
    start = said.pop("at", NOON)
    return [invocation(function, at=start + timedelta(seconds=nth * every), **said) for nth in range(count)]


def fetch(of: Invocation, *, milliseconds: float = 8.0, success: bool = True, after_ms: float = 0.4) -> Span:
    """A feature pull of an invocation."""
    at = of.started + after_ms / 1000
    return Span("features.fetch", "HTTP", "features", of, started=at, duration_ms=milliseconds, success=success)


def line(of: Invocation, message: str, *, level: int = logging.WARNING, after_ms: float = 0.5) -> Line:
    """A log line of an invocation."""
    return Line("endpoint", message, level, of.started + after_ms / 1000, of)


def exception(of: Invocation, type_: str, message: str, *, after_ms: float = 0.6) -> Line:
    """A log line of an invocation that reports an exception."""
    chain = (Thrown(type_, message, (Frame("score", "shared/model.py", 71),)),)
    return Line("endpoint", f"{of.name} failed", logging.ERROR, of.started + after_ms / 1000, of, chain)


def event(name: str, *, at: datetime = NOON, **properties: Property) -> Event:
    """Something that happened to the process."""
    return Event(name, properties, started=at.timestamp())


def request(of: Invocation, *, extra_ms: float = 1.0) -> Envelope:
    """The host's item of the request that led to an invocation."""
    at = datetime.fromtimestamp(of.started - extra_ms / 2000, UTC)
    return _request(of, at, of.total_ms + extra_ms, success=True)


def lost_request(function: str = "predict", *, at: datetime = NOON) -> Envelope:
    """The host's item of a request that never became an invocation: the worker crashed, or ran out of time."""
    return _request(invocation(function, status=500), at, 230_000, success=False)


def _request(of: Invocation, at: datetime, took_ms: float, *, success: bool) -> Envelope:
    data = {
        "id": of.parent_id,
        "name": of.name,
        "duration": envelopes.time_span(took_ms),
        "responseCode": str(of.status),
        "success": success,
        "url": f"http://localhost:7071/{of.name}",
        "properties": {"HttpMethod": "POST", "Category": "Host.Results"},
    }
    tags = {"ai.operation.id": of.operation_id, "ai.operation.name": of.name}
    return TEMPLATE.envelope("Request", at.timestamp(), tags, data)


type Item = Invocation | Span | Line | Event | Envelope


def envelope(item: Item) -> Envelope:
    """An item as it is sent."""
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
    """A local Application Insights that took these items."""
    store = Store()
    send(store, items)
    return store


def send(store: Store, items: Iterable[Item]) -> None:
    """Have items taken; all of them must be."""
    outcome = track(store, json.dumps([envelope(item) for item in items]).encode(), "")
    assert not outcome.errors


def answer(store: Store, name: str, *, hours: float = 1.0, **parameters: str) -> Sequence[Mapping[str, Any]]:
    """The answer to monitoring/queries/<name>.kql about the time from just before noon on."""
    return asked(store, name, hours=hours, **parameters).records()


def asked(store: Store, name: str, *, hours: float = 1.0, **parameters: str) -> Answer:
    """The same, as a table."""
    text = (MONITORING / "queries" / f"{name}.kql").read_text(encoding="utf-8")
    start = NOON - timedelta(minutes=1)
    return ask(store, text, start, start + timedelta(hours=hours), **parameters)
