"""Telemetry as readable lines on standard error: what a developer sees, and what is left when nothing else is set."""

import logging
import re
import sys
import time
from collections.abc import Mapping

from shared.telemetry.events import Event, Invocation, Property, Span

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def printable(text: str) -> str:
    """`text` on one line: control characters escaped, so that no input can forge a line or drive a terminal."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def told(properties: Mapping[str, Property]) -> str:
    """Properties in few words: six digits of a number are enough for people."""
    return " ".join(
        f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value}" for name, value in properties.items()
    )


class Console:
    """A line for every event."""

    def invocation(self, event: Invocation) -> None:
        steps = " ".join(f"{name} {took:.2f}" for name, took in event.steps.items())
        facts = told(event.properties)
        line = f"{event.name} {event.status} {event.outcome} {event.total_ms:.2f} ms [{steps}] {facts}"
        self._write(event.started, printable(line), event)

    def span(self, event: Span) -> None:
        outcome = "ok" if event.success else "failed"
        facts = told(event.properties)
        line = f"  {event.name} → {event.target} {outcome} {event.duration_ms:.2f} ms {facts}"
        self._write(event.started, printable(line), event.invocation)

    def event(self, event: Event) -> None:
        self._write(event.started, printable(f"{event.name} {told({**event.properties, **event.measurements})}"), None)

    def flush(self, timeout: float) -> bool:
        sys.stderr.flush()
        return True

    def close(self, timeout: float) -> bool:
        return self.flush(timeout)

    def _write(self, at: float, line: str, event: Invocation | None) -> None:
        operation = event.operation_id if event else "-"
        sys.stderr.write(f"{time.strftime('%H:%M:%S', time.localtime(at))} {line} op={operation}\n")


class LineFormatter(logging.Formatter):
    """Log lines in the same form; the message on one line, a stack trace below it."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%H:%M:%S", time.localtime(record.created))
        line = f"{at} {record.levelname} {printable(record.getMessage())}"
        operation = getattr(record, "operation_id", "")
        line = f"{line} op={operation}" if operation else line
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def handler() -> logging.Handler:
    """A log handler that writes such lines to standard error."""
    result = logging.StreamHandler(sys.stderr)
    result.setFormatter(LineFormatter())
    return result
