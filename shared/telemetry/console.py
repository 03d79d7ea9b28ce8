"""Telemetry as readable lines on standard error, for developers and for a service without Application Insights."""

import logging
import sys
import time
from collections.abc import Mapping

from shared.telemetry.events import Event, Invocation, Property, Span
from shared.telemetry.printable import printable


def summary(properties: Mapping[str, Property]) -> str:
    """Return properties as `name=value`, numbers with six digits."""
    return " ".join(
        f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value}" for name, value in properties.items()
    )


class Console:
    """A sink that writes a line for every item."""

    def invocation(self, event: Invocation) -> None:
        steps = " ".join(f"{name} {milliseconds:.2f}" for name, milliseconds in event.steps.items())
        properties = summary(event.properties)
        line = f"{event.name} {event.status} {event.outcome} {event.total_ms:.2f} ms [{steps}] {properties}"
        self._write(event.started, printable(line), event)

    def span(self, event: Span) -> None:
        outcome = "ok" if event.success else "failed"
        properties = summary(event.properties)
        line = f"  {event.name} → {event.target} {outcome} {event.duration_ms:.2f} ms {properties}"
        self._write(event.started, printable(line), event.invocation)

    def event(self, event: Event) -> None:
        properties = summary({**event.properties, **event.measurements})
        self._write(event.started, printable(f"{event.name} {properties}"), None)

    def flush(self, timeout: float) -> bool:
        sys.stderr.flush()
        return True

    def close(self, timeout: float) -> bool:
        return self.flush(timeout)

    def _write(self, at: float, line: str, invocation: Invocation | None) -> None:
        operation = invocation.operation_id if invocation else "-"
        sys.stderr.write(f"{time.strftime('%H:%M:%S', time.localtime(at))} {line} op={operation}\n")


class LineFormatter(logging.Formatter):
    """Formats log records in the same way: the message on one line, a stack trace below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        at = time.strftime("%H:%M:%S", time.localtime(record.created))
        line = f"{at} {record.levelname} {printable(record.getMessage())}"
        operation = getattr(record, "operation_id", "")
        line = f"{line} op={operation}" if operation else line
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def handler() -> logging.Handler:
    """Return a log handler that writes such lines to standard error."""
    result = logging.StreamHandler(sys.stderr)
    result.setFormatter(LineFormatter())
    return result
