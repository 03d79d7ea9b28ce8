"""Threads for what may take over a millisecond, so that the event loop never waits."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor

MOST_THREADS = 4  # model loads, key fetches, large batches; more would queue for the cores, each with memory of its own

_pool = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="offload")


async def run[**P, R](function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The result of `function` from the shared pool. Telemetry in it still finds its invocation."""
    return await run_in(_pool, function, *args, **kwargs)


def start[**P, R](function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
    """Begin `function` in the shared pool, for whoever waits later or not at all."""
    context = contextvars.copy_context()
    return _pool.submit(lambda: context.run(function, *args, **kwargs))


async def run_in[**P, R](pool: Executor, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The same in a pool of the caller's own, for work that must not take the shared one's threads."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, lambda: context.run(function, *args, **kwargs))
