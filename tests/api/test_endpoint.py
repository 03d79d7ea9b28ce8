"""The frame: the order of its checks, its headers, and one shape for every error."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest

from shared import endpoint, telemetry
from shared.endpoint import FORM, JSON, Answer, Call, Declaration
from shared.problems import BadField, InvalidGrant, InvalidInstances, InvalidToken, NotFound, Unauthorized, Unavailable

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GOOD = {"authorization": "Bearer good", "content-type": "application/json"}


async def guard(authorization: str | None) -> str:
    if authorization is None:
        raise Unauthorized
    if authorization != "Bearer good":
        raise InvalidToken(reason="bad")
    return "abi"


async def echo(call: Call) -> Answer:
    """Say it again."""
    with telemetry.step("model"):
        return Answer(call.body or b"{}")


def asked(
    handler: Callable[[Call], Awaitable[Answer]] = echo,
    *,
    body: bytes = b"{}",
    headers: dict[str, str] = GOOD,
    url: str = "http://localhost/echo?q=1",
    **declared: Any,
) -> func.HttpResponse:
    """What the runtime would get for one request to an endpoint that is declared so."""
    given = {"guard": guard, "takes": dict, "gives": dict, **declared}
    declaration = Declaration("POST", "echo", name="echo", **given)
    context = SimpleNamespace(
        invocation_id="i", trace_context=SimpleNamespace(trace_parent=f"00-{TRACE}-{'1' * 16}-01")
    )
    request = func.HttpRequest("POST", url, headers=headers, body=body)
    answer: func.HttpResponse = asyncio.run(endpoint._framed(declaration, handler)(request, context))  # type: ignore[arg-type]
    return answer


def problem(answer: func.HttpResponse) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(answer.get_body())
    return members


def raising(error: Exception) -> Callable[[Call], Awaitable[Answer]]:
    async def handler(call: Call) -> Answer:
        raise error

    return handler


def test_a_good_request_gets_the_function_s_answer() -> None:
    answer = asked(body=b'{"a":1}')
    assert (answer.status_code, answer.get_body()) == (200, b'{"a":1}')


def test_every_answer_names_its_operation_and_forbids_sniffing() -> None:
    for answer in (asked(), asked(headers={}), asked(raising(ValueError()))):
        assert answer.headers["x-request-id"] == TRACE
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_content_type_has_a_charset() -> None:
    assert asked().headers["content-type"] == "application/json; charset=utf-8"
    assert asked(headers={}).headers["content-type"] == "application/problem+json; charset=utf-8"


def test_a_success_of_a_bearer_tells_its_steps() -> None:
    steps = [part.partition(";dur=") for part in asked().headers["server-timing"].split(", ")]
    assert [name for name, _, _ in steps] == ["auth", "model"]
    assert all(float(took) >= 0 for _, _, took in steps)


def test_a_refusal_and_an_answer_to_anyone_tell_no_steps() -> None:
    assert "Server-Timing" not in asked(headers={}).headers
    assert "Server-Timing" not in asked(guard=None).headers


def test_the_function_sees_who_calls_and_what_was_sent() -> None:
    seen: list[Call] = []

    async def look(call: Call) -> Answer:
        seen.append(call)
        return Answer(b"{}")

    asked(look, body=b"[]")
    assert (seen[0].user, seen[0].body, seen[0].media_type, seen[0].request_id) == ("abi", b"[]", JSON, TRACE)


def test_a_problem_has_all_members_of_rfc_9457() -> None:
    fields = [BadField("/instances/0/bmi", "must be a number")]
    answer = asked(raising(InvalidInstances("One field is bad", fields=fields)))
    assert answer.status_code == 422
    assert problem(answer) == {
        "type": "/problems/invalid-instances",
        "title": "The instances do not fit the model",
        "status": 422,
        "detail": "One field is bad",
        "instance": "/echo",
        "request_id": TRACE,
        "errors": [{"pointer": "/instances/0/bmi", "detail": "must be a number"}],
    }


def test_an_oauth_problem_is_json_with_rfc_6749_s_members_beside() -> None:
    answer = asked(raising(InvalidGrant()), oauth=True, guard=None)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    members = problem(answer)
    assert (members["error"], members["error_description"]) == ("invalid_grant", "Wrong user name or password")
    assert members["type"] == "/problems/invalid-grant"


def test_a_problem_s_headers_are_sent_and_it_is_never_stored() -> None:
    answer = asked(raising(Unavailable(retry_after=7)))
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["[::1", "a b", "é", "]", ""])
def test_a_host_that_is_none_makes_no_failure_of_an_error(host: str) -> None:
    answer = asked(url=f"http://{host}/echo?q=1", headers={})
    assert (answer.status_code, problem(answer)["instance"]) == (401, "/echo")


def test_an_unexpected_error_is_a_500_that_says_nothing_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    answer = asked(raising(ValueError("/secret/path")))
    assert answer.status_code == 500
    assert problem(answer)["type"] == "/problems/internal"
    assert b"secret" not in answer.get_body()


def test_the_reason_of_a_problem_reaches_no_client() -> None:
    assert b"revoked-at" not in asked(raising(InvalidToken(reason="revoked-at"))).get_body()


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"x" * 11, 413),
        ({}, b"{}", 401),
        ({"authorization": "Bearer bad"}, b"{}", 401),
        ({"authorization": "Bearer good"}, b"{}", 415),
        (GOOD, b"{}", 200),
    ],
)
def test_the_checks_come_in_the_contract_s_order(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], body: bytes, status: int
) -> None:
    monkeypatch.setattr(endpoint, "MOST_BODY_BYTES", 10)
    assert asked(headers=headers, body=body).status_code == status


def test_a_body_of_just_the_limit_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "MOST_BODY_BYTES", 10)
    assert asked(body=b"x" * 10).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"'],
)
def test_json_in_utf_8_is_taken_however_it_is_written(content_type: str) -> None:
    assert asked(headers={**GOOD, "content-type": content_type}).status_code == 200


@pytest.mark.parametrize(
    "more",
    [
        {"content-type": ""},
        {"content-type": "text/plain"},
        {"content-type": FORM},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-encoding": "gzip"},
    ],
    ids=str,
)
def test_another_type_charset_or_a_compressed_body_is_unsupported(more: dict[str, str]) -> None:
    assert asked(headers={**GOOD, **more}).status_code == 415


def test_an_endpoint_that_takes_no_body_looks_at_none() -> None:
    assert asked(body=b"x", takes=None, headers={"authorization": "Bearer good"}).get_body() == b"{}"


def test_the_wide_event_has_user_status_and_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int, str]] = []
    sink = SimpleNamespace(invocation=lambda event: told.append((event.user, event.status, event.outcome)))
    monkeypatch.setattr(telemetry, "_sink", sink)
    asked()
    asked(headers={})
    asked(raising(NotFound()))
    asked(raising(ValueError()))
    assert told == [("abi", 200, "ok"), ("", 401, "unauthorized"), ("abi", 404, "not-found"), ("abi", 500, "internal")]


def test_what_is_declared_is_kept_with_the_function_s_name_and_docstring() -> None:
    app = func.FunctionApp()
    endpoint.endpoint(app, Declaration("POST", "echo", gives=dict))(echo)
    (kept,) = endpoint.declared(app)
    assert (kept.name, kept.doc, kept.path) == ("echo", "Say it again.", "/echo")
    assert endpoint.declared(func.FunctionApp()) == ()


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("predict", "/predict"),
        ("health/live", "/health/live"),
        ("{ignored:maxlength(0)?}", "/"),
        ("assets/{*path}", "/assets/{path}"),
        ("things/{id:int}", "/things/{id}"),
    ],
)
def test_a_route_as_openapi_writes_it(route: str, path: str) -> None:
    assert Declaration("GET", route, gives=str).path == path
