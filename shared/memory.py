"""Memory of the C library: as few arenas as the threads need, and free memory back to the system.

glibc gives every thread an arena of its own, up to eight for each core. What a batch leaves free in one arena no other
uses, so that a process with a dozen threads grows for hours. On other systems these functions do nothing.
"""

import ctypes
from contextlib import suppress

M_ARENA_MAX = -8  # malloc.h
MAX_ARENAS = 2
ABSENT = (AttributeError, OSError, TypeError)
"""Raised where the C library is another one."""


def bound_arenas() -> None:
    """Let all threads that start from now on share two arenas. An app setting would not reach a warm worker."""
    with suppress(*ABSENT):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, MAX_ARENAS)


def return_free() -> None:
    """Return free memory to the system."""
    with suppress(*ABSENT):
        ctypes.CDLL(None).malloc_trim(0)
