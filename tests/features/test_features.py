"""Completing rows: what is missing comes from the store, and no prediction from garbage."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import UNSET

from shared import features, schemas, telemetry
from shared.features import Features
from shared.features.source import Entity, Fetched
from shared.manifest import Category, Feature, Number
from shared.problems import FeaturesInvalid, FeaturesUnavailable, InvalidInstances
from shared.schemas import Contract
from tests.models import manifest

FEATURES: tuple[Feature, ...] = (
    Number(name="x", range=(-1.0, 1.0)),
    Number(name="maybe/x", range=(0.0, 1.0), optional=True),
    Category(name="sex", values=("f", "m")),
    Number(name="own", range=(0.0, 1.0), stored=False),
)
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
    """A source in memory that remembers what it was asked."""

    kind, target = "memory", "test"

    def __init__(self, rows: Mapping[Entity, Mapping[str, Any]] = ROWS) -> None:
        self.rows = rows
        self.asked: list[Sequence[Entity]] = []
        self.delay = 0.0
        self.down = False

    def batches(self, entities: Sequence[Entity]) -> Sequence[Sequence[Entity]]:
        return [entities[i : i + 2] for i in range(0, len(entities), 2)]

    async def fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        self.asked.append(list(entities))
        await asyncio.sleep(self.delay)
        if self.down:
            raise FeaturesUnavailable
        return Fetched({each: self.rows[each] for each in entities if each in self.rows})

    async def ping(self) -> None:
        await asyncio.sleep(self.delay)


@pytest.fixture
def contract(told: Callable[..., object]) -> Contract:
    told(FEATURES_SOURCE="table")
    return schemas.contract(manifest(FEATURES))


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    store = Store()
    serving = Features(store, 1.0)
    monkeypatch.setattr(features, "current", lambda: serving)
    return store


def completed(contract: Contract, *instances: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The features of the instances once they are complete."""
    decoded: list[Any] = contract.decode(json.dumps({"instances": instances}).encode())
    asyncio.run(features.complete(contract, decoded))
    return [(each.f0, each.f1, each.f2, each.f3) for each in decoded]


def test_what_is_missing_comes_from_the_store_in_the_order_of_the_request(contract: Contract, store: Store) -> None:
    rows = completed(contract, {"entity_id": "p2", "own": 0}, {"entity_id": "p1", "own": 1}, {"entity_id": 7, "own": 1})
    assert rows == [(0.5, 0.25, "m", 0.0), (1.0, None, "f", 1.0), (0.7, None, "f", 1.0)]


def test_what_the_client_sent_counts(contract: Contract, store: Store) -> None:
    assert completed(contract, {"entity_id": "p2", "x": -1, "own": 0}) == [(-1.0, 0.25, "m", 0.0)]


def test_instances_that_lack_nothing_or_name_nobody_ask_no_store(contract: Contract, store: Store) -> None:
    whole = {"x": 0, "maybe/x": 1, "sex": "f", "own": 0}
    assert completed(contract, {**whole, "entity_id": "p1"}, {"x": 0, "sex": "f", "own": 0}) == [
        (0.0, 1.0, "f", 0.0),
        (0.0, UNSET, "f", 0.0),
    ]
    assert store.asked == []


def test_the_same_entity_is_asked_for_once(contract: Contract, store: Store) -> None:
    completed(contract, *[{"entity_id": "p1", "own": 0}] * 5, {"entity_id": "p2", "own": 0})
    assert store.asked == [["p1", "p2"]]


def test_batches_are_asked_for_at_the_same_time(contract: Contract, store: Store) -> None:
    store.delay = 0.1
    many = [{"entity_id": each, "own": 0} for each in ("p1", "p2", 7)] * 10
    started = time.monotonic()
    completed(contract, *many)
    assert len(store.asked) == 2
    assert time.monotonic() - started < 0.19


@pytest.mark.parametrize(
    ("instance", "pointer"),
    [
        ({"entity_id": "nobody", "own": 0}, "/instances/1/entity_id"),
        ({"entity_id": "lacks", "own": 0}, "/instances/1/x"),
        ({"entity_id": "p1"}, "/instances/1/own"),
        ({"x": 0.5, "sex": "f"}, "/instances/1/own"),
        ({"own": 0, "sex": "f"}, "/instances/1/x"),
        ({"entity_id": "p1", "own": 0, "x": None}, "/instances/1/x"),
        ({"entity_id": "", "own": 0}, "/instances/1/entity_id"),
        ({"entity_id": 1.5, "own": 0}, "/instances/1/entity_id"),
        ({"entity_id": None, "own": 0}, "/instances/1/entity_id"),
        ({"entity_id": "a" * 257, "own": 0}, "/instances/1/entity_id"),
    ],
)
def test_what_stays_missing_is_told_by_instance_and_feature(
    contract: Contract, store: Store, instance: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidInstances) as caught:
        completed(contract, {"entity_id": "p1", "own": 0}, instance)
    assert [field.pointer for field in caught.value.fields] == [pointer]


@pytest.mark.parametrize("entity", ["text", "true", "nan", "odd"])
def test_a_stored_value_of_a_wrong_type_makes_no_prediction(contract: Contract, store: Store, entity: str) -> None:
    with pytest.raises(FeaturesInvalid) as caught:
        completed(contract, {"entity_id": entity, "own": 0})
    assert caught.value.status == 502


def test_a_store_that_is_slow_costs_the_time_limit_and_no_more(contract: Contract, store: Store) -> None:
    store.delay = 30
    slow = Features(store, 0.1)
    started = time.monotonic()
    with pytest.raises(FeaturesUnavailable):
        asyncio.run(slow.pull(["p1"], ["x"]))
    assert time.monotonic() - started < 1


def test_after_five_failures_nobody_waits_for_the_store(contract: Contract, store: Store) -> None:
    store.down = True
    for _ in range(7):
        with pytest.raises(FeaturesUnavailable):
            completed(contract, {"entity_id": "p1", "own": 0})
    assert len(store.asked) == 5


def test_requests_that_need_no_store_go_on_while_it_is_down(contract: Contract, store: Store) -> None:
    store.down = True
    assert completed(contract, {"x": 0, "sex": "f", "own": 0})


def test_rows_are_pulled_each_time_unless_they_may_be_remembered(store: Store) -> None:
    async def twice(serving: Features) -> None:
        for _ in range(2):
            assert (await serving.pull(["p1"], ["x"]))["p1"]["x"] == 1

    asyncio.run(twice(Features(store, 1.0)))
    assert len(store.asked) == 2
    asyncio.run(twice(Features(store, 1.0, cache_seconds=60)))
    assert len(store.asked) == 3


def test_a_remembered_row_is_forgotten_in_time(store: Store) -> None:
    async def twice(serving: Features) -> None:
        await serving.pull(["p1"], ["x"])
        await asyncio.sleep(0.06)
        await serving.pull(["p1"], ["x"])

    asyncio.run(twice(Features(store, 1.0, cache_seconds=0.05)))
    assert len(store.asked) == 2


def test_an_unknown_entity_is_not_remembered_as_unknown(store: Store) -> None:
    async def before_and_after(serving: Features) -> None:
        assert await serving.pull(["new"], ["x"]) == {}
        store.rows = {"new": {"x": 1}}
        assert await serving.pull(["new"], ["x"]) == {"new": {"x": 1}}

    asyncio.run(before_and_after(Features(store, 1.0, cache_seconds=60)))


def test_every_pull_is_a_span_that_says_how_it_went(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    spans: list[Any] = []
    monkeypatch.setattr(telemetry, "_sink", SimpleNamespace(span=spans.append))
    serving = Features(store, 1.0, cache_seconds=60)

    async def pulls() -> None:
        await serving.pull(["p1", "nobody"], ["x"])
        await serving.pull(["p1", "p2"], ["x"])
        store.down = True
        with pytest.raises(FeaturesUnavailable):
            await serving.pull(["other"], ["x"])

    asyncio.run(pulls())
    assert [(span.name, span.type, span.target, span.success) for span in spans] == [
        ("features.fetch", "memory", "test", True),
        ("features.fetch", "memory", "test", True),
        ("features.fetch", "memory", "test", False),
    ]
    assert [dict(span.properties) for span in spans] == [
        {"entities": 2, "cache_hits": 0, "outcome": "ok", "missing": 1, "attempts": 1},
        {"entities": 2, "cache_hits": 1, "outcome": "ok", "missing": 0, "attempts": 1},
        {"entities": 1, "cache_hits": 0, "outcome": "features-unavailable"},
    ]


def test_openapi_shows_entity_id_only_where_there_is_a_source(told: Callable[..., object]) -> None:
    import msgspec

    def members() -> Any:
        return msgspec.json.schema(schemas.request_type(manifest(FEATURES)))["$defs"]["Instance"]

    told(FEATURES_SOURCE="table")
    assert "entity_id" in members()["properties"]
    assert members().get("required", []) == []
    told()
    assert "entity_id" not in members()["properties"]
    assert members()["required"] == ["x", "sex", "own"]


def test_a_model_with_a_feature_called_entity_id_can_have_no_source(told: Callable[..., object]) -> None:
    told(FEATURES_SOURCE="table")
    with pytest.raises(schemas.SettingInvalid):
        schemas.contract(manifest([Number(name="entity_id", range=(0.0, 1.0))]))


def test_a_ping_has_the_time_limit_too(store: Store) -> None:
    asyncio.run(Features(store, 0.1).ping())
    store.delay = 30
    with pytest.raises(FeaturesUnavailable):
        asyncio.run(Features(store, 0.05).ping())
