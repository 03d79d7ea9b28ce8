"""Fewer guesses: after five failed logins for a name from one network each further one costs a wait, which doubles.

A name's failures are counted for each client network, so that nobody locks another out with five guesses. All together
they count against a ceiling far above, against guessing from many networks; whoever reaches it makes the name's owner
wait too, a minute at most between tries. Unknown names are counted as known ones are.

Counts are kept under a keyed hash of network and name: no name can be found that shares another's count.
"""

import hmac
import math
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network

from shared import settings
from shared.auth import users
from shared.auth.counts import Count, Counts, MemoryCounts, TableCounts
from shared.auth.turns import Turns
from shared.problems import TooManyLogins, UsersUnavailable
from shared.tables import Table

FORGOTTEN_SECONDS = 3_600  # a count starts over when nothing failed for so long; more than the longest wait
PREFIX_BITS = {4: 24, 6: 64}  # the network of one office or subscriber, whose addresses change
MOST_TRIES = 20  # to count, when other instances count at the same moment
ANY_NETWORK = "*"
_ADDRESS = re.compile(r"\[(.+)\](?::\d+)?|([^:]+)(?::\d+)?|(.+)")  # [v6], [v6]:port, v4, v4:port, v6


@dataclass(frozen=True)
class Limit:
    """How many failures are free, and how long the wait may become, in seconds."""

    free: int
    longest: float

    def wait(self, count: Count, now: float) -> float:
        """Seconds until the next try: 1 after the last free failure, twice as many after each further one."""
        if count.failures < self.free:
            return 0.0
        whole = min(self.longest, 2.0 ** min(count.failures - self.free, 30))
        return min(whole, count.last + whole - now)


FROM_A_NETWORK = Limit(free=5, longest=900)
OF_A_NAME = Limit(free=100, longest=60)  # NIST SP 800-63B §3.2.2: no more than 100 in a row


class Throttle:
    """Counts failed logins and refuses what comes too early. `key` keeps the hashes secret."""

    def __init__(self, counts: Counts, key: str, now: Callable[[], float] = time.time) -> None:
        self._counts = counts
        self._key = key.encode()
        self._now = now
        self._turns = Turns()
        self._failed = 0.0  # when the counts could not be read last (monotonic)

    @asynccontextmanager
    async def turn(self, name: str, client: str) -> AsyncIterator["Turn"]:
        """One login for a name from a network at a time, so that a burst of guesses counts one by one.

        Raises TooManyLogins before anything costs much; UsersUnavailable when the counts are in a table that does not
        answer.
        """
        limits = {self._hash(name, client): FROM_A_NETWORK, self._hash(name, ANY_NETWORK): OF_A_NAME}
        came = time.monotonic()
        async with self._turns.of(next(iter(limits))):
            if self._failed > came:  # while this one waited: it need not find out for itself
                raise UsersUnavailable
            try:
                counted = {key: await self.count(key) for key in limits}
            except UsersUnavailable:
                self._failed = time.monotonic()
                raise
            wait = max(limits[key].wait(count, self._now()) for key, count in counted.items())
            if wait > 0:
                raise TooManyLogins(math.ceil(wait))
            yield Turn(self, counted)

    async def count(self, key: str) -> Count:
        """What counts now under `key`."""
        count = await self._counts.get(key)
        return replace(count, failures=0) if self._now() - count.last > FORGOTTEN_SECONDS else count

    async def add(self, key: str, count: Count) -> None:
        """Count one failure on top of what was read. Raises UsersUnavailable."""
        for _ in range(MOST_TRIES):
            if await self._counts.put(key, replace(count, failures=count.failures + 1, last=self._now())):
                return
            count = await self.count(key)
        raise UsersUnavailable(reason=f"a failed login could not be counted in {MOST_TRIES} tries")

    async def clear(self, key: str) -> None:
        """Start over."""
        await self._counts.clear(key)

    def _hash(self, name: str, client: str) -> str:
        said = f"{client}\0{name}".encode(errors="surrogatepass")
        return hmac.digest(self._key, b"egl-ml throttle:" + said, "sha256").hex()


@dataclass(frozen=True)
class Turn:
    """One login that may be tried. Say how it went."""

    throttle: Throttle
    counted: dict[str, Count]

    async def failed(self) -> None:
        """Count it."""
        for key, count in self.counted.items():
            await self.throttle.add(key, count)

    async def succeeded(self) -> None:
        """Start all its counts over."""
        for key, count in self.counted.items():
            if count.failures:
                await self.throttle.clear(key)


def network(forwarded_for: str) -> str:
    """The client's network, from the X-Forwarded-For header: /24 for IPv4, /64 for IPv6.

    Only the last address counts, the one that the platform's front end adds (Azure writes `address:port`); all before
    it is the caller's word. Without one, as on a laptop, everybody is in the same network.
    """
    found = _ADDRESS.fullmatch(forwarded_for.rpartition(",")[2].strip())
    try:
        address = ip_address(found[found.lastindex or 0] if found else "")
        if isinstance(address, IPv6Address):
            address = address.ipv4_mapped or address
        return str(ip_network((int(address), PREFIX_BITS[address.version]), strict=False))
    except ValueError:
        return "unknown"


def current() -> Throttle:
    """The process's throttle; it counts where the users are. Raises SettingInvalid when settings are wrong."""
    store = users.current()
    return _throttle(
        store.table if isinstance(store, users.UserTable) else None, settings.current().require("tokens").token_key
    )


@cache
def _throttle(table: Table | None, key: str) -> Throttle:
    return Throttle(MemoryCounts() if table is None else TableCounts(table), key)
