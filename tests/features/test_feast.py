"""Feast's protocol: requests, responses, and the problems that its faults become."""

from collections.abc import Iterator

import pytest

from shared.features.feast import FeastSource
from shared.features.source import Fetched
from shared.problems import FeaturesInvalid, FeaturesUnavailable
from shared.threads import Pool
from tests.features.feast_server import FeastServer, feast_server
from tests.loop import run

ROWS = {"p1": {"x": 0.5, "sex": "f"}, "p2": {"x": None, "sex": "m"}, 7: {"x": 1}}


@pytest.fixture
def server() -> Iterator[FeastServer]:
    with feast_server(ROWS) as running:
        yield running


def source(url: str, authorization: str = "") -> FeastSource:
    return FeastSource(url, authorization, 2.0, Pool("features", 4))


def fetch(server: FeastServer, *entities: str | int, query: str = "?view=v&entity=patient") -> Fetched:
    return run(source(server.url + query, "Bearer secret").fetch(entities, ["x", "sex"]))


def test_known_entities_come_with_their_values_and_null_where_there_is_none(server: FeastServer) -> None:
    assert fetch(server, "p1", "p2").rows == {"p1": {"x": 0.5, "sex": "f"}, "p2": {"x": None, "sex": "m"}}


def test_an_unknown_entity_is_absent(server: FeastServer) -> None:
    assert list(fetch(server, "p1", "nobody").rows) == ["p1"]


def test_an_integer_entity_is_requested_as_an_integer(server: FeastServer) -> None:
    assert fetch(server, 7).rows == {7: {"x": 1, "sex": None}}


def test_a_request_names_view_entity_and_features(server: FeastServer) -> None:
    fetch(server, "p1")
    assert server.requests == [
        {"entities": {"patient": ["p1"]}, "full_feature_names": False, "features": ["v:x", "v:sex"]}
    ]


def test_a_feature_service_is_requested_by_name(server: FeastServer) -> None:
    fetch(server, "p1", query="?service=slr")
    assert server.requests[0] == {
        "entities": {"entity_id": ["p1"]},
        "full_feature_names": False,
        "feature_service": "slr",
    }


def test_the_authorization_is_sent(server: FeastServer) -> None:
    fetch(server, "p1")
    assert server.headers[0]["Authorization"] == "Bearer secret"


def test_many_entities_are_one_request() -> None:
    assert source("http://127.0.0.1:9").batches(["a", "b"] * 500) == [["a", "b"] * 500]


@pytest.mark.parametrize("fault", ["is too busy", "is not there", "drops the connection"])
def test_after_a_temporary_fault_there_is_one_retry(server: FeastServer, fault: str) -> None:
    server.fault, server.faults_left = fault, 1
    fetched = fetch(server, "p1")
    assert fetched.rows["p1"]["x"] == 0.5
    assert fetched.attempts == 2


@pytest.mark.parametrize("fault", ["is too busy", "is not there", "drops the connection", "fails"])
def test_a_lasting_fault_is_unavailable(server: FeastServer, fault: str) -> None:
    server.fault = fault
    with pytest.raises(FeaturesUnavailable):
        fetch(server, "p1")
    assert len(server.requests) <= 2


def test_the_server_s_own_retry_after_is_passed_on(server: FeastServer) -> None:
    server.fault = "is too busy"
    with pytest.raises(FeaturesUnavailable) as caught:
        fetch(server, "p1")
    assert caught.value.headers["Retry-After"] == "7"


@pytest.mark.parametrize("fault", ["sends HTML", "sends other JSON", "omits a row"])
def test_a_response_that_is_not_feast_s_is_invalid(server: FeastServer, fault: str) -> None:
    server.fault = fault
    with pytest.raises(FeaturesInvalid):
        fetch(server, "p1")


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with feast_server({}) as gone:
        url = gone.url
    with pytest.raises(FeaturesUnavailable):
        run(source(url).fetch(["p1"], ["x"]))


def test_a_ping_requests_no_feature_and_accepts_a_refusal(server: FeastServer) -> None:
    run(source(server.url).ping())
    server.fault = "is not there"
    with pytest.raises(FeaturesUnavailable):
        run(source(server.url).ping())


def test_credentials_in_the_url_do_not_reach_telemetry() -> None:
    assert source("http://me:secret@feast.example:6566/x?view=v").target == "feast.example:6566"
