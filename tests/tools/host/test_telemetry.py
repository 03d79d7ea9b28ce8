"""The host's spans continue the caller's trace, and its `requests` items are those of Azure's host."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.ingestion import Ingestion, Item
from tests.telemetry.test_envelopes import documented, shape
from tests.tools.host.process import NO_PREFIX, Host, Start

APP = """
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route("status/{code:int}")
async def status(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    text = f"{context.trace_context.Traceparent} {context.invocation_id}"
    return func.HttpResponse(text, status_code=int(req.route_params["code"]))

@app.route("fails")
async def fails(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("on purpose")
"""
TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
CALLER = f"00-{TRACE}-{SPAN}-01"
PATHS = ("/status/200?secret=x", "/status/404", "/status/503", "/fails", "/nowhere")


@pytest.fixture(scope="module")
def ingestion() -> Iterator[Ingestion]:
    server = Ingestion()
    yield server
    server.end()


@pytest.fixture(scope="module")
def responses() -> dict[str, httpx.Response]:
    """The host's responses, by path."""
    return {}


@pytest.fixture(scope="module")
def items(
    start_for_all: Start,
    ingestion: Ingestion,
    responses: dict[str, httpx.Response],
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, Item]:
    """The items of some requests, by path; the first request has a caller's trace."""
    environment = telemetry_to(ingestion, tmp_path_factory.mktemp("spool"))
    host = start_for_all(APP, files={"host.json": NO_PREFIX}, **environment).ready()
    responses |= {path: httpx.get(host.url + path, headers={"traceparent": CALLER}) for path in PATHS[:1]}
    responses |= {path: httpx.get(host.url + path) for path in PATHS[1:]}
    assert host.end() == 0
    return {item["data"]["baseData"]["properties"]["HttpPath"]: item for item in ingestion.items}


def telemetry_to(ingestion: Ingestion, folder: Path) -> dict[str, str]:
    """Return settings that send telemetry to `ingestion`, with the spool in `folder`."""
    return {"APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string, "TMPDIR": str(folder)}


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_callers_trace_is_continued_with_a_new_span(zoo: Host, flags: str) -> None:
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-{flags}", "tracestate": "vendor=1"}
    body = httpx.get(f"{zoo.url}/request", headers=headers).json()
    version, trace, span, new_flags = body["traceparent"].split("-")
    assert (version, trace, new_flags) == ("00", TRACE, flags)
    assert re.fullmatch("[0-9a-f]{16}", span)
    assert span != SPAN
    assert body["tracestate"] == "vendor=1"


def test_a_later_version_of_trace_context_is_continued(zoo: Host) -> None:
    headers = {"traceparent": f"cc-{TRACE}-{SPAN}-01-and-more"}
    assert httpx.get(f"{zoo.url}/request", headers=headers).json()["traceparent"].split("-")[1] == TRACE


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "garbage",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01",
    ],
)
def test_an_invalid_traceparent_starts_a_new_trace(zoo: Host, traceparent: str) -> None:
    headers = {"traceparent": traceparent, "tracestate": "vendor=1"}
    body = httpx.get(f"{zoo.url}/request", headers=headers).json()
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", body["traceparent"])
    assert TRACE not in body["traceparent"]
    assert body["tracestate"] == ""


def test_a_request_without_traceparent_starts_a_trace_of_its_own(zoo: Host) -> None:
    traces = {zoo.get("/request").json()["traceparent"].split("-")[1] for _ in range(3)}
    assert len(traces) == 3


def test_an_item_has_the_span_that_the_function_received(
    items: Mapping[str, Item], responses: Mapping[str, httpx.Response]
) -> None:
    traceparent, invocation_id = responses[PATHS[0]].text.split()
    item = items["/status/200"]
    request = item["data"]["baseData"]
    assert request["id"] == traceparent.split("-")[2]
    assert item["tags"]["ai.operation.id"] == TRACE
    assert item["tags"]["ai.operation.parentId"] == SPAN
    assert (request["name"], request["responseCode"], request["success"]) == ("status", "200", True)
    assert request["properties"]["InvocationId"] == invocation_id


def test_an_item_has_the_url_without_its_query(items: Mapping[str, Item]) -> None:
    assert items["/status/200"]["data"]["baseData"]["url"].endswith("/status/200")


def test_success_means_that_the_function_returned_whatever_its_status(items: Mapping[str, Item]) -> None:
    requests = [items[path]["data"]["baseData"] for path in ("/status/404", "/status/503", "/fails")]
    assert [(request["responseCode"], request["success"]) for request in requests] == [
        ("404", True),
        ("503", True),
        ("500", False),
    ]


def test_without_a_caller_s_trace_an_item_has_no_parent(items: Mapping[str, Item]) -> None:
    assert "ai.operation.parentId" not in items["/status/404"]["tags"]


def test_a_request_without_a_function_sends_no_item(items: Mapping[str, Item]) -> None:
    assert "/nowhere" not in items


def test_the_sample_in_the_docs_has_the_form_of_an_item(items: Mapping[str, Item]) -> None:
    sample = documented("request")
    sample["tags"]["ai.operation.parentId"] = ""  # this one has a caller
    assert shape(items["/status/200"]) == shape({"ver": 1, **sample})


def test_an_app_with_a_package_shared_of_its_own_is_served_and_sends_no_items(
    start: Start, ingestion: Ingestion, tmp_path: Path
) -> None:
    files = {"host.json": NO_PREFIX, "shared/__init__.py": ""}
    host = start(f"import shared\n{APP}", files=files, **telemetry_to(ingestion, tmp_path)).ready()
    before = len(ingestion.items)
    assert host.get("/status/200").status_code == 200
    assert host.end() == 0
    assert len(ingestion.items) == before
