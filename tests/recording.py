"""Telemetry that a test can look at."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from shared.telemetry import Invocation, Span, Telemetry
from shared.telemetry.events import Event


def context(trace_parent: str = "", invocation_id: str = "i") -> Any:
    """Return a function's context as the runtime passes it."""
    return SimpleNamespace(invocation_id=invocation_id, trace_context=SimpleNamespace(trace_parent=trace_parent))


class Recorder:
    """A sink that keeps every item."""

    def __init__(self) -> None:
        self.invocations: list[Invocation] = []
        self.spans: list[Span] = []
        self.events: list[Event] = []

    def invocation(self, event: Invocation) -> None:
        self.invocations.append(event)

    def span(self, event: Span) -> None:
        self.spans.append(event)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def flush(self, timeout: float) -> bool:
        return True

    def close(self, timeout: float) -> bool:
        return True


@contextmanager
def recording() -> Iterator[tuple[Telemetry, Recorder]]:
    """Open telemetry that goes to a recorder."""
    recorder = Recorder()
    telemetry = Telemetry(recorder)
    try:
        yield telemetry, recorder
    finally:
        telemetry.close()


@contextmanager
def invocation(name: str = "predict") -> Iterator[tuple[Invocation, Recorder]]:
    """Run the block as one invocation. Yields its wide event, and the recorder of its spans."""
    with recording() as (telemetry, recorder), telemetry.invocation(context(), name) as event:
        yield event, recorder
