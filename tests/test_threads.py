"""Thread pools for work that would block the event loop."""

import contextvars
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from shared.threads import LOWEST_PRIORITY, Background, Pool, Threads
from tests.loop import run

SECONDS = 30.0
NAME = contextvars.ContextVar("name", default="nobody")


def test_work_runs_on_another_thread_and_its_result_is_returned(threads: Threads) -> None:
    def work(a: int, *, b: int) -> tuple[int, int]:
        return a + b, threading.get_ident()

    total, thread = run(threads.general.run(work, 1, b=2))
    assert total == 3
    assert thread != threading.get_ident()


def test_work_runs_in_the_caller_s_context(threads: Threads) -> None:
    async def read() -> str:
        NAME.set("abi")
        return await threads.general.run(NAME.get)

    assert run(read()) == "abi"


def test_an_error_is_raised_in_the_caller(threads: Threads) -> None:
    def work() -> None:
        raise LookupError("there")

    with pytest.raises(LookupError, match="there"):
        run(threads.general.run(work))


def test_a_pool_has_no_more_threads_than_it_may(threads: Threads) -> None:
    pool = Pool("two", 2)
    both = threading.Barrier(2)

    def work() -> str:
        both.wait(30)
        return threading.current_thread().name

    names = {future.result() for future in [pool.submit(work) for _ in range(8)]}
    pool.close()
    assert names == {"two_0", "two_1"}


def test_after_closing_no_work_is_accepted() -> None:
    pools = Threads()
    pools.close()
    with pytest.raises(RuntimeError):
        pools.general.submit(print)


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="threads have no priority of their own on this system")
def test_password_checks_run_at_the_lowest_priority_and_nothing_else(threads: Threads) -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    usual = priority()
    assert threads.passwords.submit(priority).result() == max(usual, LOWEST_PRIORITY)
    assert threads.general.submit(priority).result() == priority() == usual
    assert background_priority() == max(usual, LOWEST_PRIORITY)


def background_priority() -> int:
    found: list[int] = []
    background = Background("background", 1, 0)
    done = threading.Event()

    def job() -> None:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        done.set()

    background.offer(job)
    assert done.wait(SECONDS)
    background.close()
    return found[0]


class Gate:
    """A job that waits until it is opened."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.entered.set()
        self.opened.wait(SECONDS)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


@pytest.fixture
def background() -> Iterator[Background]:
    """At most 3 jobs with a size of 10 together."""
    background = Background("background", 3, 10)
    yield background
    background.close()


def settle(background: Background) -> None:
    """Wait until all jobs before have run."""
    done = threading.Event()
    while not background.offer(done.set):
        threading.Event().wait(0.001)
    assert done.wait(SECONDS)


def test_background_jobs_run_one_after_the_other_in_the_caller_s_context(background: Background) -> None:
    seen: list[tuple[str, int]] = []
    for name in ("abi", "ben"):
        NAME.set(name)
        background.offer(lambda: seen.append((NAME.get(), threading.get_ident())))
    settle(background)
    assert [name for name, _ in seen] == ["abi", "ben"]
    assert len({thread for _, thread in seen} - {threading.get_ident()}) == 1


def test_background_jobs_are_bounded_in_number_with_the_running_one(background: Background, gate: Gate) -> None:
    accepted = [background.offer(gate)]
    assert gate.entered.wait(SECONDS)
    accepted += [background.offer(gate) for _ in range(3)]
    assert accepted == [True, True, True, False]
    gate.opened.set()
    settle(background)


def test_background_jobs_are_bounded_in_size(background: Background, gate: Gate) -> None:
    assert [background.offer(gate, size) for size in (11, 6, 5, 4)] == [False, True, False, True]
    gate.opened.set()
    settle(background)
    assert background.offer(int, 10)


@pytest.mark.parametrize("error", [ValueError(), SystemExit(1), KeyboardInterrupt()])
def test_a_background_job_that_fails_does_not_end_the_thread(background: Background, error: BaseException) -> None:
    def fail() -> None:
        raise error

    for _ in range(5):
        background.offer(fail)
        settle(background)


def test_closing_drops_the_background_jobs_that_wait(background: Background, gate: Gate) -> None:
    ran: list[int] = []
    background.offer(gate)
    assert gate.entered.wait(SECONDS)
    background.offer(lambda: ran.append(1))
    background.close()
    gate.opened.set()
    background._thread.join(SECONDS)
    assert not background._thread.is_alive()
    assert (ran, background.offer(int)) == ([], False)


def test_a_process_does_not_wait_for_background_jobs() -> None:
    code = """
from shared.threads import Threads
import threading
threads, started = Threads(), threading.Event()
def hang():
    started.set()
    threading.Event().wait(600)
for _ in range(3):
    assert threads.challenger.offer(hang)
started.wait()
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=SECONDS).returncode == 0
