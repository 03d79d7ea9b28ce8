"""Memory of the C library: few arenas, whatever the number of threads; nothing on other systems."""

import subprocess
import sys

import pytest

from shared import memory

THREADS = """
import ctypes, threading
from shared import memory
{before}
def work():
    blocks = [bytearray(100_000) for _ in range(50)]
    barrier.wait()
barrier = threading.Barrier(13)
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads: thread.start()
barrier.wait()
ctypes.CDLL(None).malloc_stats()
"""


def arenas(before: str) -> int:
    code = THREADS.format(before=before)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.count(
        "Arena "
    )


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_many_threads_share_two_arenas() -> None:
    assert arenas("memory.bound_arenas()") <= memory.MAX_ARENAS
    assert arenas("") > memory.MAX_ARENAS


def test_free_memory_is_returned_without_an_error() -> None:
    memory.return_free()
