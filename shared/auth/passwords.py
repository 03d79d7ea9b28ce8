"""Passwords and bcrypt hashes. A check takes about a quarter of a second of one core, by design."""

import bcrypt

from shared.threads import Pool

COST = 12  # rounds = 2^12; OWASP recommends 10 or more
MAX_BYTES = 72  # bcrypt reads no more, and a truncated password is not the one that was set

_NOBODY = b"$2b$12$urEjPNqdZw7Ag4nOA7bV5O2zudVlaxz5syfUCIuuPJlCgtEK/ipZG"
"""The hash of a password that nobody knows. Checked for unknown users, so that they take the same time."""


async def check(password: str, stored: str | None, pool: Pool) -> bool:
    """Return True when `password` has the hash `stored`; None is an unknown user. One bcrypt check in every case."""
    return await pool.run(_check, password, stored)


def hash_password(password: str, cost: int = COST) -> str:
    """Return the bcrypt hash of `password`. Raises ValueError for one that bcrypt would truncate."""
    if not acceptable(password):
        raise ValueError(f"A password has 1 to {MAX_BYTES} bytes in UTF-8 and no NUL")
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


def acceptable(password: str) -> bool:
    """Return True when bcrypt reads all of `password`."""
    try:
        encoded = password.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return 0 < len(encoded) <= MAX_BYTES and 0 not in encoded


def _check(password: str, stored: str | None) -> bool:
    possible = stored is not None and acceptable(password)
    candidate = password.encode() if possible else b"nobody"
    expected = stored.encode() if possible and stored is not None else _NOBODY
    try:
        matches = bcrypt.checkpw(candidate, expected)
    except ValueError:  # a malformed stored hash authenticates nobody
        matches = False
    return matches and possible
