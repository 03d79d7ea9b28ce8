"""Thread pools for work that takes over a millisecond, so that the event loop never waits.

Work runs in the caller's context: telemetry in a thread still finds its invocation.
"""

import asyncio
import contextvars
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

MAX_GENERAL = 4  # more would wait for the cores, and each thread keeps memory of its own
MAX_TABLES = 8  # a store that hangs must not use up the threads of large batches
MAX_FEATURES = 32  # calls to the feature server at the same time
LOWEST_PRIORITY = 19
MAX_SCORED_REQUESTS = 64  # with MAX_SCORED_ROWS some 80 MB, if each has as much as a request can hold
MAX_SCORED_ROWS = 100_000
PAUSE_SECONDS = 0.01  # before background work, so that the response that it follows leaves first


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


class Background:
    """One thread of the lowest priority for work that nobody waits for: not even the process, when it ends.

    Its queue is bounded by the number of jobs and by their sizes together; the one that runs counts too. The thread
    starts with the first job.
    """

    def __init__(self, name: str, max_jobs: int, max_size: int) -> None:
        self.max_jobs = max_jobs
        self.max_size = max_size
        self._jobs: deque[tuple[Callable[[], object], int]] = deque()
        self._count = self._size = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        # a daemon: Python waits for the jobs of all other threads before it ends, and flushes telemetry only then
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def offer(self, job: Callable[[], object], size: int = 0) -> bool:
        """Queue a job, in the caller's context, and return at once: False when it does not fit, or after `close`."""
        context = contextvars.copy_context()
        with self._lock:
            if self._closed or self._count >= self.max_jobs or self._size + size > self.max_size:
                return False
            self._count += 1
            self._size += size
            self._jobs.append((lambda: context.run(job), size))
            if self._thread.ident is None:
                self._thread.start()
        self._wake.set()
        return True

    def close(self) -> None:
        """Drop the jobs that have not started. The one that runs ends by itself."""
        with self._lock:
            self._closed = True
            self._jobs.clear()
        self._wake.set()

    def _run(self) -> None:
        _lower_priority()
        while not self._closed:
            self._wake.wait()
            self._wake.clear()
            time.sleep(PAUSE_SECONDS)
            while next_job := self._next():
                self._run_one(*next_job)
                time.sleep(0)  # the interpreter is free for a request before the next job

    def _next(self) -> tuple[Callable[[], object], int] | None:
        with self._lock:
            return self._jobs.popleft() if self._jobs else None

    def _run_one(self, job: Callable[[], object], size: int) -> None:
        with suppress(BaseException):  # jobs report their own errors; another one must not end the thread
            job()
        with self._lock:
            self._count -= 1
            self._size -= size


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
        self.challenger = Background("challenger", MAX_SCORED_REQUESTS, MAX_SCORED_ROWS)
        """Scores of the challenger."""

    def close(self) -> None:
        """Close all pools."""
        for pool in (self.general, self.passwords, self.known_passwords, self.tables, self.features):
            pool.close()
        self.challenger.close()


def _lower_priority() -> None:
    if hasattr(os, "setpriority"):  # on Linux each thread has its own priority
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
