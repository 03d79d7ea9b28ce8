import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.telemetry_samples import NOON, envelope, invocation, several, stored
from tools.insights.questions import alerts, questions
from tools.insights.server import HEADERS, Application
from tools.insights.store import Store

HERE = "http://localhost:7072"
HOUR = {"since": NOON.isoformat(), "until": (NOON + timedelta(hours=1)).isoformat()}


def called(store: Store, method: str, path: str, base_url: str = HERE, **request: Any) -> httpx.Response:
    """What the application answers."""

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app=Application(store))
        async with httpx.AsyncClient(transport=transport, base_url=base_url) as client:
            return await client.request(method, path, **request)

    return asyncio.run(call())


def sent(store: Store, path: str = "/v2.1/track", headers: Mapping[str, str] | None = None) -> httpx.Response:
    items = json.dumps([envelope(invocation())])
    return called(store, "POST", path, content=items, headers=headers or {"Content-Type": "application/json"})


@pytest.mark.parametrize("path", ["/v2/track", "/v2.1/track"])
def test_telemetry_is_taken_where_exporters_send_it(path: str) -> None:
    store = stored()
    answer = sent(store, path)
    assert (answer.status_code, answer.json()) == (200, {"itemsReceived": 1, "itemsAccepted": 1, "errors": []})
    assert store.count() == 1


def test_a_question_is_answered_with_its_columns_and_rows() -> None:
    answer = called(stored(*several(3)), "GET", "/api/questions/users", params=HOUR)
    assert answer.json() == {"columns": [["user", "text"]], "rows": [["abi"]], "cut": False}


def test_times_have_their_zone() -> None:
    answer = called(stored(invocation()), "GET", "/api/questions/slowest", params=HOUR)
    assert answer.json()["rows"][0][0] == "2026-03-14T12:00:00Z"


def test_a_question_takes_the_reader_s_choices() -> None:
    store = stored(*several(2, user="abi"), *several(1, "predict_class", user="ben"))
    answer = called(store, "GET", "/api/questions/slowest", params={**HOUR, "function": "predict_class"})
    assert [row[2] for row in answer.json()["rows"]] == ["ben"]


def test_all_questions_are_listed_with_their_parameters() -> None:
    listed = called(stored(), "GET", "/api/questions").json()
    assert [each["name"] for each in listed] == [each.name for each in questions()]
    assert {each["name"]: each["parameters"] for each in listed}["prediction-latency"] == ["function", "grain"]


def test_alerts_are_told_with_their_state() -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    told = called(stored(*several(40, at=now, every=0.1, status=500, outcome="internal")), "GET", "/api/alerts").json()
    assert [each["name"] for each in told] == [each.name for each in alerts()]
    assert {each["name"]: each["state"] for each in told}["model-failures"] == "firing"


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
def test_what_is_not_there_or_not_complete_is_refused(path: str, params: Mapping[str, str], status: int) -> None:
    answer = called(stored(), "GET", path, params=params)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


def test_only_reading_and_tracking_are_allowed() -> None:
    assert called(stored(), "DELETE", "/").status_code == 405
    assert called(stored(), "POST", "/api/alerts").status_code == 405


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "192.168.0.7"])
def test_a_foreign_name_for_this_machine_is_refused(host: str) -> None:
    assert called(stored(), "GET", "/api/alerts", base_url=f"http://{host}:7072").status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example", "file://"])
def test_another_site_s_page_may_neither_read_nor_write(origin: str) -> None:
    store = stored()
    assert called(store, "GET", "/api/alerts", headers={"Origin": origin}).status_code == 403
    assert sent(store, headers={"Origin": origin, "Content-Type": "application/json"}).status_code == 403
    assert store.count() == 0


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_a_foreign_form_could_send_is_not_telemetry(media_type: str) -> None:
    assert sent(stored(), headers={"Content-Type": media_type}).status_code == 415


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_s_names_are_allowed(host: str) -> None:
    assert called(stored(), "GET", "/", base_url=f"http://{host}:7072").status_code == 200


def test_a_body_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.insights.server.MOST_BYTES", 100)
    assert sent(stored()).status_code == 413


@pytest.mark.parametrize("path", ["/", "/page.js", "/page.css", "/icon.svg", "/api/alerts", "/nothing"])
def test_every_answer_forbids_what_the_page_does_not_need(path: str) -> None:
    answer = called(stored(), "GET", path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "'unsafe" not in answer.headers["content-security-policy"]
