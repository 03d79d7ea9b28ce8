"""Log records as lines to be told: finished texts, so that nothing of the request is kept alive or changes later."""

import logging
import traceback
from collections.abc import Callable, Iterator

from shared.telemetry.events import Frame, Line, Thrown

MOST_CAUSES = 10
MOST_FRAMES = 100


class Handler(logging.Handler):
    """Hands every record on as a line. Never raises in the caller."""

    def __init__(self, tell: Callable[[Line], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._tell(line(record))
        except Exception:  # a message that does not fit its arguments must not fail the request
            self.handleError(record)


def line(record: logging.LogRecord) -> Line:
    """A record's line, with the exception that it reports."""
    return Line(
        logger=record.name.rpartition(".")[2],
        message=record.getMessage(),
        level=record.levelno,
        started=record.created,
        invocation=getattr(record, "invocation", None),
        thrown=tuple(_chain(record.exc_info[1])) if record.exc_info else (),
    )


def _chain(error: BaseException | None) -> Iterator[Thrown]:
    """An exception, then its cause or what was being handled when it came, and so on."""
    for _ in range(MOST_CAUSES):
        if error is None:
            return
        yield Thrown(_name(type(error)), str(error), tuple(_frames(error)))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _frames(error: BaseException) -> Iterator[Frame]:
    """Where it was raised, innermost first. The source files are not read."""
    stack = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    for each in stack[: -MOST_FRAMES - 1 : -1]:
        yield Frame(each.name, each.filename, each.lineno or 0)
