"""Telemetry items as plain data: wide event of an invocation, call that leaves the process, log line, process event.

Every item has a `sequence`, the order in which the process's items began: a clock may show the same time twice.
"""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple, Protocol

import msgspec
from msgspec import Struct

type Property = str | int | float | bool

_next_sequence = count(1).__next__


def _id() -> str:
    """Return a span id, 16 hex digits (W3C Trace Context)."""
    return f"{random.getrandbits(64):016x}"  # unique is enough


class TraceContext(Protocol):
    """The host's span, as azure-functions passes it to a function."""

    @property
    def trace_parent(self) -> str: ...


class Context(Protocol):
    """The part of a function's context that telemetry reads."""

    @property
    def invocation_id(self) -> str: ...

    @property
    def trace_context(self) -> TraceContext: ...


class Invocation(Struct, eq=False):
    """The wide event: everything that is recorded of one invocation, in one item."""

    name: str
    operation_id: str
    """The trace's id, 32 hex digits (W3C Trace Context)."""
    parent_id: str
    """The host's span, 16 hex digits; empty when the host sent none."""
    invocation_id: str
    cold_start: bool = False
    """True for the first invocation of the service."""
    sink: "Sink | None" = None
    """The sink of the service that runs the invocation."""
    sequence: int = msgspec.field(default_factory=_next_sequence)
    started: float = msgspec.field(default_factory=time.time)
    """Unix time, seconds."""
    total_ms: float = 0.0
    status: int = 0
    outcome: str = ""
    """`ok`, or the problem's slug; empty when there was no response."""
    steps: dict[str, float] = msgspec.field(default_factory=dict)
    """Step → milliseconds, in the order in which the steps ran."""
    properties: dict[str, Property] = msgspec.field(default_factory=dict)

    identity: str = ""
    """The span's id after the first use of `id`: mostly in the telemetry thread, not in the request."""

    @property
    def id(self) -> str:
        """The span's id, 16 hex digits (W3C Trace Context)."""
        if not self.identity:
            self.identity = _id()
        return self.identity

    @property
    def success(self) -> bool:
        """True unless the service failed: a refused request is a success; a 5xx, or no response at all, is not."""
        return 0 < self.status < 500

    @property
    def user(self) -> str:
        """The caller's name; empty before authentication."""
        return str(self.properties.get("user", ""))


@dataclass(slots=True, eq=False)
class Span:
    """One call that left the process."""

    name: str
    type: str
    target: str
    invocation: Invocation | None
    id: str = field(default_factory=_id)
    sequence: int = field(default_factory=_next_sequence)
    started: float = field(default_factory=time.time)
    duration_ms: float = 0.0
    success: bool = True
    properties: dict[str, Property] = field(default_factory=dict)


class Frame(NamedTuple):
    """One line of a stack trace."""

    method: str
    file: str
    line: int


class Thrown(NamedTuple):
    """One exception of a chain."""

    type: str
    message: str
    frames: tuple[Frame, ...]
    """The stack, innermost frame first."""


@dataclass(slots=True, eq=False)
class Line:
    """One log line."""

    logger: str
    message: str
    level: int
    """As in `logging`."""
    started: float
    invocation: Invocation | None
    thrown: tuple[Thrown, ...] = ()
    """The exception that the line reports, then its cause, and so on."""
    sequence: int = field(default_factory=_next_sequence)


@dataclass(slots=True, eq=False)
class Event:
    """An event of the process, not of a request."""

    name: str
    properties: Mapping[str, Property] = field(default_factory=dict)
    measurements: Mapping[str, float] = field(default_factory=dict)
    sequence: int = field(default_factory=_next_sequence)
    started: float = field(default_factory=time.time)


class Sink(Protocol):
    """A destination of items: the console, or Application Insights. Its methods never raise and never wait."""

    def invocation(self, event: Invocation) -> None: ...

    def span(self, event: Span) -> None: ...

    def event(self, event: Event) -> None: ...

    def flush(self, timeout: float) -> bool:
        """Send the buffered items, for `timeout` seconds at most. Returns True when all of them were sent."""
        ...

    def close(self, timeout: float) -> bool:
        """Flush, then accept no more items."""
        ...
