"""Entity ids that a store refuses, and another system's endpoint, over HTTP."""

from collections.abc import Iterator, Mapping

import httpx
import pytest

from tests.features.endpoint_server import endpoint_server
from tests.features.feast_server import feast_server
from tests.services import serving

FEAST = {"FEATURES_SOURCE": "feast", "FEATURES_TIMEOUT_MS": "5000"}
HTTP = {"FEATURES_SOURCE": "http", "FEATURES_TIMEOUT_MS": "5000"}


@pytest.fixture(scope="module")
def feast(works: Mapping[str, str]) -> Iterator[httpx.Client]:
    """A client of a service with a Feast server whose ids are whole numbers."""
    with feast_server({1: {"x": 0.25}, 2: {"x": -1}}, int) as store:
        settings = {**works, **FEAST, "FEATURES_URL": f"{store.url}?view=patients&entity=patient"}
        with serving(settings) as running, running.client(running.login()) as client:
            yield client


@pytest.fixture(scope="module")
def http(works: Mapping[str, str]) -> Iterator[httpx.Client]:
    """A client of a service with an endpoint for each patient."""
    with endpoint_server({"p1": {"x": 0.25}, "text": {"x": "0.5"}}) as store:
        settings = {**works, **HTTP, "FEATURES_URL": f"{store.url}/patients/{{entity_id}}?fields={{features}}"}
        with serving(settings) as running, running.client(running.login()) as client:
            yield client


def predict(client: httpx.Client, *entities: object) -> httpx.Response:
    return client.post("/predict", json={"instances": [{"entity_id": entity} for entity in entities]})


def pointers(response: httpx.Response) -> list[str]:
    return [error["pointer"] for error in response.json()["errors"]]


def test_ids_that_a_healthy_store_refuses_are_the_caller_s_mistake_and_nobody_else_s(feast: httpx.Client) -> None:
    assert predict(feast, 1).status_code == 200
    for _ in range(10):
        response = predict(feast, "p1", 1, 2**63, 2)
        assert (response.status_code, pointers(response)) == (
            422,
            ["/instances/0/entity_id", "/instances/2/entity_id"],
        )
        assert predict(feast, "p1").status_code == 422
    assert predict(feast, 1, "1").json()["predictions"] == pytest.approx([1.5, 1.5])


def test_a_healthy_store_leaves_the_service_ready(feast: httpx.Client, http: httpx.Client) -> None:
    for client in (feast, http):
        assert client.get("/health/ready").json()["status"] == "ready"


def test_an_endpoint_completes_requests(http: httpx.Client) -> None:
    assert predict(http, "p1").json()["predictions"] == pytest.approx([1.5])
    for entity, status, pointer in (
        ("nobody", 422, "/instances/1/entity_id"),
        ("../p1", 422, "/instances/1/entity_id"),
        ("text", 502, "/instances/1/x"),
    ):
        response = predict(http, "p1", entity)
        assert (response.status_code, pointers(response)) == (status, [pointer])
    assert predict(http, *range(101)).status_code == 413
