"""Throttle failed logins: after five failures per name and network, each further attempt waits twice as long.

A name's failures are counted for each client network, so that nobody locks another user out with five guesses. The sum
over all networks has a much higher limit, against guesses from many networks; an attacker who reaches it makes the
user wait too, a minute at most between attempts. Unknown names are counted like known ones.

Counts are stored under a keyed hash of network and name: nobody can find a name that shares another name's count.
"""

import hmac
import math
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, ip_address, ip_network

from shared.auth.failure_counts import Count, Counts, MemoryCounts, TableCounts
from shared.auth.users import Store, UserTable
from shared.cooldown import Cooldown
from shared.keyed_locks import KeyedLocks
from shared.problems import TooManyLogins, UsersUnavailable

FORGET_SECONDS = 3_600  # a count starts over after so long without a failure; more than the longest wait
PREFIX_BITS = {4: 24, 6: 64}  # the network of one office or subscriber, whose addresses change
MAX_TRIES = 20  # to count, when other instances count at the same moment
RETRY_SECONDS = 1.0  # after the counts could not be read, so that waiting logins fail at once
ANY_NETWORK = "*"
_ADDRESS = re.compile(r"\[(.+)\](?::\d+)?|([^:]+)(?::\d+)?|(.+)")  # [v6], [v6]:port, v4, v4:port, v6


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


PER_NETWORK = Limit(free=5, longest=900)
PER_NAME = Limit(free=100, longest=60)  # NIST SP 800-63B §3.2.2: no more than 100 in a row


class Throttle:
    """Counts failed logins and refuses attempts that come too early. `key` keeps the hashes secret."""

    def __init__(self, counts: Counts, key: str, now: Callable[[], float] = time.time) -> None:
        self._counts = counts
        self._key = key.encode()
        self._now = now
        self._locks = KeyedLocks()
        self._retry = Cooldown(RETRY_SECONDS)

    @classmethod
    def for_store(cls, store: Store, key: str) -> "Throttle":
        """Return a throttle that counts where the users are."""
        return cls(TableCounts(store.table) if isinstance(store, UserTable) else MemoryCounts(), key)

    @asynccontextmanager
    async def attempt(self, name: str, network: str) -> AsyncIterator["Attempt"]:
        """Let one login for a name from a network in at a time, so that a burst of guesses is counted one by one.

        Raises TooManyLogins before anything costs much; UsersUnavailable when the table with the counts does not
        respond.
        """
        limits = {self._hash(name, network): PER_NETWORK, self._hash(name, ANY_NETWORK): PER_NAME}
        async with self._locks[next(iter(limits))]:
            counts = await self._read(limits)
            wait = max(limits[key].wait(count, self._now()) for key, count in counts.items())
            if wait > 0:
                raise TooManyLogins(math.ceil(wait))
            yield Attempt(self, counts)

    async def count(self, key: str) -> Count:
        """Return the present count of `key`."""
        count = await self._counts.get(key)
        return replace(count, failures=0) if self._now() - count.last > FORGET_SECONDS else count

    async def add(self, key: str, count: Count) -> None:
        """Add one failure to the count that was read. Raises UsersUnavailable."""
        for _ in range(MAX_TRIES):
            if await self._counts.put(key, replace(count, failures=count.failures + 1, last=self._now())):
                return
            count = await self.count(key)
        raise UsersUnavailable(reason=f"a failed login could not be counted in {MAX_TRIES} tries")

    async def clear(self, key: str) -> None:
        """Remove the count of `key`."""
        await self._counts.clear(key)

    async def _read(self, keys: dict[str, Limit]) -> dict[str, Count]:
        if self._retry.active:
            raise UsersUnavailable
        try:
            return {key: await self.count(key) for key in keys}
        except UsersUnavailable:
            self._retry.start()
            raise

    def _hash(self, name: str, network: str) -> str:
        text = f"{network}\0{name}".encode(errors="surrogatepass")
        return hmac.digest(self._key, b"egl-ml throttle:" + text, "sha256").hex()


@dataclass(frozen=True)
class Attempt:
    """One login that may be tried. Call `failed` or `succeeded` afterwards."""

    throttle: Throttle
    counts: dict[str, Count]

    async def failed(self) -> None:
        """Count a failure."""
        for key, count in self.counts.items():
            await self.throttle.add(key, count)

    async def succeeded(self) -> None:
        """Start all its counts over."""
        for key, count in self.counts.items():
            if count.failures:
                await self.throttle.clear(key)


def network(forwarded_for: str) -> str:
    """Return the client's network from the X-Forwarded-For header: /24 for IPv4, /64 for IPv6.

    Only the last address counts, the one that the platform's front end adds (Azure writes `address:port`); the caller
    can write whatever stands before it. Without an address, as on a laptop, everybody is in the same network.
    """
    match = _ADDRESS.fullmatch(forwarded_for.rpartition(",")[2].strip())
    try:
        address = ip_address(match[match.lastindex or 0] if match else "")
        if isinstance(address, IPv6Address):
            address = address.ipv4_mapped or address
        return str(ip_network((int(address), PREFIX_BITS[address.version]), strict=False))
    except ValueError:
        return "unknown"
