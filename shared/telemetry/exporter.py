"""Sends envelopes to Application Insights, and stores them on disk while it does not accept them.

The only module that imports opencensus-ext-azure: its transport (the meaning of each response of ingestion) and its
storage. Its exporters are not used: they need a tracer and a matching protobuf, start threads that call two more
addresses, and lose or repeat items where the comments below say so. Importing this takes 0.3 s, most of it for the
transport's imports.
"""

import json
import logging
import os
import platform
import threading
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

from shared.cooldown import Cooldown
from shared.telemetry.envelopes import Envelope
from shared.validators import Ingestion

SDK_VERSION = f"py{platform.python_version()}:oc{opencensus_version}:ext{extension_version}"
MAX_BYTES = 50 * 1024 * 1024
"""On disk; about 40,000 items."""
RETENTION_SECONDS = 48 * 3600
"""Ingestion refuses older items."""
PARTIAL_SUCCESS = "Data drop %s: %s %s."
"""The library's log message for every item that a partial success (206) refused for good."""
MAX_RECORDS = 1_000
MAX_COMPLAINT = 300


class Json:
    """Replacement of `json` in the library's transport.

    For 1,000 items json.dumps blocks the interpreter, and so every request, for 5.3 ms; msgspec for 0.9 ms.
    """

    loads = staticmethod(json.loads)

    @staticmethod
    def dumps(items: Sequence[Envelope], default: object = None) -> bytes:
        """Encode the items; none of their values needs a `default`."""
        return msgspec.json.encode(items)


transport.json = Json
_library_logger = logging.getLogger("opencensus")
_library_logger.propagate = False  # every failed request would be a line in the host's log
_library_logger.addHandler(logging.NullHandler())  # without a handler Python prints warnings

type CountLost = Callable[[str, int], None]
"""Takes the reason for which items were lost, and their number."""


class LibraryLog(logging.Handler):
    """The library's log records of one thread, while the block lasts."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: deque[logging.LogRecord] = deque(maxlen=MAX_RECORDS)
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record, unless another exporter's thread logged it."""
        if record.thread == self._thread:
            self.records.append(record)

    def __enter__(self) -> deque[logging.LogRecord]:
        _library_logger.addHandler(self)
        return self.records

    def __exit__(self, *_: object) -> None:
        _library_logger.removeHandler(self)


class Storage(LocalFileStorage):  # type: ignore[misc]  # the library has no types
    """Batches as files of one folder. The folder belongs to this process alone, so nothing is leased."""

    def __init__(self, folder: Path, count_lost: CountLost, max_bytes: int) -> None:
        super().__init__(str(folder), max_size=max_bytes, retention_period=RETENTION_SECONDS, source="telemetry")
        self.batches = 0
        """Number of batches ever stored."""
        self._count_lost = count_lost

    def put(self, data: Sequence[Envelope], lease_period: float = 0) -> Any:
        """Store a batch. The library calls it too, with those items of a partial success that may be sent again."""
        self.batches += 1
        stored = super().put(data, lease_period)
        if stored is None:
            self._count_lost("disk full", len(data))
        return stored

    def gets(self) -> Iterator[Any]:
        """Return the files, oldest first; none where there is no folder."""
        return super().gets() if os.path.isdir(self.path) else iter(())


class Exporter(TransportMixin):  # type: ignore[misc]  # the library has no types
    """Sends to one destination, from one thread."""

    def __init__(  # noqa: PLR0913 - two limits and two times, each by its name
        self,
        ingestion: Ingestion,
        folder: Path,
        count_lost: CountLost,
        *,
        timeout: float,
        pause: float,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """`timeout` is for one request, `pause` the time without requests after a failure; both in seconds."""
        self.options = SimpleNamespace(endpoint=ingestion.endpoint, timeout=timeout, proxies="{}", credential=None)
        self.storage = Storage(folder, count_lost, max_bytes)
        self.complaint = ""
        """Why ingestion did not accept all of the last batch."""
        self._consecutive_redirects = 0
        self._count_lost = count_lost
        self._pause = Cooldown(pause)

    def send(self, envelopes: Sequence[Envelope]) -> None:
        """Send, or store on disk: a failed batch, and all batches of a pause, so that nobody waits for ingestion."""
        if self._pause.active or not self._delivered(envelopes):
            self.storage.put(envelopes)

    def resend(self, batches: int | None = None) -> None:
        """Send what is on disk, oldest first, unless there is a pause; stop at the first failure."""
        if self._pause.active:
            return
        for blob in islice(self.storage.gets(), batches):
            if not self._delivered(blob.get() or ()):
                return
            blob.delete()

    def resume(self) -> None:
        """End the pause."""
        self._pause.end()

    @property
    def waiting(self) -> bool:
        """True while something is on disk."""
        return next(self.storage.gets(), None) is not None

    def close(self) -> None:
        """Stop the storage's thread."""
        self.storage.close()

    def _delivered(self, envelopes: Sequence[Envelope]) -> bool:
        """Send. Returns True when ingestion has accepted the envelopes, or refused them for good."""
        batches_before = self.storage.batches
        with LibraryLog() as records:
            result = self._transmit(envelopes)
        self.complaint = complaint(records[0]) if records else ""
        failed = result is TransportStatusCode.RETRY
        if result is TransportStatusCode.DROP:
            self._count_refused(len(envelopes), [record.msg for record in records])
        if failed or self.storage.batches > batches_before:
            self._pause.start()
        return not failed

    def _count_refused(self, items: int, messages: Sequence[str]) -> None:
        """Count refused items. Only the log distinguishes a partial success from a refusal."""
        partial = all(message == PARTIAL_SUCCESS for message in messages)
        if refused := len(messages) if partial else items:
            self._count_lost("refused", refused)

    def _check_stats_collection(self) -> bool:
        """Return True: then the library stores what it could not deliver.

        Where APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL turns its statistics off, it counts a refused connection or a
        time-out as delivered. They are off here in any case: its exporters collect them, calling two more addresses.
        """
        return True


def complaint(record: logging.LogRecord) -> str:
    """Return the library's message, short and without the item that it may quote."""
    if record.msg == PARTIAL_SUCCESS and isinstance(record.args, tuple):
        return f"{record.args[0]} {record.args[1]}"[:MAX_COMPLAINT]
    return record.getMessage()[:MAX_COMPLAINT]
