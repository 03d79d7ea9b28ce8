"""What is told, as plain data: the wide event of one invocation, and the span of one call that leaves the process."""

import time
from dataclasses import dataclass, field
from typing import Protocol

type Property = str | int | float | bool


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


@dataclass(slots=True, eq=False)
class Invocation:
    """The wide event: everything worth telling of one invocation, in one item."""

    name: str
    operation_id: str
    """The trace's id, 32 hex digits (W3C Trace Context)."""
    parent_id: str
    """The host's span, 16 hex digits; empty when the host gave none."""
    invocation_id: str
    started: float = field(default_factory=time.time)
    """Unix time, seconds."""
    total_ms: float = 0.0
    status: int = 0
    outcome: str = ""
    """`ok`, or the problem's slug."""
    steps: dict[str, float] = field(default_factory=dict)
    """Step → milliseconds, in the order in which the steps ran."""
    properties: dict[str, Property] = field(default_factory=dict)

    @property
    def success(self) -> bool:
        """Whether the service did its part: a refused request is a success, a 5xx is not."""
        return self.status < 500

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
    started: float = field(default_factory=time.time)
    duration_ms: float = 0.0
    success: bool = True
    properties: dict[str, Property] = field(default_factory=dict)


class Sink(Protocol):
    """Where events go: the console, or Application Insights."""

    def invocation(self, event: Invocation) -> None: ...

    def span(self, event: Span) -> None: ...

    def flush(self, timeout: float) -> bool: ...
