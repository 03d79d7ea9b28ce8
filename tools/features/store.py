"""Write to the features table, and read it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import batched
from typing import Any

from tqdm import tqdm

from shared import tables
from shared.features.table import PARTITIONS, column, key
from shared.model.manifest import Feature
from shared.tables import Table
from tools.features.csv_rows import Row

MAX_BATCH = 100  # Azure Tables' limit of one transaction, which is in one partition
ENTITY = "entity"
"""The property with the entity's id: a row's key may be its hash."""


async def load(table: Table, rows: Mapping[str, Row]) -> None:
    """Write `rows`, in place of the rows of the same entities. Creates the table if it is missing."""
    await table.create()
    by_partition: defaultdict[str, list[tuple[tables.Key, tables.Values]]] = defaultdict(list)
    for entity, row in rows.items():
        values = {column(feature): value for feature, value in row.items()}
        by_partition[key(entity)[0]].append((key(entity), {ENTITY: entity, **values}))
    with tqdm(total=len(rows), unit="entities", desc=table.name) as bar:
        for partition in by_partition.values():
            for batch in batched(partition, MAX_BATCH, strict=False):
                await table.upsert(batch)
                bar.update(len(batch))


async def get(table: Table, entity: str, features: Sequence[Feature]) -> dict[str, Any] | None:
    """Return one entity's values by feature; None for an unknown entity."""
    row = await table.get(key(entity))
    return None if row is None else _values(row, features)


async def rows(table: Table, features: Sequence[Feature]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Yield every entity with its values by feature, one partition after the other."""
    for partition in range(PARTITIONS):
        for row in await table.query(f"PartitionKey eq '{partition:x}'"):
            yield str(row.values.get(ENTITY, row.key[1])), _values(row, features)


def _values(row: tables.Row, features: Sequence[Feature]) -> dict[str, Any]:
    return {feature.name: row.values.get(column(feature.name)) for feature in features if feature.stored}
