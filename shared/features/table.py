"""Features in an Azure table: one wide row per entity.

Entities are spread over 16 partitions by a hash of their id, so that no partition takes all the load. Many entities are
queried in batches: a filter on a real table has at most 15 comparisons (Azurite accepts more), one for the partition
and 14 for keys.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import batched

from shared import tables
from shared.features.source import Entity, Fetched

MAX_KEYS = 14
PARTITIONS = 16
PLAIN = re.compile(r"[A-Za-z0-9._~-]{1,256}")


class TableSource:
    """The table in FEATURES_TABLE."""

    kind = "Azure table"

    def __init__(self, table: tables.Table) -> None:
        self._table = table
        self.target = table.name

    def batches(self, entities: Sequence[Entity]) -> Sequence[Sequence[Entity]]:
        """Return batches of at most 14 entities of one partition."""
        by_partition: defaultdict[str, list[Entity]] = defaultdict(list)
        for entity in entities:
            by_partition[key(entity)[0]].append(entity)
        return [batch for partition in by_partition.values() for batch in batched(partition, MAX_KEYS, strict=False)]

    async def fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        """Return the stored features of entities of one partition. Raises FeaturesUnavailable."""
        by_key: defaultdict[tables.Key, list[Entity]] = defaultdict(list)
        for entity in entities:  # 7 and "7" have the same key
            by_key[key(entity)].append(entity)
        rows = await self._rows(list(by_key))
        return Fetched(
            {
                entity: {name: row.values.get(column(name)) for name in features}
                for row in rows
                for entity in by_key[row.key]
            }
        )

    async def _rows(self, keys: Sequence[tables.Key]) -> Sequence[tables.Row]:
        """Return the rows with these keys, in one call."""
        if len(keys) > 1:
            return await self._table.query(condition(keys))
        row = await self._table.get(keys[0])
        return [row] if row else []

    async def ping(self) -> None:
        """Return when the table responds."""
        await self._table.get(("0", "ping"))


def key(entity: Entity) -> tables.Key:
    """Return partition and row of an entity; an id that is too long, or no valid key, is replaced by its hash."""
    text = str(entity)
    digest = hashlib.sha256(text.encode())
    return f"{digest.digest()[0] % PARTITIONS:x}", text if PLAIN.fullmatch(text) else f"sha256:{digest.hexdigest()}"


def condition(keys: Sequence[tables.Key]) -> str:
    """Return the OData filter for rows of one partition; no key has a character that needs escaping."""
    rows = " or ".join(f"RowKey eq '{row}'" for _, row in keys)
    return f"PartitionKey eq '{keys[0][0]}' and ({rows})"


def column(feature: str) -> str:
    """Return a feature's property name: a table accepts identifiers only, so other names are written in hex."""
    return feature if feature.isascii() and feature.isidentifier() else f"x_{feature.encode().hex()}"
