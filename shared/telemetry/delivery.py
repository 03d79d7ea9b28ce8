"""The telemetry thread: once a second it takes what was told, makes envelopes of it and has them sent.

It loads the exporter itself, when the process is a few seconds old: that takes a third of a second of a core, which the
first requests and the model's load have better use for.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.rules import ingestion
from shared.settings import Settings
from shared.telemetry import envelopes, folders
from shared.telemetry.buffer import Buffer, Build
from shared.telemetry.envelopes import Envelope, Template
from shared.telemetry.events import Event, Property

if TYPE_CHECKING:
    from shared.telemetry.exporter import Exporter

BATCH_ITEMS = 1_000
"""In one request, about 1 MB; the library opens a connection for each."""

RESENT_BATCHES = 10
"""In one round, so that what is told meanwhile finds room."""

type About = Callable[[], Mapping[str, Property]]
"""What a process says of itself."""

_log = logging.getLogger(__name__)  # the host's log, not our own: that one would come to this very thread


@dataclass(frozen=True)
class Pace:
    """How long things take, in seconds."""

    load_after: float = 3.0
    """After the process's start; the exporter is loaded then, or when the buffer fills, or at a flush."""
    interval: float = 1.0
    """Between two batches; what a process that is killed can lose."""
    timeout: float = 5.0
    """Of one request to ingestion."""
    pause: float = 5.0
    """After a failure ingestion is left alone, and what is told goes to disk."""


class Delivery:
    """From the buffer to the exporter."""

    def __init__(self, settings: Settings, buffer: Buffer, about: About | None, pace: Pace) -> None:
        self._settings = settings
        self._buffer = buffer
        self._about = about
        self._pace = pace
        self._started = Event("started")
        self._exporter: Exporter | None = None
        self._folder = folders.NOWHERE
        self._broken = False
        self._beat_at = 0.0
        self._complaint = ""

    def run(self) -> None:
        """Deliver until the last call. Never raises."""
        wait = self._pace.load_after
        while True:
            call = self._buffer.wait(wait)
            delivered = self._deliver(urgent=call is not None)
            if call:
                call.done.put(delivered)
                if call.last:
                    break
            wait = self._pace.interval
        if self._exporter:
            self._exporter.close()
            folders.leave(self._folder)

    def keep(self) -> None:
        """Put what nobody took yet on disk; for the caller of a flush that took too long."""
        if self._exporter:
            while batch := self._buffer.take(BATCH_ITEMS):
                self._exporter.storage.put(list(self._built(batch)))

    def _deliver(self, *, urgent: bool) -> bool:
        """One round. Whether ingestion has all that was told before it."""
        if self._broken or (urgent and self._exporter is None and not self._buffer):
            return not self._broken  # when nothing was told, nothing need be loaded
        try:
            exporter = self._exporter or self._load()
            self._send(exporter, urgent=urgent)
            return not exporter.waiting
        except Exception as error:  # a full disk, a folder that was cleaned away: the next round may do better
            self._complain(f"{type(error).__name__}: {error}")
            return False

    def _load(self) -> "Exporter":
        try:
            from shared.telemetry.exporter import SDK_VERSION, Exporter  # noqa: PLC0415 - a third of a second
        except Exception:
            self._broken = True
            self._buffer.most = 0
            raise
        with suppress(OSError):  # no folder: what cannot be sent is lost, and counted
            self._folder = folders.own(self._settings.applicationinsights_connection_string)
        self._template = Template(self._settings, SDK_VERSION)
        destination = ingestion(self._settings.applicationinsights_connection_string)
        pace = {"timeout": self._pace.timeout, "pause": self._pace.pause}
        self._exporter = Exporter(destination, self._folder, self._buffer.lose, **pace)
        if self._about:
            self._start(self._about)
        return self._exporter

    def _start(self, about: About) -> None:
        """Tell what the process says of itself; that it cannot is told in its place."""
        try:
            self._started.properties = about()
        except Exception as error:
            self._started.properties = {"error": type(error).__name__}
        self._buffer.put(envelopes.event, self._started)

    def _send(self, exporter: "Exporter", *, urgent: bool) -> None:
        if urgent:
            exporter.resume()
        self._keep_house()
        exporter.resend(None if urgent else RESENT_BATCHES)
        while batch := self._buffer.take(BATCH_ITEMS):
            try:
                exporter.send(list(self._built(batch)))
            except Exception:
                self._buffer.lose("not sendable", len(batch))
                raise
        if not exporter.complaint:
            self._report(exporter)
        self._complain(exporter.complaint)

    def _report(self, exporter: "Exporter") -> None:
        """Tell what was lost; not through the buffer, which may have no room."""
        lost = [Event("dropped", {"reason": why}, {"items": items}) for why, items in self._buffer.losses().items()]
        if lost:
            exporter.send([envelopes.event(self._template, each) for each in lost])

    def _built(self, batch: Iterable[tuple[Build, Any]]) -> Iterable[Envelope]:
        for build, item in batch:
            try:
                yield build(self._template, item)
            except Exception as error:  # one that cannot be told must not take the others along
                self._buffer.lose("not sendable", 1)
                self._complain(f"{type(error).__name__}: {error}")

    def _keep_house(self) -> None:
        if time.monotonic() >= self._beat_at and self._folder != folders.NOWHERE:
            self._beat_at = time.monotonic() + folders.BEAT_SECONDS
            folders.beat(self._folder)
            folders.adopt(self._folder)

    def _complain(self, complaint: str) -> None:
        """Say once in the host's log what is wrong, and again when it was right in between."""
        if complaint and not self._complaint:
            _log.warning("Telemetry is not delivered as it should be: %s", complaint)
        self._complaint = complaint
