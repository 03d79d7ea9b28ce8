"""Completion of rows: missing features come from the store, and no prediction is made from garbage."""

from typing import Any

import pytest
from msgspec import UNSET

from shared.features import Features
from shared.model import schemas
from shared.model.manifest import Boolean, Category, Number, Statistics
from shared.problems import BadField, FeaturesInvalid, FeaturesUnavailable, InvalidInstances, Reason, SettingInvalid
from shared.settings import Settings
from shared.threads import Threads
from tests.clock import Clock
from tests.features.store import Store, completed
from tests.loop import run
from tests.models import manifest
from tests.recording import invocation


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def features(store: Store) -> Features:
    return Features("table", lambda: store, 1.0)


def test_missing_features_come_from_the_store_in_the_order_of_the_request(features: Features, store: Store) -> None:
    rows = completed(features, {"entity_id": "p2", "own": 0}, {"entity_id": "p1", "own": 1}, {"entity_id": 7, "own": 1})
    assert rows == [(0.5, 0.25, "m", 0.0), (1.0, None, "f", 1.0), (0.7, None, "f", 1.0)]


def test_values_of_the_client_are_kept(features: Features, store: Store) -> None:
    assert completed(features, {"entity_id": "p2", "x": -1, "own": 0}) == [(-1.0, 0.25, "m", 0.0)]


def test_complete_instances_and_those_without_an_entity_need_no_store(features: Features, store: Store) -> None:
    complete = {"x": 0, "maybe/x": 1, "sex": "f", "own": 0}
    assert completed(features, {**complete, "entity_id": "p1"}, {"x": 0, "sex": "f", "own": 0}) == [
        (0.0, 1.0, "f", 0.0),
        (0.0, UNSET, "f", 0.0),
    ]
    assert store.calls == []


def test_an_entity_is_fetched_once_per_request(features: Features, store: Store) -> None:
    completed(features, *[{"entity_id": "p1", "own": 0}] * 5, {"entity_id": "p2", "own": 0})
    assert store.calls == [["p1", "p2"]]


def test_batches_are_fetched_at_the_same_time(features: Features, store: Store) -> None:
    store.delay = 0.02
    completed(features, *[{"entity_id": entity, "own": 0} for entity in ("p1", "p2", 7)] * 10)
    assert (len(store.calls), store.most_running) == (2, 2)


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
def test_features_that_stay_missing_are_listed_by_instance_and_feature(
    features: Features, instance: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidInstances) as caught:
        completed(features, {"entity_id": "p1", "own": 0}, instance)
    assert [bad.pointer for bad in caught.value.bad_fields] == [pointer]


@pytest.mark.parametrize("entity", ["text", "true", "nan", "odd"])
def test_a_stored_value_of_a_wrong_type_is_refused(features: Features, entity: str) -> None:
    with pytest.raises(FeaturesInvalid) as caught:
        completed(features, {"entity_id": entity, "own": 0})
    assert caught.value.status == 502


def test_a_pull_from_a_slow_store_ends_at_the_time_limit(store: Store) -> None:
    store.delay = 3_600
    with pytest.raises(FeaturesUnavailable) as caught:
        run(Features("table", lambda: store, 0.1).pull(["p1"], ["x"]))
    assert caught.value.reason == "no response in 0.1 s"


def test_after_five_failures_the_store_is_not_called(features: Features, store: Store) -> None:
    store.error = FeaturesUnavailable()
    for _ in range(7):
        with pytest.raises(FeaturesUnavailable):
            completed(features, {"entity_id": "p1", "own": 0})
    assert len(store.calls) == 5


def test_requests_that_need_no_store_succeed_while_it_is_down(features: Features, store: Store) -> None:
    store.error = FeaturesUnavailable()
    assert completed(features, {"x": 0, "sex": "f", "own": 0})


def test_without_a_cache_every_pull_calls_the_store(features: Features, store: Store) -> None:
    for _ in range(2):
        assert run(features.pull(["p1"], ["x"]))["p1"]["x"] == 1
    assert len(store.calls) == 2


def test_a_cached_row_is_reused_until_it_expires(store: Store) -> None:
    clock = Clock()
    features = Features("table", lambda: store, 1.0, cache_seconds=60, now=clock)
    for seconds, calls in ((0, 1), (59, 1), (2, 2)):
        clock.time += seconds
        run(features.pull(["p1"], ["x"]))
        assert len(store.calls) == calls


def test_a_row_that_expires_while_it_is_read_is_fetched(store: Store) -> None:
    class Hurrying(Clock):
        def __call__(self) -> float:
            self.time += 30
            return self.time

    features = Features("table", lambda: store, 1.0, cache_seconds=60, now=Hurrying())
    for _ in range(10):
        assert run(features.pull(["p1"], ["x"]))["p1"]["x"] == 1


def test_an_unknown_entity_is_not_cached(store: Store) -> None:
    features = Features("table", lambda: store, 1.0, cache_seconds=60)
    assert run(features.pull(["new"], ["x"])) == {}
    store.rows = {"new": {"x": 1}}
    assert run(features.pull(["new"], ["x"])) == {"new": {"x": 1}}


def test_every_pull_is_a_span_with_its_outcome(store: Store) -> None:
    features = Features("table", lambda: store, 1.0, cache_seconds=60)
    with invocation() as (_, recorder):
        run(features.pull(["p1", "nobody"], ["x"]))
        run(features.pull(["p1", "p2"], ["x"]))
        store.error = FeaturesUnavailable()
        with pytest.raises(FeaturesUnavailable):
            run(features.pull(["other"], ["x"]))
    assert [(span.name, span.type, span.target, span.success) for span in recorder.spans] == [
        ("features.fetch", "memory", "test", True),
        ("features.fetch", "memory", "test", True),
        ("features.fetch", "memory", "test", False),
    ]
    assert [dict(span.properties) for span in recorder.spans] == [
        {"entities": 2, "cache_hits": 0, "outcome": "ok", "missing": 1, "attempts": 1},
        {"entities": 2, "cache_hits": 1, "outcome": "ok", "missing": 0, "attempts": 1},
        {"entities": 1, "cache_hits": 0, "outcome": "features-unavailable"},
    ]


def test_the_wide_event_has_the_name_of_the_source(features: Features) -> None:
    with invocation() as (event, _):
        completed(features, {"entity_id": "p1", "own": 0})
    assert event.properties == {"feature_source": "table"}
    assert list(event.steps) == ["features"]


def test_a_model_with_a_feature_called_entity_id_can_have_no_source() -> None:
    with pytest.raises(SettingInvalid):
        schemas.build(manifest([Number(name="entity_id", range=(0.0, 1.0))]), entities=True)


@pytest.mark.parametrize(
    "values",
    [
        {"FEATURES_SOURCE": "feast"},
        {"FEATURES_SOURCE": "table"},
        {"FEATURES_SOURCE": "feast", "FEATURES_URL": "http://feast", "FEATURES_TIMEOUT_MS": "never"},
        {"FEATURES_SOURCE": "table", "STORAGE_CONNECTION": "nonsense"},
    ],
    ids=str,
)
def test_wrong_settings_are_raised_when_the_store_is_used(threads: Threads, values: dict[str, str]) -> None:
    features = Features.from_settings(Settings.read(values), threads)
    for call in (features.ping(), features.pull(["p1"], ["x"])):
        with pytest.raises(SettingInvalid):
            run(call)


@pytest.mark.parametrize(("stored", "expected"), [(True, True), (0, False), (1.0, True)])
def test_a_stored_boolean_may_be_true_false_one_or_zero(stored: Any, expected: bool) -> None:
    described = manifest([Boolean(name="smokes")])
    instances: list[Any] = schemas.build(described, entities=True).decode(b'{"instances":[{"entity_id":"p1"}]}')
    store = Store({"p1": {"smokes": stored}})

    run(Features("feast", lambda: store, 1.0).complete(described, instances))

    assert instances[0].f0 is expected


def test_a_stored_value_that_is_new_to_an_open_category_is_kept() -> None:
    described = manifest([Category(name="ward", values=("a",), open=True)])
    instances: list[Any] = schemas.build(described, entities=True).decode(b'{"instances":[{"entity_id":"p1"}]}')
    store = Store({"p1": {"ward": "new"}})

    run(Features("feast", lambda: store, 1.0).complete(described, instances))

    assert instances[0].f0 == "new"


@pytest.mark.parametrize(("stored", "expected"), [(True, 1.0), (False, 0.0), (1, 1.0)])
def test_a_stored_boolean_is_a_number_where_the_feature_of_an_older_model_was_boolean(
    stored: Any, expected: float
) -> None:
    statistics = Statistics(quantiles={"smokes": (0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0)})
    described = manifest([Number(name="smokes", range=(0.0, 1.0))], statistics=statistics)
    instances: list[Any] = schemas.build(described, entities=True).decode(b'{"instances":[{"entity_id":"p1"}]}')

    run(Features("table", lambda: Store({"p1": {"smokes": stored}}), 1.0).complete(described, instances))

    assert (instances[0].f0, type(instances[0].f0)) == (expected, float)


def test_every_unusable_stored_value_is_named_by_instance_and_feature(features: Features) -> None:
    instances = [{"entity_id": entity, "own": 0} for entity in ("p1", "text", "nobody", "odd", "text")]
    with pytest.raises(FeaturesInvalid) as caught:
        completed(features, *instances)
    assert caught.value.bad_fields == tuple(
        BadField(
            f"/instances/{i}/{name}",
            "has a wrong type in the feature store, or is not finite",
            Reason.STORED_WRONG,
            name,
        )
        for i, name in ((1, "x"), (3, "sex"), (4, "x"))
    )
    assert caught.value.reason == "wrong stored values of sex, x"


def test_an_unusable_stored_value_that_the_client_replaces_is_no_error(features: Features) -> None:
    assert completed(features, {"entity_id": "text", "x": 0.5, "own": 0}) == [(0.5, None, "m", 0.0)]
