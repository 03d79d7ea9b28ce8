"""Threads for what would hold up the loop."""

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared import offload

WHO = contextvars.ContextVar("who", default="nobody")


def test_the_work_is_done_on_another_thread_and_its_result_comes_back() -> None:
    def work(a: int, *, b: int) -> tuple[int, int]:
        return a + b, threading.get_ident()

    total, thread = asyncio.run(offload.run(work, 1, b=2))
    assert total == 3
    assert thread != threading.get_ident()


def test_the_context_goes_along() -> None:
    async def asked() -> str:
        WHO.set("abi")
        return await offload.run(WHO.get)

    assert asyncio.run(asked()) == "abi"


def test_an_error_comes_back() -> None:
    def work() -> None:
        raise LookupError("there")

    with pytest.raises(LookupError, match="there"):
        asyncio.run(offload.run(work))


def test_another_pool_can_be_used() -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="own") as pool:
        name = asyncio.run(offload.run_in(pool, lambda: threading.current_thread().name))
    assert name.startswith("own")


def test_the_shared_pool_is_bounded() -> None:
    assert offload._pool._max_workers == offload.MOST_THREADS
