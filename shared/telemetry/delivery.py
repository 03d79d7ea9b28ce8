"""The telemetry thread: once a second it takes the buffered items, builds their envelopes and has them sent.

It imports the exporter itself, when the process is a few seconds old: the import takes a third of a second of a core,
which the first requests and the model's load need more.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.cooldown import Cooldown
from shared.settings import Settings
from shared.telemetry import envelopes, spool
from shared.telemetry.buffer import Buffer, Build
from shared.telemetry.envelopes import Envelope, Template
from shared.telemetry.events import Event, Property
from shared.validators import ingestion

if TYPE_CHECKING:
    from shared.telemetry.exporter import Exporter

BATCH_ITEMS = 1_000
"""In one request, about 1 MB; the library opens a connection for each."""

RESENT_BATCHES = 10
"""In one round, so that new items find room."""

type Describe = Callable[[], Mapping[str, Property]]
"""Returns the properties of the `started` event."""

_log = logging.getLogger(__name__)  # the host's log, not our own: our own lines come to this very thread


@dataclass(frozen=True)
class Pace:
    """Times in seconds."""

    load_after: float = 3.0
    """After the process's start; the exporter is imported then, or when the buffer fills, or at a flush."""
    interval: float = 1.0
    """Between two batches; a killed process loses this much."""
    timeout: float = 5.0
    """Of one request to ingestion."""
    pause: float = 5.0
    """After a failure. Items go to disk meanwhile."""
    heartbeat: float = spool.HEARTBEAT_SECONDS
    """Between two marks that the folder is in use."""


class Delivery:
    """Moves items from the buffer to the exporter."""

    def __init__(self, settings: Settings, buffer: Buffer, describe: Describe | None, pace: Pace) -> None:
        self._settings = settings
        self._buffer = buffer
        self._describe = describe
        self._pace = pace
        self._started = Event("started")
        self._exporter: Exporter | None = None
        self._folder = spool.NOWHERE
        self._broken = False
        self._heartbeat = Cooldown(pace.heartbeat)
        self._complaint = ""

    def run(self) -> None:
        """Deliver until the last flush. Never raises."""
        wait = self._pace.load_after
        while True:
            request = self._buffer.wait(wait)
            delivered = self._deliver(urgent=request is not None)
            if request:
                request.done.put(delivered)
                if request.last:
                    break
            wait = self._pace.interval
        if self._exporter:
            self._exporter.close()
            spool.remove(self._folder)

    def store_rest(self) -> None:
        """Write all buffered items to disk; for a flush that ran out of time."""
        if self._exporter:
            while batch := self._buffer.take(BATCH_ITEMS):
                self._exporter.storage.put(list(self._built(batch)))

    def _deliver(self, *, urgent: bool) -> bool:
        """Deliver once. Returns True when ingestion has everything that was buffered before."""
        if self._broken or (urgent and self._exporter is None and not self._buffer):
            return not self._broken  # without items nothing need be imported
        try:
            exporter = self._exporter or self._load()
            self._send(exporter, urgent=urgent)
            return not exporter.waiting
        except Exception as error:  # a full disk, a folder that was removed: the next round may succeed
            self._complain(f"{type(error).__name__}: {error}")
            return False

    def _load(self) -> "Exporter":
        try:
            from shared.telemetry.exporter import SDK_VERSION, Exporter  # noqa: PLC0415 - a third of a second
        except Exception:
            self._broken = True
            self._buffer.max_items = 0
            raise
        with suppress(OSError):  # without a folder, items that cannot be sent are lost, and counted
            self._folder = spool.create(self._settings.applicationinsights_connection_string)
        self._template = Template(self._settings, SDK_VERSION)
        destination = ingestion(self._settings.applicationinsights_connection_string)
        self._exporter = Exporter(
            destination,
            self._folder,
            self._buffer.count_lost,
            timeout=self._pace.timeout,
            pause=self._pace.pause,
        )
        if self._describe:
            self._buffer_started(self._describe)
        return self._exporter

    def _buffer_started(self, describe: Describe) -> None:
        """Buffer the `started` event; with an error in place of its properties when they cannot be had."""
        try:
            self._started.properties = describe()
        except Exception as error:
            self._started.properties = {"error": type(error).__name__}
        self._buffer.put(envelopes.event, self._started)

    def _send(self, exporter: "Exporter", *, urgent: bool) -> None:
        if urgent:
            exporter.resume()
        self._maintain_spool()
        exporter.resend(None if urgent else RESENT_BATCHES)
        while batch := self._buffer.take(BATCH_ITEMS):
            try:
                exporter.send(list(self._built(batch)))
            except Exception:
                self._buffer.count_lost("not sendable", len(batch))
                raise
        if not exporter.complaint:
            self._report_losses(exporter)
        self._complain(exporter.complaint)

    def _report_losses(self, exporter: "Exporter") -> None:
        """Report lost items; not through the buffer, which may have no room."""
        losses = self._buffer.take_losses()
        events = [Event("dropped", {"reason": reason}, {"items": items}) for reason, items in losses.items()]
        if events:
            exporter.send([envelopes.event(self._template, event) for event in events])

    def _built(self, batch: Iterable[tuple[Build, Any]]) -> Iterable[Envelope]:
        for build, item in batch:
            try:
                yield build(self._template, item)
            except Exception as error:  # one bad item must not lose the others
                self._buffer.count_lost("not sendable", 1)
                self._complain(f"{type(error).__name__}: {error}")

    def _maintain_spool(self) -> None:
        if not self._heartbeat.active and self._folder != spool.NOWHERE:
            self._heartbeat.start()
            spool.touch(self._folder)
            spool.adopt(self._folder)

    def _complain(self, complaint: str) -> None:
        """Log a complaint once in the host's log, and again after a time without one."""
        if complaint and not self._complaint:
            _log.warning("telemetry is not delivered: %s", complaint)
        self._complaint = complaint
