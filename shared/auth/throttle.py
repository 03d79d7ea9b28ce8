"""Throttle failed logins: after some free failures each further attempt waits twice as long.

Failures are counted for a name from one network, for a name from all networks, and for a network over all names. The
second limit slows guesses from many networks, the third guesses of many names. Neither holds up a user who logged in
from the same network in the last 30 days: nobody locks another user out, and one guesser does not block an office.
Unknown names are counted like known ones. Where no address is known, all clients look the same, and the third limit
does not exist.

Counts are stored under a keyed hash of network and name: nobody can find a name that shares another name's count.
"""

import asyncio
import hmac
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from shared.auth.failure_counts import KNOWN, Count, Counts, MemoryCounts, TableCounts
from shared.auth.networks import UNKNOWN, Client
from shared.auth.users import Store, UserTable
from shared.cooldown import Cooldown
from shared.keyed_locks import KeyedLocks
from shared.problems import TooManyLogins, UsersUnavailable

FORGET_SECONDS = 3_600  # a count starts over after so long without a failure; more than the longest wait
KNOWN_SECONDS = 30 * 86_400  # how long a login makes a network known for a name
REMEMBER_SECONDS = 86_400  # a known network is stored anew at most so often
MAX_TRIES = 20  # to count, when other instances count at the same moment
RETRY_SECONDS = 1.0  # after the counts could not be read, so that waiting logins fail at once


@dataclass(frozen=True)
class Limit:
    """Number of free failures, and the longest wait in seconds."""

    free: int
    longest: float

    def wait(self, count: Count, now: float) -> float:
        """Return the seconds until the next attempt: 1 after the last free failure, doubled by each further one."""
        if count.failures < self.free:
            return 0.0
        wait = min(self.longest, 2.0 ** min(count.failures - self.free, 30))
        return min(wait, count.last + wait - now)


PER_PAIR = Limit(free=5, longest=900)
PER_NAME = Limit(free=100, longest=60)  # NIST SP 800-63B §3.2.2: no more than 100 in a row
PER_CLIENT = Limit(free=50, longest=60)


class Throttle:
    """Counts failed logins and refuses attempts that come too early. `key` keeps the hashes secret."""

    def __init__(self, counts: Counts, known: Counts, key: str, now: Callable[[], float] = time.time) -> None:
        self._counts = counts
        self._known = known
        self._key = key.encode()
        self._now = now
        self._locks = KeyedLocks()
        self._adding = KeyedLocks()
        self._retry = Cooldown(RETRY_SECONDS)

    @classmethod
    def for_store(cls, store: Store, key: str) -> "Throttle":
        """Return a throttle that counts where the users are; in memory counts last as long as the process."""
        if isinstance(store, UserTable):
            return cls(TableCounts(store.table), TableCounts(store.table, KNOWN), key)
        return cls(MemoryCounts(), MemoryCounts(), key)

    @asynccontextmanager
    async def attempt(self, name: str, client: Client) -> AsyncIterator["Attempt"]:
        """Let one login for a name from a network in at a time, so that a burst of guesses is counted one by one.

        Raises TooManyLogins before anything costs much; UsersUnavailable when the table with the counts does not
        respond.
        """
        pair, for_name = self._hash("pair", client.network, name), self._hash("name", name)
        for_client = [self._hash("client", network) for network in client if network not in ("", UNKNOWN)]
        async with self._locks[pair]:
            login, counts = await self._read(pair, [pair, for_name, *for_client])
            is_known = self._now() - login.last <= KNOWN_SECONDS
            limits = {pair: PER_PAIR}
            if not is_known:
                limits |= {for_name: PER_NAME, **dict.fromkeys(for_client, PER_CLIENT)}
            wait = max(limit.wait(counts[key], self._now()) for key, limit in limits.items())
            if wait > 0:
                raise TooManyLogins(math.ceil(wait))
            yield Attempt(self, pair, for_name, counts, login, is_known)

    async def count(self, key: str) -> Count:
        """Return the present count of `key`."""
        count = await self._counts.get(key)
        return replace(count, failures=0) if self._now() - count.last > FORGET_SECONDS else count

    async def add(self, key: str, count: Count) -> None:
        """Add one failure to the count that was read. Raises UsersUnavailable."""
        async with self._adding[key]:  # within one process nobody tries in vain
            for _ in range(MAX_TRIES):
                if await self._counts.put(key, replace(count, failures=count.failures + 1, last=self._now())):
                    return
                count = await self.count(key)
        raise UsersUnavailable(reason=f"a failed login could not be counted in {MAX_TRIES} tries")

    async def clear(self, key: str) -> None:
        """Remove the count of `key`."""
        await self._counts.clear(key)

    async def remember(self, pair: str, login: Count) -> None:
        """Store the time of a login of a name from a network; `login` is the one before. Once a day is enough."""
        now = self._now()
        if now - login.last > REMEMBER_SECONDS:
            await self._known.put(pair, replace(login, last=now))

    async def _read(self, pair: str, keys: Sequence[str]) -> tuple[Count, dict[str, Count]]:
        """Return the last login of a name from a network, and the counts of all keys, read at the same time."""
        if self._retry.active:
            raise UsersUnavailable
        try:
            login, *counts = await asyncio.gather(self._known.get(pair), *map(self.count, keys))
        except UsersUnavailable:
            self._retry.start()
            raise
        return login, dict(zip(keys, counts, strict=True))

    def _hash(self, *parts: str) -> str:
        """Return the key of a count. A name comes last, since it may contain any character."""
        text = "\0".join(parts).encode(errors="surrogatepass")
        return hmac.digest(self._key, b"egl-ml throttle:" + text, "sha256").hex()


@dataclass(frozen=True)
class Attempt:
    """One login that may be tried. Call `failed` or `succeeded` afterwards."""

    throttle: Throttle
    pair: str
    """The key of the name from this network."""
    for_name: str
    """The key of the name from all networks."""
    counts: Mapping[str, Count]
    last_login: Count
    """The name's last login from this network; its time is 0 when there was none."""
    is_known: bool
    """True when that was in the last 30 days."""

    async def failed(self) -> None:
        """Count a failure."""
        await asyncio.gather(*(self.throttle.add(key, count) for key, count in self.counts.items()))

    async def succeeded(self) -> None:
        """Start the name's counts over, and remember the network. The network's own counts stay."""
        for key in (self.pair, self.for_name):
            if self.counts[key].failures:
                await self.throttle.clear(key)
        await self.throttle.remember(self.pair, self.last_login)
