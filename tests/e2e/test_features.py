"""Features from a store, over HTTP, with the faults that a store has."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.features.feast_server import FeastServer, feast_server
from tests.services import Service, serving

ROWS = {"p1": {"x": 0.25}, "p2": {"x": -1}, "far": {"x": 9}, "null": {"x": None}, "text": {"x": "0.5"}}


@pytest.fixture(scope="module")
def store() -> Iterator[FeastServer]:
    with feast_server(ROWS) as running:
        yield running


@pytest.fixture(scope="module")
def completing(works: Mapping[str, str], store: FeastServer) -> Iterator[Service]:
    store_settings = {
        "FEATURES_SOURCE": "feast",
        "FEATURES_URL": f"{store.url}?view=patients&entity=patient",
        "FEATURES_AUTHORIZATION": "Bearer the-store-s-secret",
        "FEATURES_TIMEOUT_MS": "400",
    }
    with serving({**works, **store_settings}) as running:
        yield running


@pytest.fixture
def client(completing: Service, store: FeastServer) -> Iterator[httpx.Client]:
    """A logged-in client; after each test the store works again and the breaker is closed."""
    with completing.client(completing.login()) as logged_in:
        yield logged_in
        store.fault, store.delay = "", 0.0
        until = time.monotonic() + 15
        while logged_in.post("/predict", json={"instances": [{"entity_id": "p1"}]}).status_code != 200:
            assert time.monotonic() < until
            time.sleep(0.2)


def predict(client: httpx.Client, *instances: Mapping[str, object]) -> httpx.Response:
    return client.post("/predict", json={"instances": instances})


def test_an_entity_s_features_are_pulled_and_mixed_with_the_client_s_in_order(client: httpx.Client) -> None:
    response = predict(client, {"entity_id": "p2"}, {"x": 0}, {"entity_id": "p1"}, {"entity_id": "p1", "x": 1})
    assert response.json()["predictions"] == pytest.approx([-1.0, 1.0, 1.5, 3.0])


def test_server_timing_has_the_time_of_the_pull(client: httpx.Client, store: FeastServer) -> None:
    store.delay = 0.05
    timing = predict(client, {"entity_id": "p1"}).headers["Server-Timing"]
    steps = {name: float(ms) for name, _, ms in (step.partition(";dur=") for step in timing.split(", "))}
    assert list(steps) == ["auth", "decode", "features", "model", "encode"]
    assert steps["features"] >= 50


def test_a_stored_value_outside_the_range_leads_to_a_warning(client: httpx.Client) -> None:
    body = predict(client, {"entity_id": "far"}).json()
    assert body["predictions"] == pytest.approx([19.0])
    assert body["warnings"][0]["feature"] == "x"


def test_an_unknown_entity_and_a_missing_feature_are_422_and_named(client: httpx.Client) -> None:
    response = predict(client, {"entity_id": "p1"}, {"entity_id": "nobody"}, {"entity_id": "null"})
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == ["/instances/1/entity_id", "/instances/2/x"]


def test_garbage_from_the_store_is_502_and_no_prediction(client: httpx.Client, store: FeastServer) -> None:
    assert predict(client, {"entity_id": "text"}).json()["type"] == "/problems/features-invalid"
    store.fault = "sends HTML"
    assert predict(client, {"entity_id": "p1"}).status_code == 502


def test_a_slow_store_is_503_at_the_time_limit_and_blocks_nobody_else(client: httpx.Client, store: FeastServer) -> None:
    store.delay = 30
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(predict, client, {"entity_id": "p1"})
        assert predict(client, {"x": 0}).status_code == 200
        response = waiting.result(20)
    assert (response.status_code, response.json()["type"]) == (503, "/problems/features-unavailable")
    assert int(response.headers["Retry-After"]) >= 1


def test_a_dead_store_degrades_the_service_which_then_recovers(client: httpx.Client, store: FeastServer) -> None:
    store.fault = "is not there"
    time.sleep(5.1)  # /health/ready is cached for 5 s
    assert client.get("/health/ready").json()["reasons"] == ["features-unreachable"]
    for _ in range(6):
        assert predict(client, {"entity_id": "p1"}).status_code == 503
    calls = len(store.requests)
    assert predict(client, {"entity_id": "p1"}).status_code == 503
    assert len(store.requests) == calls  # the breaker is open
    assert predict(client, {"x": 0}).status_code == 200


def test_during_all_faults_no_prediction_is_wrong_and_none_hangs(client: httpx.Client, store: FeastServer) -> None:
    statuses = set()
    for fault in ("", "is too busy", "", "drops the connection", "fails", "omits a row", ""):
        store.fault = fault
        for _ in range(4):
            response = predict(client, {"entity_id": "p1"})
            statuses.add(response.status_code)
            if response.status_code == 200:
                assert response.json()["predictions"] == pytest.approx([1.5])
    assert statuses <= {200, 502, 503}
    assert 200 in statuses


def test_the_store_s_secret_is_sent_to_the_store_only(
    client: httpx.Client, completing: Service, store: FeastServer
) -> None:
    predict(client, {"entity_id": "p1"})
    assert store.headers[-1]["Authorization"] == "Bearer the-store-s-secret"
    store.fault = "fails"
    refused = predict(client, {"entity_id": "p1"})
    assert "the-store-s-secret" not in refused.text + "".join(completing.lines)


def test_openapi_offers_entity_id(client: httpx.Client) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert "entity_id" in schemas["Instance"]["properties"]
