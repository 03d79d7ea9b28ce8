"""A real Feast server: our source against it, and the small server of the other tests beside it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from shared.features.feast import FeastSource
from shared.features.source import EntitiesRefused, Entity, Fetched, QueryRefused
from shared.threads import Pool
from tests.features.feast_server import feast_server
from tests.features.real.server import PATIENTS, PEOPLE, real_feast
from tests.loop import run

pytestmark = [pytest.mark.more, pytest.mark.timeout(900)]  # Feast's packages are installed first

FEATURES = ["x", "sex", "smokes"]
VIEWS = {"patients": ("patient_id", PATIENTS, int), "people": ("person_id", PEOPLE, str)}
QUERIES: Sequence[tuple[str, Sequence[Any]]] = [
    *[("patients", ids) for ids in ([1, 2, 7], [99], [1, 99], ["1"], [1, "1"], [1, 1], ["01"], [" 1"], [2**63 - 1])],
    *[
        ("patients", ids)
        for ids in (["p1"], [1, "p1"], ["p1", 1], [""], ["1.5"], [2**63], [-(2**63) - 1], [10**30], [])
    ],
    *[("people", ids) for ids in (["p1", "1"], ["nobody"], [1], ["p1", 1], [1, "1"], ["ü/ ?"], ["a\0b"], ["😀"], [""])],
]


@pytest.fixture(scope="module")
def real() -> Iterator[str]:
    with real_feast() as url:
        yield url


def response(url: str, view: str, ids: Sequence[Any], features: Sequence[str] = FEATURES) -> tuple[int, Any]:
    """Return the status and, of a success, the values and statuses by feature."""
    names = [f"{view}:{feature}" for feature in features]
    query = {"entities": {VIEWS[view][0]: ids}, "features": names, "full_feature_names": False}
    answer = httpx.post(f"{url}/get-online-features", json=query)
    if answer.status_code != 200:
        return answer.status_code, None
    body = answer.json()
    columns = [{"values": column["values"], "statuses": column["statuses"]} for column in body["results"]]
    return 200, dict(zip(body["metadata"]["feature_names"], columns, strict=True))


@pytest.mark.parametrize(("view", "ids"), QUERIES, ids=lambda value: json.dumps(value)[:20])
def test_the_small_server_responds_as_the_real_one(real: str, view: str, ids: Sequence[Any]) -> None:
    _, rows, key_type = VIEWS[view]
    with feast_server(rows, key_type) as small:
        assert response(small.url, view, ids) == response(real, view, ids)


@pytest.mark.parametrize("features", [[], ["nope"], ["x", "nope"]], ids=str)
def test_both_fail_at_features_that_they_do_not_have(real: str, features: Sequence[str]) -> None:
    with feast_server(PATIENTS, int) as small:
        for url in (small.url, real):
            assert response(url, "patients", [1], features) == (500, None)


@pytest.mark.parametrize(("path", "status"), [("/health", 200), ("/other", 404)])
def test_both_have_a_health_route(real: str, path: str, status: int) -> None:
    with feast_server(PATIENTS, int) as small:
        for url in (small.url, real):
            assert httpx.get(url + path).status_code == status


def source(real: str, query: str = "view=patients&entity=patient_id") -> FeastSource:
    return FeastSource(f"{real}?{query}", "", 5.0, Pool("features", 4))


def fetch(real: str, *entities: Entity, query: str = "view=patients&entity=patient_id") -> Fetched:
    return run(source(real, query).fetch(entities, FEATURES))


def test_a_healthy_server_responds_to_a_ping(real: str) -> None:
    run(source(real).ping())


def test_values_arrive_as_they_were_stored(real: str) -> None:
    assert fetch(real, 1, 2, 7, 99).rows == PATIENTS


def test_a_feature_service_is_requested_by_name(real: str) -> None:
    assert fetch(real, 1, query="service=slr&entity=patient_id").rows == {1: PATIENTS[1]}


def test_an_id_and_its_text_are_the_same_entity(real: str) -> None:
    assert fetch(real, 1, "1").rows == {1: PATIENTS[1], "1": PATIENTS[1]}
    assert fetch(real, "1", 1, query="view=people&entity=person_id").rows == {"1": PEOPLE["1"], 1: PEOPLE["1"]}


def test_exactly_the_ids_that_the_server_refuses_are_named(real: str) -> None:
    bad = ["p1", "", 2**63]
    with pytest.raises(EntitiesRefused) as caught:
        fetch(real, 1, *bad, *range(100, 300), "1.5")
    assert caught.value.entities == [*bad, "1.5"]


def test_an_id_alone_is_refused_when_an_earlier_one_is_answered_again(real: str) -> None:
    feast = source(real)
    with pytest.raises(QueryRefused):
        run(feast.fetch(["p1"], FEATURES))
    run(feast.fetch([1], FEATURES))
    with pytest.raises(EntitiesRefused) as caught:
        run(feast.fetch(["p1"], FEATURES))
    assert caught.value.entities == ["p1"]
