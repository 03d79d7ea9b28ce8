"""Processes that are measured: started on a core of their own, and ended with all that they started."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

FIRST, LAST = 0, (os.cpu_count() or 1) - 1
GRACE_SECONDS = 3.0

type Process = subprocess.Popen[bytes]


class Member(NamedTuple):
    """A process as /proc tells of it; with its start, a number that is used again is not taken for the same one."""

    pid: int
    parent: int
    session: int
    started: int


class Memory(NamedTuple):
    """Megabytes of all processes together."""

    proportional: float
    """Pages that several processes share count once, in parts (PSS)."""
    resident: float
    """They count for each of them (RSS)."""


@dataclass(frozen=True)
class Command:
    """What is started, with which variables, in which folder."""

    parts: Sequence[str]
    environ: Mapping[str, str]
    folder: Path


@contextmanager
def running(command: Command, seconds: float, *, core: int | None, said: IO[str]) -> Iterator[Process]:
    """Run a command on one core, or on all of them for None, for at most `seconds`; all of it ends with the block.

    What it prints on either stream goes to `said`.
    """
    with on(core):  # it is inherited, so that nothing starts elsewhere
        process = subprocess.Popen(
            command.parts,
            env=command.environ,
            cwd=command.folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    impatience = threading.Timer(seconds, end, [process])
    impatience.start()
    try:
        yield process
    finally:
        impatience.cancel()
        end(process)


@contextmanager
def on(core: int | None) -> Iterator[None]:
    """Keep this process, and what it starts, on one core for so long; on all cores for None."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(LAST + 1) if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def end(process: Process) -> None:
    """Ask the whole group to leave, kill whatever is there of it a moment later, and wait until nothing is."""
    members = tree(process.pid)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    until = time.monotonic() + GRACE_SECONDS
    while (left := alive(members | tree(process.pid))) and time.monotonic() < until:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.poll()
        time.sleep(0.005)
    process.wait()


def alive(members: set[Member]) -> set[int]:
    """Those that are still there. Not whoever has one of their numbers now."""
    known = {(each.pid, each.started) for each in members}
    return {each.pid for each in everyone() if (each.pid, each.started) in known}


def memory(process: Process) -> Memory:
    """What a process and all its descendants occupy."""
    totals = {"Pss": 0, "Rss": 0}
    for member in tree(process.pid):
        for name, _, value in (line.partition(":") for line in rollup(member.pid)):
            if name in totals:
                totals[name] += int(value.split()[0])
    return Memory(totals["Pss"] * 1024 / 1e6, totals["Rss"] * 1024 / 1e6)


def rollup(pid: int) -> Sequence[str]:
    """The kernel's sum over a process's memory; nothing when it has ended."""
    try:
        return Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return ()


def tree(leader: int) -> set[Member]:
    """The processes of a session and their descendants, also those that opened a session of their own."""
    found: set[Member] = set()
    known = {leader}
    while more := {each for each in everyone() if each.session == leader or {each.pid, each.parent} & known} - found:
        found |= more
        known |= {each.pid for each in more}
    return found


def everyone() -> set[Member]:
    """All processes of this machine."""
    found = (member(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit())
    return {each for each in found if each}


def member(folder: Path) -> Member | None:
    """What /proc tells of a process; None when it has ended, even if nobody has taken note of it yet."""
    try:
        text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    if fields[0] in "ZX":
        return None
    return Member(int(folder.name), int(fields[1]), int(fields[3]), int(fields[19]))
