"""What is measured of each subject, and what is known of it after all rounds."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from bench.compare.subjects import Subject


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One round. What a subject does not do is None."""

    cold_start_s: float | None = None
    """From the start of a process to its first right prediction; of a program, to its end."""
    p50_ms: float | None = None
    p99_ms: float | None = None
    requests_per_s: float | None = None
    """With 16 clients, a row each time."""
    rows_per_s_1000: float | None = None
    rows_per_s_10000: float | None = None
    """With one client, in batches of so many rows."""
    memory_mb: float | None = None
    """PSS of all its processes after 1,000 predictions of one row."""
    resident_mb: float | None = None
    """The same as RSS."""


NAMES = tuple(each.name for each in fields(Figures))


@dataclass
class Result:
    """A subject, its rounds so far, and why there are no more of them, if it failed."""

    subject: Subject
    rounds: list[Figures] = field(default_factory=list)
    failure: str = ""
    installed_mb: float | None = None
    versions: dict[str, str] = field(default_factory=dict)

    def values(self, name: str) -> Sequence[float]:
        """A figure of every round that has it."""
        return [value for each in self.rounds if (value := getattr(each, name)) is not None]

    def median(self, name: str) -> float | None:
        """The middle of them; None when there are none."""
        values = self.values(name)
        return statistics.median(values) if values else None
