"""Programs that are measured: started on one core, and ended with everything that they started. For Linux."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psutil  # type: ignore[import-untyped]

FIRST, LAST = 0, (os.cpu_count() or 1) - 1
GRACE_SECONDS = 3.0

type Process = psutil.Popen
"""A program that was started here, with psutil's figures of it."""


@contextmanager
def running(command: Sequence[str], *, core: int | None, **options: Any) -> Iterator[Process]:
    """Run a program on one core, or on all for None, with these options of Popen. All of it ends with the block."""
    with on_core(core):  # inherited, so that nothing starts elsewhere
        process = psutil.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        yield process
    finally:
        end(process)


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Keep this process, and the programs that it starts, on one core; on all of them for None."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(LAST + 1) if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def end(process: Process) -> None:
    """Terminate a program and its descendants, and after a moment kill those that are left."""
    members = tree(process)
    for member in members:
        with suppress(psutil.NoSuchProcess):
            member.terminate()
    _, alive = psutil.wait_procs(members, GRACE_SECONDS)
    for member in alive:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # children of a program that ended before them have another parent now
    psutil.wait_procs(alive, GRACE_SECONDS)


def tree(process: Process) -> list[psutil.Process]:
    """Return a process and all its descendants that run, also those with a session of their own."""
    with suppress(psutil.NoSuchProcess):
        return [process, *process.children(recursive=True)]
    return []


def cpu_seconds(process: Process) -> float:
    """Return the processor time that a process has used, all threads together."""
    times = process.cpu_times()
    return float(times.user + times.system)
