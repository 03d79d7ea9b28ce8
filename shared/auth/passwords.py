"""Passwords against bcrypt hashes, on threads of their own.

A check takes about a quarter of a second of one core, by design. As many threads as cores at the lowest priority keep
logins fast while nobody else asks, and predictions fast while somebody hammers the logins.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import bcrypt

from shared import offload

COST = 12  # rounds = 2^12; OWASP asks for 10 or more
MOST_BYTES = 72  # bcrypt reads no more, and a password that is cut is not the one that was set
LOWEST_PRIORITY = 19

_NOBODY = b"$2b$12$urEjPNqdZw7Ag4nOA7bV5O2zudVlaxz5syfUCIuuPJlCgtEK/ipZG"
"""The hash of a password that was thrown away: checked for unknown users, so that they take the same time."""


async def check(password: str, stored: str | None) -> bool:
    """Whether `password` has the hash `stored`; None is an unknown user. One bcrypt check in every case."""
    return await offload.run_in(_pool, _check, password, stored)


def hashed(password: str) -> str:
    """The bcrypt hash of `password`. Raises ValueError for one that bcrypt cannot tell apart from others."""
    if not acceptable(password):
        raise ValueError(f"A password has 1 to {MOST_BYTES} bytes in UTF-8 and no NUL")
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(COST)).decode()


def acceptable(password: str) -> bool:
    """Whether bcrypt can take `password` whole."""
    try:
        encoded = password.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return 0 < len(encoded) <= MOST_BYTES and 0 not in encoded


def _check(password: str, stored: str | None) -> bool:
    fair = stored is not None and acceptable(password)
    candidate = password.encode() if fair else b"nobody"
    against = stored.encode() if fair and stored is not None else _NOBODY
    try:
        matches = bcrypt.checkpw(candidate, against)
    except ValueError:  # a malformed stored hash authenticates nobody
        matches = False
    return matches and fair


def _step_back() -> None:
    if hasattr(os, "setpriority"):  # on Linux a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)


_pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="bcrypt", initializer=_step_back)
