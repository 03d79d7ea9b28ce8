"""Counts of failed logins, in memory or in an Azure table; neither grows without bound, whatever names are tried."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from shared.tables import Key, Table

MOST_IN_MEMORY = 10_000  # some MB; to push one out costs an attacker as many bcrypt checks, 20 minutes on two cores
BUCKETS = 65_536  # some 20 MB in the table; likewise
PARTITION = "throttle-"


@dataclass(frozen=True, slots=True)
class Count:
    """How often it failed, and when last (Unix seconds)."""

    failures: int = 0
    last: float = 0.0
    etag: str = ""
    """The version that was read; empty when there was none."""


class Counts(Protocol):
    """Counts by key: at least 16 hex digits, evenly spread. With a table, each method may raise UsersUnavailable."""

    async def get(self, key: str) -> Count:
        """What was counted so far."""

    async def put(self, key: str, count: Count) -> bool:
        """Count on from the version that was read. False when another instance was faster: read again."""

    async def clear(self, key: str) -> None:
        """Start over."""


class MemoryCounts:
    """The counts of this process; the one that was not touched for longest goes first."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, Count] = OrderedDict()

    async def get(self, key: str) -> Count:
        return self._counts.get(key, Count())

    async def put(self, key: str, count: Count) -> bool:
        self._counts[key] = count
        self._counts.move_to_end(key)
        if len(self._counts) > MOST_IN_MEMORY:
            self._counts.popitem(last=False)
        return True

    async def clear(self, key: str) -> None:
        self._counts.pop(key, None)


class TableCounts:
    """The counts of all instances, in the users' table.

    The first digits of a key choose one of a fixed number of entities. When another key has that entity, it has to give
    way: to push a count out by chance takes about as many failed logins as there are entities.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, key: str) -> Count:
        row = await self._table.get(_entity(key))
        if row is None:
            return Count()
        if row.values.get("counted") != key:
            return Count(etag=row.etag)
        return Count(row.values["failures"], row.values["last"], row.etag)

    async def put(self, key: str, count: Count) -> bool:
        values = {"counted": key, "failures": count.failures, "last": count.last}
        if count.etag:
            return await self._table.replace(_entity(key), values, count.etag)
        return await self._table.insert(_entity(key), values)

    async def clear(self, key: str) -> None:
        await self._table.delete(_entity(key))


def _entity(key: str) -> Key:
    return f"{PARTITION}{int(key[:16], 16) % BUCKETS:04x}", "count"
