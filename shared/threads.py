"""Thread pools for work that takes over a millisecond, so that the event loop never waits.

Work runs in the caller's context: telemetry in a thread still finds its invocation.
"""

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

MAX_GENERAL = 4  # more would wait for the cores, and each thread keeps memory of its own
MAX_TABLES = 8  # a store that hangs must not use up the threads of large batches
MAX_FEATURES = 32  # calls to the feature server at the same time
LOWEST_PRIORITY = 19


class Pool:
    """A bounded number of threads."""

    def __init__(self, name: str, max_threads: int, initializer: Callable[[], None] | None = None) -> None:
        self.max_threads = max_threads
        self._executor = ThreadPoolExecutor(max_threads, thread_name_prefix=name, initializer=initializer)

    async def run[**P, R](self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the result of `function`, computed in one of the threads."""
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: context.run(function, *args, **kwargs))

    def submit[**P, R](self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Start `function` in one of the threads and return at once."""
        context = contextvars.copy_context()
        return self._executor.submit(lambda: context.run(function, *args, **kwargs))

    def close(self) -> None:
        """Drop the work that has not started. Running work ends by itself."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class Threads:
    """All thread pools of one service. A thread starts with the first work for it."""

    def __init__(self) -> None:
        self.general = Pool("general", MAX_GENERAL)
        """Model loads, key fetches, large batches."""
        self.passwords = Pool("passwords", os.cpu_count() or 1, _lower_priority)
        """bcrypt checks: logins stay fast while the machine is idle, predictions stay fast during a login flood."""
        self.known_passwords = Pool("known-passwords", 1, _lower_priority)
        """The same for logins from known networks, which do not wait for guesses."""
        self.tables = Pool("tables", MAX_TABLES)
        self.features = Pool("features", MAX_FEATURES)

    def close(self) -> None:
        """Close all pools."""
        for pool in (self.general, self.passwords, self.known_passwords, self.tables, self.features):
            pool.close()


def _lower_priority() -> None:
    if hasattr(os, "setpriority"):  # on Linux each thread has its own priority
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
