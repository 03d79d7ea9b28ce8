"""The host's `requests` items: sent as Azure's host does, joined with the invocation."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.ingestion import Ingestion, Item
from tests.telemetry.test_envelopes import documented, shape
from tests.tools.host.process import NO_PREFIX, Start

APP = """
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route("said/{status:int}")
async def said(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    text = f"{context.trace_context.Traceparent} {context.invocation_id}"
    return func.HttpResponse(text, status_code=int(req.route_params["status"]))

@app.route("fails")
async def fails(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("on purpose")
"""
CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PATHS = ("/said/200?secret=x", "/said/404", "/said/503", "/fails", "/nowhere")


@pytest.fixture(scope="module")
def ingestion() -> Iterator[Ingestion]:
    server = Ingestion()
    yield server
    server.end()


@pytest.fixture(scope="module")
def answers() -> dict[str, httpx.Response]:
    """What the host answered, by path."""
    return {}


@pytest.fixture(scope="module")
def told(
    start_for_all: Start,
    ingestion: Ingestion,
    answers: dict[str, httpx.Response],
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, Item]:
    """The items of some requests, by path; the first has a caller's trace."""
    host = start_for_all(
        APP, files={"host.json": NO_PREFIX}, **where(ingestion, tmp_path_factory.mktemp("kept"))
    ).ready()
    answers |= {path: httpx.get(host.url + path, headers={"traceparent": CALLER}) for path in PATHS[:1]}
    answers |= {path: httpx.get(host.url + path) for path in PATHS[1:]}
    assert host.end() == 0
    return {item["data"]["baseData"]["properties"]["HttpPath"]: item for item in ingestion.items}


def where(ingestion: Ingestion, kept: Path) -> dict[str, str]:
    """Settings that send telemetry to `ingestion`."""
    return {"APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string, "TMPDIR": str(kept)}


def test_a_request_is_told_with_the_span_that_its_function_was_handed(
    told: Mapping[str, Item], answers: Mapping[str, httpx.Response]
) -> None:
    traceparent, invocation_id = answers[PATHS[0]].text.split()
    item = told["/said/200"]
    request = item["data"]["baseData"]
    assert request["id"] == traceparent.split("-")[2]
    assert item["tags"]["ai.operation.id"] == CALLER.split("-")[1]
    assert item["tags"]["ai.operation.parentId"] == "00f067aa0ba902b7"
    assert (request["name"], request["responseCode"], request["success"]) == ("said", "200", True)
    assert request["properties"]["InvocationId"] == invocation_id


def test_a_url_is_told_without_its_query(told: Mapping[str, Item]) -> None:
    assert told["/said/200"]["data"]["baseData"]["url"].endswith("/said/200")


def test_success_says_whether_the_function_returned_and_not_what(told: Mapping[str, Item]) -> None:
    found = [told[path]["data"]["baseData"] for path in ("/said/404", "/said/503", "/fails")]
    assert [(each["responseCode"], each["success"]) for each in found] == [
        ("404", True),
        ("503", True),
        ("500", False),
    ]


def test_without_a_caller_s_trace_a_request_has_no_parent(told: Mapping[str, Item]) -> None:
    assert "ai.operation.parentId" not in told["/said/404"]["tags"]


def test_what_no_function_answered_is_not_told(told: Mapping[str, Item]) -> None:
    assert "/nowhere" not in told


def test_the_sample_in_the_document_is_what_is_sent(told: Mapping[str, Item]) -> None:
    sample = documented("request")
    sample["tags"]["ai.operation.parentId"] = ""  # this one has a caller
    assert shape(told["/said/200"]) == shape({"ver": 1, **sample})


def test_an_app_with_a_package_shared_of_its_own_is_served_without(
    start: Start, ingestion: Ingestion, tmp_path: Path
) -> None:
    files = {"host.json": NO_PREFIX, "shared/__init__.py": ""}
    host = start(f"import shared\n{APP}", files=files, **where(ingestion, tmp_path)).ready()
    before = len(ingestion.items)
    assert host.get("/said/200").status_code == 200
    assert host.end() == 0
    assert len(ingestion.items) == before
