"""A feature store in memory."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from shared.features.source import Entity, Fetched
from shared.problems import Problem

ROWS: Mapping[Entity, Mapping[str, Any]] = {
    "p1": {"x": 1, "sex": "f", "maybe/x": None},
    "p2": {"x": 0.5, "sex": "m", "maybe/x": 0.25},
    "lacks": {"x": None, "sex": "m"},
    "text": {"x": "0.5", "sex": "m"},
    "true": {"x": True, "sex": "m"},
    "nan": {"x": float("nan"), "sex": "m"},
    "odd": {"x": 0.5, "sex": "other"},
    7: {"x": 0.7, "sex": "f"},
}


class Store:
    """A source that counts its calls, can be slow, and can fail."""

    kind, target = "memory", "test"

    def __init__(self, rows: Mapping[Entity, Mapping[str, Any]] = ROWS) -> None:
        self.rows = rows
        self.calls: list[Sequence[Entity]] = []
        self.running = self.most_running = 0
        self.delay = 0.0
        self.error: Problem | None = None

    def batches(self, entities: Sequence[Entity]) -> Sequence[Sequence[Entity]]:
        return [entities[i : i + 2] for i in range(0, len(entities), 2)]

    async def fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        self.calls.append(list(entities))
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        await self.ping()
        self.running -= 1
        return Fetched({entity: self.rows[entity] for entity in entities if entity in self.rows})

    async def ping(self) -> None:
        await asyncio.sleep(self.delay)
        if self.error:
            raise self.error
