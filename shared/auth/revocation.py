"""Whether a token that holds was revoked since: its user is gone or disabled, or an operator ended the user's tokens.

With the USERS setting a change means a restart, and every check is fresh. A user's state in a table is remembered for
30 s: that long a revoked token may go on working. While the table does not answer, what was known last counts; a user
of whom nothing is known is let in, since the token's signature and expiry hold.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cache

from shared import telemetry
from shared.auth import users
from shared.auth.tokens import Claims
from shared.auth.turns import Turns
from shared.auth.users import Store, User, UserTable
from shared.problems import InvalidToken, UsersUnavailable
from shared.tables import Table

REMEMBERED_SECONDS = 30.0  # asking in every request would cost more than the prediction
REST_SECONDS = 5.0  # a table that does not answer is left alone, or every request would wait for its time limit
MOST_REMEMBERED = 1_024

_log = telemetry.get_logger("revocation")


class RememberedUsers:
    """A store of users that is asked at most every 30 s for each."""

    def __init__(self, store: Store, now: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now = now
        self._known: OrderedDict[str, tuple[float, User | None]] = OrderedDict()
        self._turns = Turns()
        self._resting_until = 0.0

    async def find(self, name: str) -> User | None:
        """The user as last known, or None. Raises UsersUnavailable when nothing is known and nobody can tell."""
        if not self._fresh(name):
            async with self._turns.of(name):
                if not self._fresh(name) and self._now() >= self._resting_until:
                    await self._ask(name)
        if name not in self._known:
            raise UsersUnavailable
        return self._known[name][1]

    def keep(self, name: str, user: User | None) -> None:
        """Remember what the store just said."""
        self._known[name] = self._now(), user
        self._known.move_to_end(name)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)

    def _fresh(self, name: str) -> bool:
        return name in self._known and self._now() - self._known[name][0] < REMEMBERED_SECONDS

    async def _ask(self, name: str) -> None:
        if self._resting_until:  # it failed last time: only one request at a time finds out whether it is back
            self._resting_until = self._now() + REST_SECONDS
        try:
            self.keep(name, await self._store.find(name))
            self._resting_until = 0.0
        except UsersUnavailable as problem:
            self._resting_until = self._now() + REST_SECONDS
            _log.error("users are unreachable, tokens count as was known last: %s", problem.reason)


async def check(claims: Claims) -> None:
    """Return when the token still counts. Raises InvalidToken, or SettingInvalid when the users' settings are wrong."""
    store = users.current()
    try:
        user = await (_remembered(store.table) if isinstance(store, UserTable) else store).find(claims.subject)
    except UsersUnavailable:
        return
    if user is None or user.disabled:
        raise InvalidToken(reason="there is no such user" if user is None else "the user is disabled")
    if claims.issued_at <= user.tokens_not_before:
        raise InvalidToken(reason="issued before the user's tokens were revoked")


def learn(user: User) -> None:
    """Take note of a user that was read for a login, so that the new token works at once where it was issued."""
    store = users.current()
    if isinstance(store, UserTable):
        _remembered(store.table).keep(user.name, user)


@cache
def _remembered(table: Table) -> RememberedUsers:
    return RememberedUsers(UserTable(table))
