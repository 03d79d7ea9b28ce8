"""Two services, one with a challenger and one without: the same responses, whatever the challenger does."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from shared.model.manifest import Category, Number
from tests.app import App, load_app
from tests.ingestion import Ingestion
from tests.loop import run
from tests.models import BANDS, Doubling, Failing, SlowToPredict, TenMore, dump
from tests.recording import context

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # the library's
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
FEATURES = [Number(name="x", range=(-1.0, 1.0)), Category(name="c", values=("a", "b"), optional=True)]
BODIES = [
    b'{"instances":[{"x":0.25}]}',
    b'{"instances":[{"x":0.25,"c":"a"},{"x":-3,"c":null}]}',
    b'{"instances":[{"x":1e300}]}',
    b'{"instances":[{"x":1e308}]}',
    json.dumps({"instances": [{"x": i / 1000} for i in range(3_000)]}).encode(),
    b'{"instances":[]}',
    b'{"instances":[{"x":"1"},{"c":"z","y":1}]}',
    b'{"instances":[{"x":NaN}]}',
    b"",
    json.dumps({"instances": [{"x": 1}] * 10_001}).encode(),
]
POSTS = [(name, body) for name in ("predict", "predict_class") for body in BODIES]
GETS = ["model", "openapi_json", "health_live", "health_ready", "home", "docs"]
TIMES = {"server-timing"}


def send(app: App, name: str, body: bytes = b"", **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    """Send a request in the same trace each time, so that its id is the same too."""
    route = next(route for route in app.routes if route.name == name)
    given = {"content-type": "application/json", **headers}
    request = func.HttpRequest(route.method, f"http://localhost{route.path}", headers=given, body=body)
    response = run(app.routes.wrap(route, app.handlers[name])(request, context(TRACE)))
    kept = {name: value for name, value in response.headers.items() if name not in TIMES}
    return response.status_code, kept, response.get_body()


def bearer(app: App) -> str:
    return f"Bearer {app.service.auth.tokens.issue('abi')}"


@pytest.fixture
def champion(environ: Mapping[str, str], tmp_path: Path) -> Mapping[str, str]:
    (tmp_path / "champion").mkdir()
    path = dump(Doubling(), tmp_path / "champion", features=FEATURES, output=BANDS, version="old")
    return {**environ, "MODEL_MANIFEST": str(path)}


CHALLENGERS: dict[str, Any] = {
    "ten more": TenMore(),
    "failing": Failing(),
    "slow": SlowToPredict(),
    "missing": None,
    "corrupt": b"not a model",
    "a wrong share": TenMore(),
}


@pytest.fixture(params=CHALLENGERS)
def challenged(request: pytest.FixtureRequest, champion: Mapping[str, str], tmp_path: Path) -> Mapping[str, str]:
    folder = tmp_path / "challenger"
    folder.mkdir()
    made = CHALLENGERS[request.param]
    if made is not None:
        dump(TenMore() if isinstance(made, bytes) else made, folder, features=FEATURES, output=BANDS, version="new")
    if isinstance(made, bytes):
        (folder / "m.joblib").write_bytes(made)
    share = "often" if request.param == "a wrong share" else "1"
    return {**champion, "CHALLENGER_MANIFEST": str(folder / "m.json"), "CHALLENGER_SHARE": share}


@pytest.fixture
def apps(champion: Mapping[str, str], challenged: Mapping[str, str]) -> Iterator[tuple[App, App]]:
    with ExitStack() as stack:
        yield stack.enter_context(load_app(champion)), stack.enter_context(load_app(challenged))


def test_responses_are_the_same_byte_for_byte(apps: tuple[App, App]) -> None:
    alone, beside = apps
    for name, body in POSTS:
        expected = send(alone, name, body, authorization=bearer(alone))
        assert send(beside, name, body, authorization=bearer(beside)) == expected
        assert send(beside, name, body) == send(alone, name, body)
        assert send(beside, name, body, authorization="Bearer x") == send(alone, name, body, authorization="Bearer x")
    for name in GETS:
        assert send(beside, name) == send(alone, name)


def test_the_service_is_ready_whatever_the_challenger_is(apps: tuple[App, App]) -> None:
    for app in apps:
        send(app, "predict", BODIES[0], authorization=bearer(app))
        status, _, body = send(app, "health_ready")
        assert (status, json.loads(body)) == (200, {"status": "ready", "build": "local", "model_version": "old"})


@pytest.fixture
def ingestion() -> Iterator[Ingestion]:
    server = Ingestion()
    yield server
    server.end()


def scored(app: App) -> None:
    """Wait until the challenger has scored all requests before."""
    done = threading.Event()
    assert app.service.threads.challenger.offer(done.set)
    assert done.wait(30)


@pytest.mark.parametrize("challenged", ["ten more"], indirect=True)
def test_the_items_in_application_insights(challenged: Mapping[str, str], ingestion: Ingestion) -> None:
    with load_app({**challenged, "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string}) as app:
        for name in ("predict", "predict_class"):
            send(app, name, BODIES[1], authorization=bearer(app))
        send(app, "predict", BODIES[6], authorization=bearer(app))
        scored(app)
    dependencies = ingestion.of_type("RemoteDependencyData")
    invocations = {item["data"]["baseData"]["id"]: item for item in dependencies if of_type(item, "invocation")}
    items = [item for item in dependencies if of_type(item, "challenger")]
    assert [item["data"]["baseData"]["name"] for item in items] == ["predict", "predict_class"]
    for item in items:
        data, tags = item["data"]["baseData"], item["tags"]
        parent = invocations[tags["ai.operation.parentId"]]
        assert parent["data"]["baseData"]["name"] == data["name"] == tags["ai.operation.name"]
        assert (tags["ai.operation.id"], tags["ai.user.authUserId"]) == (TRACE[3:35], "abi")
        assert (data["success"], data["target"]) == (True, "test-model")
        properties = data["properties"]
        assert {name: properties[name] for name in ("champion_version", "challenger_version")} == {
            "champion_version": "old",
            "challenger_version": "new",
        }
        assert (properties["instances"], properties["compared"], properties["difference_mean"]) == ("2", "2", "10.0")
    (started,) = [item for item in ingestion.of_type("EventData") if item["data"]["baseData"]["name"] == "started"]
    facts = started["data"]["baseData"]["properties"]
    assert (facts["challenger_version"], facts["challenger_share"]) == ("new", "1.0")


def of_type(item: Any, type: str) -> bool:
    return bool(item["data"]["baseData"]["type"] == type)


def test_a_service_that_ends_while_the_challenger_hangs_keeps_its_own_telemetry(
    champion: Mapping[str, str], tmp_path: Path, ingestion: Ingestion
) -> None:
    dump(TenMore(), tmp_path, features=FEATURES, output=BANDS)
    settings = {
        "CHALLENGER_MANIFEST": str(tmp_path / "m.json"),
        "CHALLENGER_SHARE": "1",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string,
    }
    opened = threading.Event()
    with load_app({**champion, **settings}) as app:
        app.service.threads.challenger.offer(lambda: opened.wait(30))
        for _ in range(5):
            send(app, "predict", BODIES[0], authorization=bearer(app))
    dependencies = ingestion.of_type("RemoteDependencyData")
    assert len([item for item in dependencies if of_type(item, "invocation")]) == 5
    assert not [item for item in dependencies if of_type(item, "challenger")]
    opened.set()
