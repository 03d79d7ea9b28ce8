"""The story of every request: one wide event an invocation, a span for each call that leaves the process, a log line
for what is out of the ordinary.

    with invocation(context, "predict") as event:     # once, in `endpoint`
        with step("decode"):                          # adds milliseconds to the event
            ...
        bind(instances=3)                             # adds a property to it
        with span("features.fetch", "Azure table", "features"):
            ...                                       # an item of its own
    get_logger("model").warning("...")                # carries the operation id and the user
    event("started", build="7f3c")                    # what happens to the process, not to a request

Off the loop, run with a copied context (`offload`), and all of it still finds its invocation.
"""

import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from itertools import count
from time import perf_counter

from shared.settings import Settings
from shared.telemetry import console, lines, shutdown
from shared.telemetry.events import Context, Event, Invocation, Nowhere, Property, Sink, Span
from shared.telemetry.insights import About, Insights

__all__ = ["Invocation", "Span", "bind", "configure", "event", "flush", "get_logger", "invocation", "span", "step"]

ROOT = "egl_ml"
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")  # W3C, version 00

_current: ContextVar[Invocation | None] = ContextVar("invocation", default=None)
_sink: Sink = Nowhere()
_invocations = count()


def configure(settings: Settings, about: About = dict) -> None:
    """Say where telemetry goes: to Application Insights where its connection string is set, else to the console.

    Called once, when the functions are imported; calling again replaces it. `about` is what a process says of itself:
    asked once, off the loop, for the properties of the `started` event that goes to Application Insights.
    """
    global _sink  # noqa: PLW0603 - there is one place that telemetry goes to
    _close(shutdown.EXIT_SECONDS)
    handlers = [console.handler()]
    if settings.applicationinsights_connection_string:
        _sink = insights = Insights(settings, about)
        told = lines.Handler(insights.line)
        handlers = [told, *handlers] if settings.environment == "Development" else [told]
        _flush_at_shutdown()
    else:
        _sink = console.Console()
    logger = logging.getLogger(ROOT)
    logger.handlers[:] = handlers
    logger.setLevel(logging.INFO)
    logger.propagate = False  # the worker forwards root-logger lines to the host: every line would appear twice


class invocation:  # noqa: N801 - reads as a statement, as `step` does
    """Open the wide event of one invocation of the function `name`, inside the host's trace, and send it at the end."""

    __slots__ = ("event", "started", "token")

    def __init__(self, context: Context, name: str) -> None:
        operation_id, parent_id = _trace(context)
        self.event = Invocation(name, operation_id, parent_id, context.invocation_id, next(_invocations) == 0)

    def __enter__(self) -> Invocation:
        self.token = _current.set(self.event)
        self.started = perf_counter()
        return self.event

    def __exit__(self, *_: object) -> None:
        self.event.total_ms = (perf_counter() - self.started) * 1000
        _current.reset(self.token)
        _sink.invocation(self.event)


class step:  # noqa: N801 - reads as a statement: `with step("decode"):`
    """Time one step of the invocation. The same name again adds to it.

    It begins when it is made: made before a thread takes it over, it has the wait in it.
    """

    __slots__ = ("name", "started")

    def __init__(self, name: str) -> None:
        self.name = name
        self.started = perf_counter()

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        if (event := _current.get()) is not None:
            event.steps[self.name] = event.steps.get(self.name, 0.0) + (perf_counter() - self.started) * 1000


@contextmanager
def span(name: str, type: str, target: str) -> Iterator[Span]:
    """An item of its own for a call to `target` that leaves the process. An exception marks it as failed."""
    event = Span(name, type, target, _current.get())
    started = perf_counter()
    try:
        yield event
    except BaseException:
        event.success = False
        raise
    finally:
        event.duration_ms = (perf_counter() - started) * 1000
        _sink.span(event)


def bind(**properties: Property) -> None:
    """Add properties to the wide event; outside an invocation nothing happens."""
    if (event := _current.get()) is not None:
        event.properties.update(properties)


def event(name: str, **properties: Property) -> None:
    """Tell what happened to the process, not to a request."""
    _sink.event(Event(name, properties))


def get_logger(name: str) -> logging.Logger:
    """The logger for `name`. For what is out of the ordinary; its lines carry the operation id and the user."""
    logger = logging.getLogger(f"{ROOT}.{name}")
    if _correlate not in logger.filters:
        logger.addFilter(_correlate)
    return logger


def flush(timeout: float) -> bool:
    """Send what is still held, for `timeout` seconds at most. Whether all of it went out."""
    return _sink.flush(timeout)


def _correlate(record: logging.LogRecord) -> bool:
    event = _current.get()
    record.operation_id = event.operation_id if event else ""
    record.user = event.user if event else ""
    record.invocation = event
    return True


@cache
def _flush_at_shutdown() -> None:
    shutdown.arrange(flush, _close)


def _close(timeout: float) -> bool:
    return _sink.close(timeout)


def _trace(context: Context) -> tuple[str, str]:
    """Operation id and parent id: the host's, or a fresh operation when the host gave none."""
    found = _TRACEPARENT.fullmatch(context.trace_context.trace_parent or "")
    return (found[1], found[2]) if found else (secrets.token_hex(16), "")
