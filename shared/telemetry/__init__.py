"""Telemetry of every request: one wide event per invocation, a span per call that leaves the process, and log lines.

    with telemetry.invocation(context, "predict") as event:   # a service's Telemetry; once, in `api.endpoint`
        with step("decode"):                                  # adds milliseconds to the event
            ...
        bind(instances=3)                                     # adds a property to it
        with span("features.fetch", "Azure table", "features"):
            ...                                               # an item of its own
    get_logger("model").warning("...")                        # carries the operation id and the user
    telemetry.event("started", build="7f3c")                  # an event of the process, not of a request

The current invocation is a context variable. Threads run with a copied context (`threads`), so all of this works there.
"""

import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from time import perf_counter

from shared.settings import Settings
from shared.telemetry import console, shutdown
from shared.telemetry.events import Context, Event, Invocation, Property, Sink, Span
from shared.telemetry.insights import Describe, Insights
from shared.telemetry.logs import ROOT, LineHandler, ServiceHandler
from shared.telemetry.printable import printable

__all__ = ["ROOT", "Invocation", "Span", "Telemetry", "bind", "current", "get_logger", "printable", "span", "step"]

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")  # W3C, version 00

_current: ContextVar[Invocation | None] = ContextVar("invocation", default=None)


class Telemetry:
    """The telemetry of one service."""

    def __init__(self, sink: Sink, *outputs: logging.Handler) -> None:
        """Send items to `sink`, and the service's log records to `outputs`."""
        self.sink = sink
        self._invocations = count()
        self._handler = ServiceHandler(sink, outputs)
        self._handler.attach()

    @classmethod
    def from_settings(cls, settings: Settings, describe: Describe = dict) -> "Telemetry":
        """Send to Application Insights where its connection string is set, else to the console.

        `describe` returns the properties of the `started` event. It is called once, in the telemetry thread.
        """
        if not settings.applicationinsights_connection_string:
            return cls(console.Console(), console.handler())
        insights = Insights(settings, describe)
        on_console = [console.handler()] if settings.development else []
        return cls(insights, LineHandler(insights.line), *on_console)

    def invocation(self, context: Context, name: str) -> "_InvocationScope":
        """Open the wide event of one invocation of the function `name`, in the host's trace. Sends it at the end."""
        operation_id, parent_id = _trace(context)
        is_first = next(self._invocations) == 0
        return _InvocationScope(Invocation(name, operation_id, parent_id, context.invocation_id, is_first, self.sink))

    def event(self, name: str, **properties: Property) -> None:
        """Send an event of the process."""
        self.sink.event(Event(name, properties))

    def flush(self, timeout: float) -> bool:
        """Send the buffered items, for `timeout` seconds at most. Returns True when all of them were sent."""
        return self.sink.flush(timeout)

    def close(self, timeout: float = shutdown.EXIT_SECONDS) -> bool:
        """Flush, then send nothing more."""
        self._handler.detach()
        return self.sink.close(timeout)

    def flush_at_exit(self) -> None:
        """Flush when the process ends. For the service that the process serves; a test closes its own."""
        if isinstance(self.sink, Insights):  # the console buffers nothing
            shutdown.arrange(self.flush, self.sink.close)


class _InvocationScope:
    """The block of one invocation."""

    __slots__ = ("event", "started", "token")

    def __init__(self, event: Invocation) -> None:
        self.event = event

    def __enter__(self) -> Invocation:
        self.token = _current.set(self.event)
        self.started = perf_counter()
        return self.event

    def __exit__(self, *_: object) -> None:
        self.event.total_ms = (perf_counter() - self.started) * 1000
        _current.reset(self.token)
        if self.event.sink is not None:
            self.event.sink.invocation(self.event)


class step:  # noqa: N801 - reads as a statement: `with step("decode"):`
    """Time one step of the invocation. The same name again adds to it.

    The time starts when the object is made. Made before a thread takes over, it includes the wait for the thread.
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
    """Record a call to `target` that leaves the process. An exception marks it as failed.

    A duration that the block sets is kept.
    Outside an invocation nothing is sent: a tool that reads a table has no telemetry.
    """
    invocation = _current.get()
    event = Span(name, type, target, invocation)
    started = perf_counter()
    try:
        yield event
    except BaseException:
        event.success = False
        raise
    finally:
        event.duration_ms = event.duration_ms or (perf_counter() - started) * 1000
        if invocation is not None and invocation.sink is not None:
            invocation.sink.span(event)


def current() -> Invocation | None:
    """Return the wide event of the invocation that runs; None outside one."""
    return _current.get()


def bind(**properties: Property) -> None:
    """Add properties to the wide event. Does nothing outside an invocation."""
    if (event := _current.get()) is not None:
        event.properties.update(properties)


def get_logger(name: str) -> logging.Logger:
    """Return the logger `name`, for what is unusual. Its records carry the operation id and the user."""
    logger = logging.getLogger(f"{ROOT}.{name}")
    if _correlate not in logger.filters:
        logger.addFilter(_correlate)
    return logger


def _correlate(record: logging.LogRecord) -> bool:
    event = _current.get()
    record.operation_id = event.operation_id if event else ""
    record.user = event.user if event else ""
    record.invocation = event
    return True


def _trace(context: Context) -> tuple[str, str]:
    """Return operation id and parent id: the host's, or a new operation when the host sent none."""
    match = _TRACEPARENT.fullmatch(context.trace_context.trace_parent or "")
    return (match[1], match[2]) if match else (secrets.token_hex(16), "")
