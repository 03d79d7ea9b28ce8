"""Features in an Azure table: a wide row per entity.

Entities are spread over 16 partitions by a hash of their id, so that no single one takes all the load. Many are asked
for in batches: a filter on a real table holds 15 comparisons (Azurite takes more), one for the partition and 14 keys.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import batched

from shared import tables
from shared.features.source import Entity, Fetched
from shared.problems import FeaturesUnavailable

MOST_KEYS = 14
PARTITIONS = 16
PLAIN = re.compile(r"[A-Za-z0-9._~-]{1,256}")


class Table:
    """The table that FEATURES_TABLE names."""

    kind = "Azure table"

    def __init__(self, name: str) -> None:
        self._table = tables.table(name, FeaturesUnavailable)
        self.target = name

    def batches(self, entities: Sequence[Entity]) -> Sequence[Sequence[Entity]]:
        """At most 14 entities of one partition in each."""
        by_partition: defaultdict[str, list[Entity]] = defaultdict(list)
        for entity in entities:
            by_partition[key(entity)[0]].append(entity)
        return [batch for found in by_partition.values() for batch in batched(found, MOST_KEYS, strict=False)]

    async def fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        """What the table has of entities of one partition. Raises FeaturesUnavailable."""
        by_key = {key(entity): entity for entity in entities}
        if len(entities) == 1:
            (only,) = by_key
            row = await self._table.get(only)
            found = [row] if row else []
        else:
            found = await self._table.query(condition(list(by_key)))
        return Fetched({by_key[row.key]: {name: row.values.get(column(name)) for name in features} for row in found})

    async def ping(self) -> None:
        """Whether the table answers."""
        await self._table.get(("0", "ping"))


def key(entity: Entity) -> tables.Key:
    """Partition and row of an entity; an id that a key cannot hold, or one that is too long, goes by its hash."""
    text = str(entity)
    digest = hashlib.sha256(text.encode())
    return f"{digest.digest()[0] % PARTITIONS:x}", text if PLAIN.fullmatch(text) else f"sha256:{digest.hexdigest()}"


def condition(keys: Sequence[tables.Key]) -> str:
    """The OData filter for rows of one partition; a key holds nothing that needs escaping."""
    rows = " or ".join(f"RowKey eq '{row}'" for _, row in keys)
    return f"PartitionKey eq '{keys[0][0]}' and ({rows})"


def column(feature: str) -> str:
    """A feature's property name: a table takes identifiers only, so other names are spelled in hex."""
    return feature if feature.isascii() and feature.isidentifier() else f"x_{feature.encode().hex()}"
