"""A feature store in memory, and a model whose features it has."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from shared.features import Features
from shared.features.source import Entity, Fetched
from shared.model import schemas
from shared.model.manifest import Category, Feature, Number
from shared.problems import Problem
from tests.loop import run
from tests.models import manifest

FEATURES: tuple[Feature, ...] = (
    Number(name="x", range=(-1.0, 1.0)),
    Number(name="maybe/x", range=(0.0, 1.0), optional=True),
    Category(name="sex", values=("f", "m")),
    Number(name="own", range=(0.0, 1.0), stored=False),
)
MANIFEST = manifest(FEATURES)
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


def completed(features: Features, *instances: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the features of the instances after their completion."""
    body = json.dumps({"instances": instances}).encode()
    decoded: list[Any] = schemas.build(MANIFEST, entities=True).decode(body)
    run(features.complete(MANIFEST, decoded))
    return [(instance.f0, instance.f1, instance.f2, instance.f3) for instance in decoded]
