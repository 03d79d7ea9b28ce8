"""Where, when and how the figures were measured: without it they say nothing."""

import datetime as dt
import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class About:
    """The circumstances of a run."""

    processor: str
    cores: int
    python: str
    date: str
    command: str

    @classmethod
    def now(cls, command: str) -> "About":
        """Those of a run that starts now, on this machine."""
        date = dt.datetime.now(dt.UTC).date().isoformat()
        return cls(processor(), os.cpu_count() or 1, platform.python_version(), date, command)

    def __str__(self) -> str:
        """All but the command, in a line."""
        return f"{self.processor}, {self.cores} cores, Python {self.python}, {self.date}"


def processor() -> str:
    """The CPU's model."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
