"""A process as Linux sees it: memory, threads, open files and processor time of the service that is measured."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.serve import serving

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Process:
    """A running process of this machine."""

    pid: int

    def cpu(self) -> float:
        """Processor seconds that it has used, all threads together."""
        spent = self._read("stat").rpartition(")")[2].split()[11:13]
        return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """What it holds in memory (RSS), in MB."""
        return int(self._read("statm").split()[1]) * os.sysconf("SC_PAGE_SIZE") / MEGABYTE

    def shares(self) -> tuple[float, float]:
        """In MB: its memory with a part of what it shares with other processes (PSS), and without all of that (USS)."""
        lines = (line.split() for line in self._read("smaps_rollup").splitlines()[1:])
        kilobytes = {words[0]: int(words[1]) for words in lines}
        alone = kilobytes["Private_Clean:"] + kilobytes["Private_Dirty:"]
        return kilobytes["Pss:"] / 1024, alone / 1024

    def threads(self) -> int:
        """How many threads it runs."""
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def files(self) -> int:
        """How many file descriptors it has open, sockets included."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def _read(self, name: str) -> str:
        return Path(f"/proc/{self.pid}/{name}").read_text()


def children() -> set[int]:
    """This process's children."""
    return {int(each) for task in Path("/proc/self/task").iterdir() for each in (task / "children").read_text().split()}


@contextmanager
def running(app: Path, settings: Mapping[str, str] | None = None, *, pinned: bool) -> Iterator[tuple[str, Process]]:
    """The URL of `app` in the local host, as `serving` has it, with its process."""
    before = children()
    with serving(app, settings, pinned=pinned) as url:
        yield url, Process(max(children() - before))
