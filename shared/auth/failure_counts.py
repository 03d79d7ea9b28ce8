"""Counts of failed logins, in memory or in an Azure table; both are bounded, whatever names are tried."""

from dataclasses import dataclass, replace
from typing import Protocol

from cachetools import LRUCache

from shared.tables import Key, Table

MAX_IN_MEMORY = 10_000  # some MB; to push one out costs an attacker as many bcrypt checks, 20 minutes on two cores
BUCKETS = 65_536  # some 20 MB in the table; likewise
FAILURES, KNOWN = "throttle-", "known-"
"""Partitions: failed logins, and the networks from which names logged in."""


@dataclass(frozen=True, slots=True)
class Count:
    """Number of failures, and the time of the last one (Unix seconds)."""

    failures: int = 0
    last: float = 0.0
    etag: str = ""
    """The version that was read; empty when there was none."""


class Counts(Protocol):
    """Counts by key: at least 16 hex digits, evenly spread. With a table, each method may raise UsersUnavailable."""

    async def get(self, key: str) -> Count:
        """Return the count of a key."""

    async def put(self, key: str, count: Count) -> bool:
        """Replace the version that was read. Returns False when somebody else was faster: read again."""

    async def clear(self, key: str) -> None:
        """Remove the count of a key."""


class MemoryCounts:
    """The counts of this process; the least recently used one goes first."""

    def __init__(self, max_counts: int = MAX_IN_MEMORY) -> None:
        self._counts: LRUCache[str, Count] = LRUCache(max_counts)
        self._versions = 0

    async def get(self, key: str) -> Count:
        return self._counts.get(key, Count())

    async def put(self, key: str, count: Count) -> bool:
        if self._counts.get(key, Count()).etag != count.etag:
            return False
        self._versions += 1
        self._counts[key] = replace(count, etag=str(self._versions))
        return True

    async def clear(self, key: str) -> None:
        self._counts.pop(key, None)


class TableCounts:
    """The counts of all instances, in the users' table.

    The first digits of a key choose one of a fixed number of entities. A new key replaces another one there: to push a
    count out by chance takes about as many failed logins as there are entities.
    """

    def __init__(self, table: Table, partition: str = FAILURES, buckets: int = BUCKETS) -> None:
        self._table = table
        self._partition = partition
        self._buckets = buckets

    async def get(self, key: str) -> Count:
        row = await self._table.get(self._entity(key))
        if row is None:
            return Count()
        if row.values.get("counted") != key:
            return Count(etag=row.etag)
        return Count(row.values["failures"], row.values["last"], row.etag)

    async def put(self, key: str, count: Count) -> bool:
        values = {"counted": key, "failures": count.failures, "last": count.last}
        if count.etag:
            return await self._table.replace(self._entity(key), values, count.etag)
        return await self._table.insert(self._entity(key), values)

    async def clear(self, key: str) -> None:
        await self._table.delete(self._entity(key))

    def _entity(self, key: str) -> Key:
        return f"{self._partition}{int(key[:16], 16) % self._buckets:04x}", "count"
