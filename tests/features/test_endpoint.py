"""Another system's own endpoint: a GET for each entity, or a POST for all of them."""

import re
from collections.abc import Iterator

import pytest
import yaml
from openapi_spec_validator import validate

from shared.features import Features
from shared.features.endpoint import MAX_AT_ONCE, MAX_ENTITIES, MAX_ENTITY_BYTES, open_endpoint
from shared.features.source import EntitiesRefused, Entity, Fetched, QueryRefused
from shared.model.manifest import APP
from shared.problems import FeaturesInvalid, FeaturesUnavailable, TooManyInstances
from shared.settings import Settings
from shared.threads import Pool, Threads
from tests.features.endpoint_server import EndpointServer, endpoint_server
from tests.loop import run

ROWS = {"p1": {"x": 0.5, "sex": "f", "other": 1}, "p2": {"x": None}, "7": {"x": 7}}
TEMPLATE = "/patients/{entity_id}?fields={features}"
BATCH = "/batch"


@pytest.fixture
def server() -> Iterator[EndpointServer]:
    with endpoint_server(ROWS) as running:
        yield running


def fetch(
    server: EndpointServer, *entities: Entity, form: str = TEMPLATE, features: tuple[str, ...] = ("x", "sex")
) -> Fetched:
    async def fetched() -> Fetched:
        source = open_endpoint(server.url + form, "Bearer secret", 2.0, Pool("features", 32))
        (batch,) = source.batches(entities)
        return await source.fetch(batch, features)

    return run(fetched())


@pytest.mark.parametrize("form", [TEMPLATE, BATCH])
def test_entities_come_with_the_features_and_null_is_missing(server: EndpointServer, form: str) -> None:
    rows = fetch(server, "p1", "p2", "nobody", 7, "7", form=form).rows
    seven = {"x": 7, "sex": None}
    assert rows == {"p1": {"x": 0.5, "sex": "f"}, "p2": {"x": None, "sex": None}, 7: seven, "7": seven}


def test_a_get_names_entity_and_features(server: EndpointServer) -> None:
    fetch(server, "p1", features=("x", "body mass,&"))
    assert server.paths == ["/patients/p1?fields=x,body%20mass%2C%26"]


def test_a_post_names_all_entities_once(server: EndpointServer) -> None:
    fetch(server, "p1", 7, form=BATCH)
    assert (server.paths, server.requests) == (["/batch"], [{"entity_ids": ["p1", 7], "features": ["x", "sex"]}])


@pytest.mark.parametrize("form", [TEMPLATE, BATCH])
def test_the_authorization_is_sent(server: EndpointServer, form: str) -> None:
    fetch(server, "p1", form=form)
    assert server.headers[0]["Authorization"] == "Bearer secret"


@pytest.mark.parametrize("status", [404, 410])
def test_a_missing_or_deleted_entity_is_unknown(server: EndpointServer, status: int) -> None:
    server.statuses = {"p2": status}
    assert list(fetch(server, "p1", "p2").rows) == ["p1"]


@pytest.mark.parametrize(("form", "path"), [(TEMPLATE, "#/data/a~1b/%C3%BC"), (BATCH, "#/data/a~1b/%C3%BC")])
def test_a_pointer_leads_to_the_object(server: EndpointServer, form: str, path: str) -> None:
    inner = b'{"x":1}' if form == TEMPLATE else b'{"p1":{"x":1}}'
    server.body = b'{"data":{"a/b":{"\xc3\xbc":' + inner + b"}}}"
    assert fetch(server, "p1", form=form + path).rows == {"p1": {"x": 1, "sex": None}}


@pytest.mark.parametrize("entity", ["a/b", "%2e", "a?b#c", "ü ", "a\r\nHost: x", "{features}", "...", "\0", 10**300])
def test_an_id_is_one_segment_of_the_path(server: EndpointServer, entity: Entity) -> None:
    server.rows = {str(entity): {"x": 3}}
    assert fetch(server, entity).rows == {entity: {"x": 3, "sex": None}}
    (path,) = server.paths
    assert path.count("/") == 2


@pytest.mark.parametrize("entity", [".", "..", "../x", "a/..", "a/../b", "a\\..\\b", "./a"])
def test_an_id_that_would_change_the_path_is_refused_without_a_request(server: EndpointServer, entity: str) -> None:
    with pytest.raises(EntitiesRefused) as caught:
        fetch(server, "p1", entity)
    assert (caught.value.entities, server.paths) == ([entity], [])


def test_more_entities_than_gets_are_allowed_are_413_which_names_the_other_form(server: EndpointServer) -> None:
    with pytest.raises(TooManyInstances, match=r"FEATURES_URL without \{entity_id\}"):
        fetch(server, *range(MAX_ENTITIES + 1))
    assert fetch(server, *range(MAX_ENTITIES)).rows.keys() == {7}
    assert fetch(server, *range(MAX_ENTITIES + 1), form=BATCH).rows.keys() == {7}


def test_gets_run_at_the_same_time_within_a_bound(server: EndpointServer) -> None:
    server.delay = 0.02
    fetch(server, *range(3 * MAX_AT_ONCE))
    assert 1 < server.most_running <= MAX_AT_ONCE


@pytest.mark.parametrize("form", [TEMPLATE, BATCH])
@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 429, 503])
def test_a_redirect_or_a_failure_is_unavailable(server: EndpointServer, form: str, status: int) -> None:
    server.status = status
    with pytest.raises(FeaturesUnavailable):
        fetch(server, "p1", form=form)
    assert set(server.paths) == {"/patients/p1?fields=x,sex" if form == TEMPLATE else "/batch"}  # none was followed


@pytest.mark.parametrize("form", [TEMPLATE, BATCH])
@pytest.mark.parametrize("status", [400, 422, 500])
def test_exactly_the_ids_that_the_endpoint_refuses_are_named(server: EndpointServer, form: str, status: int) -> None:
    server.statuses = {"bad": status, "worse": status}
    with pytest.raises(EntitiesRefused) as caught:
        fetch(server, "bad", "p1", "worse", "nobody", form=form)
    assert caught.value.entities == ["bad", "worse"]


@pytest.mark.parametrize("form", [TEMPLATE, BATCH])
def test_an_endpoint_that_fails_at_everything_is_no_caller_s_mistake(server: EndpointServer, form: str) -> None:
    server.status = 500
    with pytest.raises(QueryRefused):
        fetch(server, "p1", "p2", form=form)


@pytest.mark.parametrize("form", [TEMPLATE, BATCH])
@pytest.mark.parametrize("body", [b"<html>", b"[]", b'"x"', b"\xff", b"null", b"[" * 100_000])
def test_a_response_that_is_no_object_is_invalid(server: EndpointServer, form: str, body: bytes) -> None:
    server.body = body
    with pytest.raises(FeaturesInvalid):
        fetch(server, "p1", form=form)


def test_an_entity_of_a_batch_that_is_no_object_is_invalid(server: EndpointServer) -> None:
    server.body = b'{"p1": 1}'
    with pytest.raises(FeaturesInvalid):
        fetch(server, "p1", form=BATCH)


def test_a_response_over_the_size_limit_is_invalid(server: EndpointServer) -> None:
    server.body = b'{"x": "' + b"x" * MAX_ENTITY_BYTES + b'"}'
    with pytest.raises(FeaturesInvalid):
        fetch(server, "p1")


@pytest.mark.parametrize("form", [TEMPLATE, BATCH])
def test_a_ping_is_answered_by_an_endpoint_that_does_not_know_its_entity(server: EndpointServer, form: str) -> None:
    source = open_endpoint(server.url + form, "", 2.0, Pool("features", 4))
    run(source.ping())
    server.status = 500  # an endpoint may refuse an id that is none of its kind
    run(source.ping())
    server.status = 503
    with pytest.raises(FeaturesUnavailable):
        run(source.ping())


@pytest.mark.parametrize("form", [TEMPLATE, BATCH])
def test_a_ping_repeats_what_was_answered(server: EndpointServer, form: str) -> None:
    source = open_endpoint(server.url + form, "", 2.0, Pool("features", 4))
    run(source.fetch(["p1"], ["x"]))
    run(source.ping())
    assert server.paths[0] == server.paths[1]
    server.status = 500
    with pytest.raises(FeaturesUnavailable):
        run(source.ping())


def test_the_settings_open_it(server: EndpointServer, threads: Threads) -> None:
    values = {"FEATURES_SOURCE": "http", "FEATURES_URL": server.url + TEMPLATE, "FEATURES_AUTHORIZATION": "Basic abc"}
    features = Features.from_settings(Settings.read(values), threads)
    assert run(features.pull(["p1"], ["x"])) == {"p1": {"x": 0.5}}
    assert server.headers[0]["Authorization"] == "Basic abc"


def test_connections_are_kept(server: EndpointServer) -> None:
    source = open_endpoint(server.url + TEMPLATE, "", 2.0, Pool("features", 1))
    opened: list[object] = []
    finish = server.finish_request
    server.finish_request = lambda *arguments: (opened.append(arguments), finish(*arguments))[1]  # type: ignore[method-assign]
    for _ in range(5):
        run(source.fetch(["p1", "nobody"], ["x"]))
    assert len(opened) == 1


@pytest.mark.parametrize("form", [TEMPLATE, BATCH])
def test_credentials_in_the_url_do_not_reach_telemetry(form: str) -> None:
    user = "me:secret"
    assert open_endpoint(f"http://{user}@crm.example{form}", "", 1.0, Pool("f", 1)).target == "crm.example"


def test_the_openapi_document_in_the_docs_is_valid() -> None:
    page = (APP / "docs/features.md").read_text(encoding="utf-8")
    (document,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    validate(yaml.safe_load(document))
