"""Sends envelopes to Application Insights, and keeps them on disk while it does not take them.

The only module that knows opencensus-ext-azure: its transport (what each answer of ingestion means) and its storage.
Its exporters are not used: they need a tracer and a protobuf that fits, start threads that call out, and lose or repeat
items where the comments below say so. Importing this takes 0.3 s, most of it for the transport's imports.
"""

import json
import logging
import os
import platform
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
from opencensus.common.version import __version__ as opencensus_version
from opencensus.ext.azure.common import transport
from opencensus.ext.azure.common.storage import LocalFileStorage
from opencensus.ext.azure.common.transport import TransportMixin, TransportStatusCode
from opencensus.ext.azure.common.version import __version__ as extension_version

from shared.rules import Ingestion
from shared.telemetry.envelopes import Envelope

SDK_VERSION = f"py{platform.python_version()}:oc{opencensus_version}:ext{extension_version}"
MOST_BYTES = 50 * 1024 * 1024
"""Kept on disk; about 40,000 items."""
KEPT_SECONDS = 48 * 3600
"""Ingestion refuses what is older."""
LEFT_OUT = "Data drop %s: %s %s."
"""What the library says of every item that a partial success (206) left out for good."""
MOST_SAID = 1_000
MOST_COMPLAINT = 300


class Json:
    """What the library's transport calls `json`.

    For 1,000 items json.dumps keeps the interpreter, and with it every request, for 5.3 ms; msgspec does for 0.9 ms.
    """

    loads = staticmethod(json.loads)

    @staticmethod
    def dumps(items: Sequence[Envelope], default: object = None) -> bytes:
        """The items encoded; they hold nothing that needs a `default`."""
        return msgspec.json.encode(items)


transport.json = Json

type Lose = Callable[[str, int], None]
"""Takes why items were lost, and how many."""


class Complaints(logging.Handler):
    """Hears what the library says, and nobody else does.

    On its way to the root logger every failed request would be a line in the host's log, and with no handler at all
    Python prints it.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._threads = threading.local()
        library = logging.getLogger("opencensus")
        library.propagate = False
        library.handlers[:] = [self]

    def emit(self, record: logging.LogRecord) -> None:
        self.here.append(record)

    @property
    def here(self) -> deque[logging.LogRecord]:
        """What was said in this thread: every exporter has one of its own."""
        said: deque[logging.LogRecord] = self._threads.__dict__.setdefault("said", deque(maxlen=MOST_SAID))
        return said


class Storage(LocalFileStorage):  # type: ignore[misc]  # the library has no types
    """Batches in files of one folder, which is this process's own: nothing is leased."""

    def __init__(self, folder: Path, lose: Lose) -> None:
        super().__init__(str(folder), max_size=MOST_BYTES, retention_period=KEPT_SECONDS, source="telemetry")
        self.batches = 0
        """How many were put in, ever."""
        self._lose = lose

    def put(self, data: Sequence[Envelope], lease_period: float = 0) -> Any:
        """Keep a batch. Also called by the library, with those items of a partial success that may come again."""
        self.batches += 1
        kept = super().put(data, lease_period)
        if kept is None:
            self._lose("disk full", len(data))
        return kept

    def gets(self) -> Iterator[Any]:
        """The files, oldest first; none where there is no folder to keep them in."""
        return super().gets() if os.path.isdir(self.path) else iter(())


class Exporter(TransportMixin):  # type: ignore[misc]  # the library has no types
    """Sends to one destination, from one thread."""

    def __init__(self, ingestion: Ingestion, folder: Path, lose: Lose, *, timeout: float, pause: float) -> None:
        """`timeout` is a request's, `pause` the time that ingestion is left alone after a failure; both in seconds."""
        self.options = SimpleNamespace(endpoint=ingestion.endpoint, timeout=timeout, proxies="{}", credential=None)
        self.storage = Storage(folder, lose)
        self.complaint = ""
        """Why ingestion did not take all that was sent last."""
        self._consecutive_redirects = 0
        self._lose = lose
        self._pause = pause
        self._resume_at = 0.0

    def send(self, envelopes: Sequence[Envelope]) -> None:
        """Send, or keep on disk: a failed batch, and all while ingestion is down, so that nobody waits for it."""
        if time.monotonic() < self._resume_at or not self._taken(envelopes):
            self.storage.put(envelopes)

    def resend(self, batches: int | None = None) -> None:
        """Send what is kept, oldest first, once the pause after a failure is over; the first failure ends it."""
        if time.monotonic() < self._resume_at:
            return
        for blob in islice(self.storage.gets(), batches):
            if not self._taken(blob.get() or ()):
                return
            blob.delete()

    def resume(self) -> None:
        """Try again at once, pause or not."""
        self._resume_at = 0.0

    @property
    def waiting(self) -> bool:
        """Whether something is kept that ingestion has not taken."""
        return next(self.storage.gets(), None) is not None

    def close(self) -> None:
        """Stop the storage's thread."""
        self.storage.close()

    def _taken(self, envelopes: Sequence[Envelope]) -> bool:
        """Whether ingestion is done with these: it has them, or refused them for good."""
        said, before = _complaints.here, self.storage.batches
        said.clear()
        result = self._transmit(envelopes)
        self.complaint = complaint(said[0]) if said else ""
        failed = result is TransportStatusCode.RETRY
        if result is TransportStatusCode.DROP:
            self._count_refused(len(envelopes), [each.msg for each in said])
        if failed or self.storage.batches > before:
            self._resume_at = time.monotonic() + self._pause
        return not failed

    def _count_refused(self, items: int, said: Sequence[str]) -> None:
        """A partial success and a refusal are one result: only what the library said of it tells them apart."""
        partial = all(each == LEFT_OUT for each in said)
        if refused := len(said) if partial else items:
            self._lose("refused", refused)

    def _check_stats_collection(self) -> bool:
        """True makes the library keep what it could not deliver.

        Where APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL turns its statistics off, it takes a refused connection or a
        time-out for delivered. They are off here in any case: its exporters collect them, calling two more addresses.
        """
        return True


def complaint(record: logging.LogRecord) -> str:
    """What the library said, short and without the item that it may quote."""
    if record.msg == LEFT_OUT and isinstance(record.args, tuple):
        return f"{record.args[0]} {record.args[1]}"[:MOST_COMPLAINT]
    return record.getMessage()[:MOST_COMPLAINT]


_complaints = Complaints()
