"""Log records on their way to telemetry.

Each service in the process has a handler at the root logger of the application. A record of an invocation goes to the
service that runs it, any other record to the service that was built first.
"""

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence

from shared.telemetry.events import Frame, Line, Sink, Thrown

ROOT = "egl_ml"
MAX_CAUSES = 10
MAX_FRAMES = 100


class ServiceHandler(logging.Handler):
    """Passes one service's records on to its `outputs`."""

    def __init__(self, sink: Sink, outputs: Sequence[logging.Handler]) -> None:
        super().__init__()
        self._sink = sink
        self._outputs = outputs

    def attach(self) -> None:
        """Start to receive records."""
        root = logging.getLogger(ROOT)
        root.addHandler(self)
        root.setLevel(logging.INFO)
        root.propagate = False  # the worker forwards root-logger lines to the host: every line would appear twice

    def detach(self) -> None:
        """Receive no more records."""
        logging.getLogger(ROOT).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on, if it belongs to this service."""
        invocation = getattr(record, "invocation", None)
        if invocation.sink is self._sink if invocation else self._is_first():
            for output in self._outputs:
                output.handle(record)

    def _is_first(self) -> bool:
        handlers = logging.getLogger(ROOT).handlers
        return next(handler for handler in handlers if isinstance(handler, ServiceHandler)) is self


class LineHandler(logging.Handler):
    """Sends each record as a `Line`. Never raises in the caller."""

    def __init__(self, send: Callable[[Line], None]) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Convert and send a record."""
        try:
            self._send(line(record))
        except Exception:  # a message that does not fit its arguments must not fail the request
            self.handleError(record)


def line(record: logging.LogRecord) -> Line:
    """Convert a record. The message is formatted at once, so no item keeps a request alive."""
    return Line(
        logger=record.name.rpartition(".")[2],
        message=record.getMessage(),
        level=record.levelno,
        started=record.created,
        invocation=getattr(record, "invocation", None),
        thrown=tuple(_chain(record.exc_info[1])) if record.exc_info else (),
    )


def _chain(error: BaseException | None) -> Iterator[Thrown]:
    """Yield an exception, then its cause or the exception during which it was raised, and so on."""
    for _ in range(MAX_CAUSES):
        if error is None:
            return
        yield Thrown(_name(type(error)), str(error), tuple(_frames(error)))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _frames(error: BaseException) -> Iterator[Frame]:
    """Yield the stack, innermost frame first. The source files are not read."""
    stack = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    for frame in stack[: -MAX_FRAMES - 1 : -1]:
        yield Frame(frame.name, frame.filename, frame.lineno or 0)
