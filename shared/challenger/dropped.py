"""The count of requests that the challenger could not score in time."""

import threading
from collections.abc import Callable

from shared.cooldown import Cooldown
from shared.telemetry.events import Event

REPORT_SECONDS = 10.0  # between two reports: one for each request would be a flood


class Dropped:
    """Counts requests and their rows, and sends the counts since the last report as an event."""

    def __init__(self, send: Callable[[Event], object]) -> None:
        self._send = send
        self._requests = self._rows = 0
        self._lock = threading.Lock()
        self._pause = Cooldown(REPORT_SECONDS)

    def count(self, rows: int) -> None:
        """Count a request. The first one is reported at once: a challenger that hangs reports nothing itself."""
        with self._lock:
            self._requests += 1
            self._rows += rows
        self.report_sometimes()

    def report_sometimes(self) -> None:
        """Report, unless a report was sent a moment ago."""
        if not self._pause.active:
            self.report()

    def report(self) -> None:
        """Send the counts, if there are any."""
        with self._lock:
            requests, rows = self._requests, self._rows
            self._requests = self._rows = 0
        if requests:
            self._pause.start()
            self._send(Event("challenger_dropped", {}, {"requests": requests, "rows": rows}))
