"""Application Insights as a sink. A request pays for one append to a buffer.

A thread (`delivery`) builds the envelopes and passes them to the exporter. Nothing here waits for it or raises.
"""

import threading
from queue import Empty

from shared.settings import Settings
from shared.telemetry import envelopes
from shared.telemetry.buffer import Buffer, Build
from shared.telemetry.delivery import Delivery, Describe, Pace
from shared.telemetry.events import Event, Invocation, Line, Span

__all__ = ["Describe", "Insights", "Pace"]


class Insights:
    """A sink, and the thread behind it."""

    def __init__(self, settings: Settings, describe: Describe | None = None, pace: Pace = Pace()) -> None:  # noqa: B008 - frozen
        """Needs a connection string in `settings`. `describe` is called once, in the thread, for `started`."""
        self._buffer = Buffer()
        self._delivery = Delivery(settings, self._buffer, describe, pace)
        self._thread = threading.Thread(target=self._delivery.run, name="telemetry", daemon=True)
        self._thread.start()

    def invocation(self, event: Invocation) -> None:
        self._buffer.put(envelopes.invocation, event)

    def span(self, event: Span) -> None:
        self._buffer.put(envelopes.span, event)

    def line(self, event: Line) -> None:
        self._buffer.put(envelopes.line, event)

    def event(self, event: Event) -> None:
        self._buffer.put(envelopes.event, event)

    def item(self, build: Build, item: object) -> None:
        """Send an item of another kind; `build` makes its envelope, in the thread."""
        self._buffer.put(build, item)

    def flush(self, timeout: float) -> bool:
        """Send the buffered items, for `timeout` seconds at most; the rest goes to disk."""
        return self._finish(timeout, last=False)

    def close(self, timeout: float) -> bool:
        """Flush, and end the thread."""
        return self._finish(timeout, last=True)

    def _finish(self, timeout: float, *, last: bool) -> bool:
        if not self._thread.is_alive():
            return not self._buffer
        try:
            return self._buffer.request_flush(last=last).get(timeout=timeout)
        except Empty:
            self._delivery.store_rest()
            return False
