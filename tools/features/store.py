"""The features table, as the developer's tool writes and reads it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import batched
from typing import Any

from tqdm import tqdm

from shared import tables
from shared.features.table import PARTITIONS, column, key
from shared.manifest import Feature
from shared.problems import FeaturesUnavailable
from tools.features.csv_rows import Row

MOST_IN_BATCH = 100  # Azure Tables' limit of one transaction, which is in one partition
ENTITY = "entity"
"""The property that holds the entity's id: a row's key may be its hash."""


async def load(name: str, rows: Mapping[str, Row]) -> None:
    """Put `rows` in place of those of the same entities, making the table where there is none."""
    table = tables.table(name, FeaturesUnavailable)
    await table.create()
    by_partition: defaultdict[str, list[tuple[tables.Key, tables.Values]]] = defaultdict(list)
    for entity, row in rows.items():
        values = {column(feature): value for feature, value in row.items()}
        by_partition[key(entity)[0]].append((key(entity), {ENTITY: entity, **values}))
    with tqdm(total=len(rows), unit="entities", desc=name) as bar:
        for found in by_partition.values():
            for batch in batched(found, MOST_IN_BATCH, strict=False):
                await table.upsert(batch)
                bar.update(len(batch))


async def get(name: str, entity: str, features: Sequence[Feature]) -> dict[str, Any] | None:
    """What the table has of one entity, by feature; None when it does not know it."""
    row = await tables.table(name, FeaturesUnavailable).get(key(entity))
    return None if row is None else _features(row, features)


async def everything(name: str, features: Sequence[Feature]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Every entity with its features, a partition at a time."""
    table = tables.table(name, FeaturesUnavailable)
    for partition in range(PARTITIONS):
        for row in await table.query(f"PartitionKey eq '{partition:x}'"):
            yield str(row.values.get(ENTITY, row.key[1])), _features(row, features)


def _features(row: tables.Row, features: Sequence[Feature]) -> dict[str, Any]:
    return {feature.name: row.values.get(column(feature.name)) for feature in features if feature.stored}
