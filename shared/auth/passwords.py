"""Passwords and bcrypt hashes. A check takes about a quarter of a second of one core, by design."""

import re
import time
from collections.abc import Callable

import bcrypt

from shared.problems import LoginsBusy
from shared.threads import Pool
from shared.validators import PASSWORD_HASH

COST = 12  # rounds = 2^12; OWASP recommends 10 or more
MIN_COST = 4  # bcrypt has no lower one
MAX_QUEUED = 16  # for each thread: about four seconds of work
MAX_WAIT_SECONDS = 5.0
MAX_BYTES = 72  # bcrypt reads no more, and a truncated password is not the one that was set

_NOBODY = b"$2b$12$urEjPNqdZw7Ag4nOA7bV5O2zudVlaxz5syfUCIuuPJlCgtEK/ipZG"
"""The hash of a password that nobody knows. Checked for unknown users, so that they take the same time."""
_SALT = "urEjPNqdZw7Ag4nOA7bV5O"


class Checks:
    """Checks of passwords on threads of their own, whose queues have a limit in seconds of work.

    Logins from known networks have their own thread, so that a flood of guesses does not hold them up.
    """

    def __init__(self, pool: Pool, known: Pool, now: Callable[[], float] = time.monotonic) -> None:
        self._pools = {False: pool, True: known}
        self._now = now
        self._queued = {False: 0, True: 0}
        """Checks that wait or run, for unknown and for known networks."""

    def now(self) -> float:
        """Return the time by which a login's arrival is given to `check`."""
        return self._now()

    async def check(self, password: str, stored: str | None, *, arrived: float, known: bool = False) -> bool:
        """Return true when `password` has the hash `stored`; None is an unknown user. All take the same time.

        Raises LoginsBusy without a check when too many others wait, or the login has waited too long.
        """
        pool = self._pools[known]
        if self._queued[known] >= MAX_QUEUED * pool.max_threads:
            raise LoginsBusy
        self._queued[known] += 1
        try:
            return await pool.run(self._check, password, stored, arrived + MAX_WAIT_SECONDS)
        finally:
            self._queued[known] -= 1

    def _check(self, password: str, stored: str | None, until: float) -> bool:
        if self._now() > until:  # the caller has given up, or is about to
            raise LoginsBusy
        return matches(password, stored)


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


def cost(stored: str) -> int | None:
    """Return the cost of a bcrypt hash; None for a text that is none."""
    return int(stored[4:6]) if re.fullmatch(PASSWORD_HASH, stored) else None


def matches(password: str, stored: str | None) -> bool:
    """Return true when `password` has the hash `stored`. Takes the time of cost 12 in every case.

    A cheaper hash is topped up: checks of cost n, n, n + 1 … 11 take as long as one of cost 12. A dearer one, which
    would show that the name exists, lets nobody in, and neither does a malformed one.
    """
    done = cost(stored) if stored is not None and acceptable(password) else None
    if stored is None or done is None or not MIN_COST <= done <= COST:
        return _refuse()
    try:
        result = bcrypt.checkpw(password.encode(), stored.encode())
    except ValueError:  # its salt is malformed; bcrypt has not begun
        return _refuse()
    for extra in range(done, COST):
        bcrypt.hashpw(b"nobody", f"$2b${extra:02}${_SALT}".encode())
    return result


def _refuse() -> bool:
    """Return false, after the time of one check."""
    bcrypt.checkpw(b"nobody", _NOBODY)
    return False
