"""What is told, as plain data: an invocation's wide event, a call that leaves the process, a log line, an event.

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
    """A span's id, 16 hex digits (W3C Trace Context)."""
    return f"{random.getrandbits(64):016x}"  # unique is enough


class TraceContext(Protocol):
    """The host's span, as azure-functions hands it to a function."""

    @property
    def trace_parent(self) -> str: ...


class Context(Protocol):
    """What telemetry reads of a function's context."""

    @property
    def invocation_id(self) -> str: ...

    @property
    def trace_context(self) -> TraceContext: ...


class Invocation(Struct, eq=False):
    """The wide event: everything worth telling of one invocation, in one item."""

    name: str
    operation_id: str
    """The trace's id, 32 hex digits (W3C Trace Context)."""
    parent_id: str
    """The host's span, 16 hex digits; empty when the host gave none."""
    invocation_id: str
    cold_start: bool = False
    """Whether it is the first of the process."""
    sequence: int = msgspec.field(default_factory=_next_sequence)
    started: float = msgspec.field(default_factory=time.time)
    """Unix time, seconds."""
    total_ms: float = 0.0
    status: int = 0
    outcome: str = ""
    """`ok`, or the problem's slug; empty when it never answered."""
    steps: dict[str, float] = msgspec.field(default_factory=dict)
    """Step → milliseconds, in the order in which the steps ran."""
    properties: dict[str, Property] = msgspec.field(default_factory=dict)

    identity: str = ""
    """The span's id once somebody asked for `id`: mostly the telemetry thread, not the request."""

    @property
    def id(self) -> str:
        """The span's id, 16 hex digits (W3C Trace Context)."""
        if not self.identity:
            self.identity = _id()
        return self.identity

    @property
    def success(self) -> bool:
        """Whether the service did its part: a refused request is a success; a 5xx, or no answer at all, is not."""
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
    """Where it was raised, innermost first."""


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
    """The exception that it reports, then that one's cause, and so on."""
    sequence: int = field(default_factory=_next_sequence)


@dataclass(slots=True, eq=False)
class Event:
    """Something that happened to the process, not to a request."""

    name: str
    properties: Mapping[str, Property] = field(default_factory=dict)
    measurements: Mapping[str, float] = field(default_factory=dict)
    sequence: int = field(default_factory=_next_sequence)
    started: float = field(default_factory=time.time)


class Sink(Protocol):
    """Where items go: the console, or Application Insights. Telling never raises and never waits."""

    def invocation(self, event: Invocation) -> None: ...

    def span(self, event: Span) -> None: ...

    def event(self, event: Event) -> None: ...

    def flush(self, timeout: float) -> bool:
        """Send what is still held, for `timeout` seconds at most. Whether all of it went out."""
        ...

    def close(self, timeout: float) -> bool:
        """The same, and nothing is told from then on."""
        ...


class Nowhere:
    """Where items go before anybody said where: a developer's tool that reads a table tells no story of it."""

    def invocation(self, event: Invocation) -> None: ...

    def span(self, event: Span) -> None: ...

    def event(self, event: Event) -> None: ...

    def flush(self, timeout: float) -> bool:
        return True

    def close(self, timeout: float) -> bool:
        return True
