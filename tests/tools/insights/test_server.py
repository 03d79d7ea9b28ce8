import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.telemetry_samples import NOON, envelope, invocation, several, stored
from tools.insights.queries import alerts, queries
from tools.insights.server import HEADERS, Application
from tools.insights.store import Store
from tools.insights.track import MAX_BYTES

HERE = "http://localhost:7072"
HOUR = {"since": NOON.isoformat(), "until": (NOON + timedelta(hours=1)).isoformat()}


def call(
    store: Store, method: str, path: str, base_url: str = HERE, max_bytes: int = MAX_BYTES, **request: Any
) -> httpx.Response:
    """Return the application's response."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=Application(store, max_bytes))
        async with httpx.AsyncClient(transport=transport, base_url=base_url) as client:
            return await client.request(method, path, **request)

    return asyncio.run(send())


def post(
    store: Store, path: str = "/v2.1/track", headers: Mapping[str, str] | None = None, **options: Any
) -> httpx.Response:
    items = json.dumps([envelope(invocation())])
    headers = headers or {"Content-Type": "application/json"}
    return call(store, "POST", path, content=items, headers=headers, **options)


@pytest.mark.parametrize("path", ["/v2/track", "/v2.1/track"])
def test_telemetry_is_accepted_at_the_paths_of_exporters(path: str) -> None:
    store = stored()
    response = post(store, path)
    assert (response.status_code, response.json()) == (200, {"itemsReceived": 1, "itemsAccepted": 1, "errors": []})
    assert store.count() == 1


def test_a_query_returns_its_columns_and_rows() -> None:
    response = call(stored(*several(3)), "GET", "/api/questions/users", params=HOUR)
    assert response.json() == {"columns": [["user", "text"]], "rows": [["abi"]], "cut": False}


def test_times_have_a_zone() -> None:
    response = call(stored(invocation()), "GET", "/api/questions/slowest", params=HOUR)
    assert response.json()["rows"][0][0] == "2026-03-14T12:00:00Z"


def test_a_query_applies_the_reader_s_choices() -> None:
    store = stored(*several(2, user="abi"), *several(1, "predict_class", user="ben"))
    response = call(store, "GET", "/api/questions/slowest", params={**HOUR, "function": "predict_class"})
    assert [row[2] for row in response.json()["rows"]] == ["ben"]


def test_all_queries_are_listed_with_their_parameters() -> None:
    listed = call(stored(), "GET", "/api/questions").json()
    assert [query["name"] for query in listed] == [query.name for query in queries()]
    assert {query["name"]: query["parameters"] for query in listed}["prediction-latency"] == ["function", "grain"]


def test_alerts_have_their_state() -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    store = stored(*several(40, at=now, every=0.1, status=500, outcome="internal"))
    states = call(store, "GET", "/api/alerts").json()
    assert [state["name"] for state in states] == [alert.name for alert in alerts()]
    assert {state["name"]: state["state"] for state in states}["model-failures"] == "firing"


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/api/questions/nothing", HOUR, 404),
        ("/api/nothing", {}, 404),
        ("/nothing", {}, 404),
        ("/../server.py", {}, 404),
        ("/api/questions/users", {}, 400),
        ("/api/questions/users", {**HOUR, "since": "yesterday"}, 400),
    ],
)
def test_an_unknown_path_or_an_incomplete_request_is_refused(path: str, params: Mapping[str, str], status: int) -> None:
    response = call(stored(), "GET", path, params=params)
    assert (response.status_code, list(response.json())) == (status, ["error"])


def test_other_methods_are_refused() -> None:
    assert call(stored(), "DELETE", "/").status_code == 405
    assert call(stored(), "POST", "/api/alerts").status_code == 405


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "192.168.0.7"])
def test_a_foreign_name_for_this_machine_is_refused(host: str) -> None:
    assert call(stored(), "GET", "/api/alerts", base_url=f"http://{host}:7072").status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example", "file://"])
def test_another_site_s_page_may_neither_read_nor_write(origin: str) -> None:
    store = stored()
    assert call(store, "GET", "/api/alerts", headers={"Origin": origin}).status_code == 403
    assert post(store, headers={"Origin": origin, "Content-Type": "application/json"}).status_code == 403
    assert store.count() == 0


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_media_types_that_a_foreign_form_can_send_are_refused(media_type: str) -> None:
    assert post(stored(), headers={"Content-Type": media_type}).status_code == 415


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_s_names_are_allowed(host: str) -> None:
    assert call(stored(), "GET", "/", base_url=f"http://{host}:7072").status_code == 200


def test_a_body_that_is_too_large_is_refused() -> None:
    assert post(stored(), max_bytes=100).status_code == 413


@pytest.mark.parametrize("path", ["/", "/page.js", "/page.css", "/icon.svg", "/api/alerts", "/nothing"])
def test_every_response_restricts_the_page(path: str) -> None:
    response = call(stored(), "GET", path)
    assert {name: response.headers[name] for name in HEADERS} == HEADERS
    assert "'unsafe" not in response.headers["content-security-policy"]
