"""Revocation of valid tokens: the user was removed or disabled, or an operator revoked the user's tokens.

With the USERS setting a change means a restart, and every check is up to date. A user in a table is cached for 30 s:
for so long a revoked token may still work. While the table does not respond, the last known state counts; a user of
whom nothing is known is let in, because the token's signature and expiry are valid.
"""

import time
from collections.abc import Callable

from cachetools import LRUCache

from shared import telemetry
from shared.auth.tokens import Claims
from shared.auth.users import User, Users, UserTable
from shared.cooldown import Cooldown
from shared.keyed_locks import KeyedLocks
from shared.problems import InvalidToken, UsersUnavailable

FRESH_SECONDS = 30.0  # a lookup in every request would cost more than the prediction
RETRY_SECONDS = 5.0  # after a failure, or every request would wait for the table's time limit
MAX_USERS = 1_024

_log = telemetry.get_logger("revocation")


class UserCache:
    """Users, looked up at most every 30 s each."""

    def __init__(self, users: Users, now: Callable[[], float] = time.monotonic, max_users: int = MAX_USERS) -> None:
        self._users = users
        self._now = now
        self._cached: LRUCache[str, tuple[float, User | None]] = LRUCache(max_users)
        """Name → time at which the lookup began, and its result."""
        self._locks = KeyedLocks()
        self._retry = Cooldown(RETRY_SECONDS, now)
        self._failing = False

    async def find(self, name: str) -> User | None:
        """Return the user as last known, or None. Raises UsersUnavailable when nothing is known of the name."""
        if not self._is_fresh(name):
            async with self._locks[name]:
                if not self._is_fresh(name) and not self._retry.active:
                    await self._look_up(name)
        cached = self._cached.get(name)
        if cached is None:
            raise UsersUnavailable
        return cached[1]

    def now(self) -> float:
        """Return the time by which a lookup is given to `put`."""
        return self._now()

    def put(self, name: str, user: User | None, looked_up: float) -> None:
        """Store the result of a lookup that began at `looked_up`, unless a later one is stored."""
        cached = self._cached.get(name)
        if cached is None or cached[0] <= looked_up:
            self._cached[name] = looked_up, user

    def _is_fresh(self, name: str) -> bool:
        cached = self._cached.get(name)
        return cached is not None and self._now() - cached[0] < FRESH_SECONDS

    async def _look_up(self, name: str) -> None:
        if self._failing:  # only one request at a time finds out whether the table is back
            self._retry.start()
        began = self._now()
        try:
            self.put(name, await self._users.store.find(name), began)
            self._failing = False
            self._retry.end()
        except UsersUnavailable as problem:
            self._failing = True
            self._retry.start()
            _log.error("users table unreachable, the last known state counts: %s", problem.reason)


class Revocation:
    """Checks of tokens against the users' present state."""

    def __init__(self, users: Users, cache: UserCache | None = None) -> None:
        self._users = users
        self._cache = cache or UserCache(users)
        self._is_cached = isinstance(users.store, UserTable)

    async def check(self, claims: Claims) -> None:
        """Return when the token still counts. Raises InvalidToken."""
        try:
            user = await (self._cache if self._is_cached else self._users.store).find(claims.subject)
        except UsersUnavailable:
            return
        if user is None or user.disabled:
            raise InvalidToken(reason="there is no such user" if user is None else "the user is disabled")
        if claims.issued_at <= user.tokens_not_before:
            raise InvalidToken(reason="issued before the user's tokens were revoked")

    def now(self) -> float:
        """Return the time by which a lookup is given to `learn`."""
        return self._cache.now()

    def learn(self, user: User, looked_up: float) -> None:
        """Store a user that was read for a login, so that the new token works at once on the same instance."""
        if self._is_cached:
            self._cache.put(user.name, user, looked_up)
