"""Application Insights as the place where telemetry goes: what a request pays is one finished item into a buffer.

The rest is done by a thread (`delivery`), which builds the envelopes and hands them to the exporter. Nothing here waits
for it, and nothing raises.
"""

import threading
from queue import Empty

from shared.settings import Settings
from shared.telemetry import envelopes
from shared.telemetry.buffer import Buffer, Build
from shared.telemetry.delivery import About, Delivery, Pace
from shared.telemetry.events import Event, Invocation, Line, Span

__all__ = ["About", "Insights", "Pace"]


class Insights:
    """A sink, and the thread behind it."""

    def __init__(self, settings: Settings, about: About | None = None, pace: Pace = Pace()) -> None:  # noqa: B008 - frozen
        """Needs a connection string in `settings`. `about` is asked once, in the thread, for the `started` event."""
        self._buffer = Buffer()
        self._delivery = Delivery(settings, self._buffer, about, pace)
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
        """An item of another kind; `build` makes its envelope, in the thread."""
        self._buffer.put(build, item)

    def flush(self, timeout: float) -> bool:
        """Send what is still held, for `timeout` seconds at most; then what is left goes to disk."""
        return self._finish(timeout, last=False)

    def close(self, timeout: float) -> bool:
        """The same, and the thread ends."""
        return self._finish(timeout, last=True)

    def _finish(self, timeout: float, *, last: bool) -> bool:
        if not self._thread.is_alive():
            return not self._buffer
        try:
            return self._buffer.call(last=last).get(timeout=timeout)
        except Empty:
            self._delivery.keep()
            return False
