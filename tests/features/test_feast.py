"""Feast's protocol: requests, responses, and the problems that its faults become."""

from collections.abc import Iterator

import pytest

from shared.features import connection
from shared.features.feast import FeastSource
from shared.features.source import EntitiesRefused, Fetched, QueryRefused
from shared.problems import MAX_BAD_FIELDS, FeaturesInvalid, FeaturesUnavailable
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


@pytest.mark.parametrize("fault", ["is too busy", "is not there", "drops the connection"])
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


def test_a_ping_asks_the_health_route_and_no_features(server: FeastServer) -> None:
    run(source(server.url).ping())
    assert server.requests == []


def test_a_ping_finds_a_server_that_is_down(server: FeastServer) -> None:
    server.fault = "is not there"
    with pytest.raises(FeaturesUnavailable):
        run(source(server.url).ping())


def test_without_a_health_route_a_ping_repeats_a_query_that_was_answered(server: FeastServer) -> None:
    server.has_health_route = False
    feast = source(server.url)
    run(feast.fetch([7, "p1"], ["x"]))
    run(feast.ping())
    assert server.requests[1] == {"entities": {"entity_id": [7]}, "full_feature_names": False, "features": ["x"]}
    server.fault = "fails"
    with pytest.raises(FeaturesUnavailable):
        run(feast.ping())


def test_a_path_in_the_url_has_its_health_route_beside_it(server: FeastServer) -> None:
    server.fault = "is not there"
    with pytest.raises(FeaturesUnavailable):
        run(source(f"{server.url}/gateway/get-online-features").ping())
    assert server.paths == ["/gateway/health"] * 2


def test_an_id_and_its_text_are_the_same_entity(server: FeastServer) -> None:
    assert fetch(server, 7, "7").rows == {7: {"x": 1, "sex": None}, "7": {"x": 1, "sex": None}}


@pytest.mark.parametrize("entity", ["ü/ ?", "..", "%2e", "a'b", "\0", "😀", 10**300])
def test_an_id_may_have_any_characters(server: FeastServer, entity: str | int) -> None:
    server.rows = {entity: {"x": 3, "sex": "f"}}
    assert fetch(server, entity).rows == {entity: {"x": 3, "sex": "f"}}


NUMBERED = {i: {"x": i / 10} for i in range(1, 301)}


@pytest.fixture
def numbered() -> Iterator[FeastServer]:
    """A server whose ids are whole numbers."""
    with feast_server(NUMBERED, int) as running:
        yield running


@pytest.mark.parametrize("bad", [["p1"], ["p1", "", 2**63], ["1.5", *range(1, 200), "two"]], ids=len)
def test_exactly_the_ids_that_the_server_refuses_are_named(numbered: FeastServer, bad: list[str | int]) -> None:
    entities = [*bad, 201, 999]
    with pytest.raises(EntitiesRefused) as caught:
        run(source(numbered.url).fetch(entities, ["x"]))
    assert list(caught.value.entities) == [each for each in bad if each not in NUMBERED]


def test_an_id_that_is_alone_is_the_caller_s_mistake_when_an_earlier_one_is_answered_again(
    numbered: FeastServer,
) -> None:
    feast = source(numbered.url)
    run(feast.fetch([1], ["x"]))
    with pytest.raises(EntitiesRefused) as caught:
        run(feast.fetch(["p1"], ["x"]))
    assert caught.value.entities == ["p1"]
    assert [request["entities"]["entity_id"] for request in numbered.requests] == [[1], ["p1"], [1], ["p1"]]


def test_an_id_that_is_alone_is_nobody_s_mistake_when_nothing_was_answered_before(numbered: FeastServer) -> None:
    with pytest.raises(QueryRefused):
        run(source(numbered.url).fetch(["p1"], ["x"]))


def test_a_server_that_fails_at_everything_is_no_caller_s_mistake(numbered: FeastServer) -> None:
    feast = source(numbered.url)
    run(feast.fetch([1], ["x"]))
    numbered.fault = "fails"
    with pytest.raises(QueryRefused, match="500"):
        run(feast.fetch(list(range(1, 300)), ["x"]))
    assert len(numbered.requests) == 3  # the batch and the control: no search


def test_a_server_that_fails_once_is_asked_again(numbered: FeastServer) -> None:
    feast = source(numbered.url)
    run(feast.fetch([1, 2], ["x"]))
    numbered.fault, numbered.faults_left = "fails", 1
    assert run(feast.fetch([3], ["x"])).rows == {3: {"x": 0.3}}
    numbered.faults_left = 1
    assert run(feast.fetch([4, 5], ["x"])).rows == {4: {"x": 0.4}, 5: {"x": 0.5}}


def test_a_server_that_is_down_after_it_refused_is_unavailable(numbered: FeastServer) -> None:
    feast = source(numbered.url)
    run(feast.fetch([1], ["x"]))
    numbered.faults = ["fails", "is not there", "is not there"]
    with pytest.raises(FeaturesUnavailable):
        run(feast.fetch([1, 2], ["x"]))


def test_the_search_ends_after_as_many_ids_as_a_response_lists(numbered: FeastServer) -> None:
    with pytest.raises(EntitiesRefused) as caught:
        run(source(numbered.url).fetch([*range(1, 9), *(f"p{i}" for i in range(1_000))], ["x"]))
    assert len(caught.value.entities) == MAX_BAD_FIELDS


def test_a_slow_search_names_the_ids_that_it_found(numbered: FeastServer) -> None:
    feast = source(numbered.url)
    run(feast.fetch([1], ["x"]))
    numbered.delay = 0.15
    with pytest.raises(EntitiesRefused) as caught:
        run(feast.fetch(["p1", *range(1, 15), "p2"], ["x"]))  # alone after 6 calls and 16; 9 calls are in time
    assert caught.value.entities == ["p1"]


@pytest.mark.parametrize("entity", ["p1", "", "1.0", "007", "+1", " 1", "1_0", "١", "-0", 2**63, str(2**63), "-"])
def test_with_a_type_other_ids_are_refused_without_a_request(numbered: FeastServer, entity: str | int) -> None:
    with pytest.raises(EntitiesRefused) as caught:
        source(f"{numbered.url}?type=int64").batches([1, entity, "2"])
    assert caught.value.entities == [entity]
    assert numbered.requests == []


def test_with_a_type_ids_are_sent_as_numbers(numbered: FeastServer) -> None:
    feast = source(f"{numbered.url}?type=int64")
    entities = [1, "2", -(2**63), str(2**63 - 1)]
    assert feast.batches(entities) == [entities]
    assert run(feast.fetch(entities, ["x"])).rows == {1: {"x": 0.1}, "2": {"x": 0.2}}
    assert numbered.requests[0]["entities"] == {"entity_id": [1, 2, -(2**63), 2**63 - 1]}


def test_a_response_over_the_size_limit_is_refused(server: FeastServer) -> None:
    connected = connection.Connection("", 2.0)
    with pytest.raises(FeaturesInvalid) as caught:
        connected.request("GET", f"{server.url}/long", accept=(404,), max_bytes=20)
    assert caught.value.reason == "the feature store's response has more than 20 bytes"


def test_credentials_in_the_url_do_not_reach_telemetry() -> None:
    assert source("http://me:secret@feast.example:6566/x?view=v").target == "feast.example:6566"
