"""Ids that the feature store refuses: their instances are named, and the store stays open for others."""

from collections.abc import Iterator

import pytest

from shared.features import Features
from shared.features.breaker import MAX_FAILURES
from shared.features.feast import FeastSource
from shared.features.source import EntitiesRefused
from shared.problems import BadField, FeaturesUnavailable, InvalidInstances, Reason
from shared.threads import Pool
from tests.features.feast_server import FeastServer, feast_server
from tests.features.store import completed
from tests.loop import run
from tests.recording import invocation


@pytest.fixture
def numbered() -> Iterator[FeastServer]:
    """A Feast server whose ids are whole numbers."""
    with feast_server({i: {"x": 0.5, "maybe/x": None, "sex": "f"} for i in range(1, 9)}, int) as running:
        yield running


def feast(server: FeastServer) -> Features:
    return Features("feast", lambda: FeastSource(server.url, "", 2.0, Pool("features", 4)), 2.0)


def test_the_instances_with_refused_ids_are_named_and_no_others(numbered: FeastServer) -> None:
    instances = [{"entity_id": entity, "own": 0} for entity in (1, "p1", 2, "nobody", "p1", 99)]
    with pytest.raises(InvalidInstances) as caught:
        completed(feast(numbered), *instances)
    assert caught.value.bad_fields == tuple(
        BadField(f"/instances/{i}/entity_id", "is not an id that the feature store accepts", Reason.UNKNOWN_ENTITY)
        for i in (1, 3, 4)
    )


def test_ids_that_the_store_refuses_close_it_to_nobody(numbered: FeastServer) -> None:
    features = feast(numbered)
    completed(features, {"entity_id": 1, "own": 0})
    for _ in range(2 * MAX_FAILURES):
        with pytest.raises(InvalidInstances):
            completed(features, {"entity_id": "p1", "own": 0})
    assert completed(features, {"entity_id": 2, "own": 0}) == [(0.5, None, "f", 0.0)]


def test_ids_that_nothing_is_known_of_close_the_store_to_nobody(numbered: FeastServer) -> None:
    features = feast(numbered)
    for _ in range(2 * MAX_FAILURES):
        with pytest.raises(FeaturesUnavailable):
            completed(features, {"entity_id": "p1", "own": 0})
    assert completed(features, {"entity_id": 2, "own": 0}) == [(0.5, None, "f", 0.0)]


def test_a_store_that_refuses_everything_and_is_not_healthy_opens_the_breaker(numbered: FeastServer) -> None:
    features = feast(numbered)
    for _ in range(MAX_FAILURES):
        numbered.faults = ["fails", "fails", "is not there", "is not there"]
        with pytest.raises(FeaturesUnavailable):
            completed(features, {"entity_id": 1, "own": 0})
    with pytest.raises(FeaturesUnavailable) as caught:
        completed(features, {"entity_id": 1, "own": 0})
    assert caught.value.reason == "the breaker is open"


def test_a_pull_with_refused_ids_is_no_failed_call(numbered: FeastServer) -> None:
    with invocation() as (_, recorder), pytest.raises(EntitiesRefused):
        run(feast(numbered).pull([1, "p1"], ["x"]))
    assert [(span.success, dict(span.properties)) for span in recorder.spans] == [
        (True, {"entities": 2, "cache_hits": 0, "outcome": "invalid-instances", "refused": 1})
    ]
