"""Thread pools for work that would block the event loop."""

import contextvars
import os
import threading

import pytest

from shared.threads import LOWEST_PRIORITY, Pool, Threads
from tests.loop import run

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
