"""The frame of a route: the order of its checks, its headers, and one shape for every error."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import azure.functions as func
import pytest

from shared import telemetry
from shared.api.endpoint import EXPOSED, MAX_BODY_BYTES, Routes
from shared.api.routes import FORM, JSON, Request, Response, Route
from shared.problems import (
    BadField,
    InsufficientScope,
    InvalidGrant,
    InvalidInstances,
    InvalidToken,
    NotFound,
    Reason,
    TooManyLogins,
    Unauthorized,
    Unavailable,
)
from tests.loop import run
from tests.recording import Recorder, context, recording

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GOOD = {"authorization": "Bearer good", "content-type": "application/json"}


async def authorize(authorization: str | None) -> str:
    if authorization is None:
        raise Unauthorized
    if authorization != "Bearer good":
        raise InvalidToken(reason="bad")
    return "abi"


async def echo(request: Request) -> Response:
    """Return the body."""
    with telemetry.step("model"):
        return Response(request.body or b"{}")


def call(
    handler: Callable[[Request], Awaitable[Response]] = echo,
    *,
    body: bytes = b"{}",
    headers: dict[str, str] = GOOD,
    url: str = "http://localhost/echo?q=1",
    max_body_bytes: int = MAX_BODY_BYTES,
    recorder: Recorder | None = None,
    **declared: Any,
) -> func.HttpResponse:
    """Return the response to one request, for a route with these members."""
    members = {"authorize": authorize, "request_model": dict, "response_model": dict, **declared}
    route = Route("POST", "echo", name="echo", **members)
    request = func.HttpRequest("POST", url, headers=headers, body=body)
    with recording() as (service, recorded):
        wrapped = Routes(func.FunctionApp(), service, max_body_bytes).wrap(route, handler)
        response: func.HttpResponse = run(wrapped(request, context(f"00-{TRACE}-{'1' * 16}-01")))
    if recorder:
        recorder.invocations += recorded.invocations
    return response


def problem(response: func.HttpResponse) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(response.get_body())
    return members


def raising(error: Exception) -> Callable[[Request], Awaitable[Response]]:
    async def handler(request: Request) -> Response:
        raise error

    return handler


def test_a_good_request_gets_the_handler_s_response() -> None:
    response = call(body=b'{"a":1}')
    assert (response.status_code, response.get_body()) == (200, b'{"a":1}')


def test_every_response_has_its_operation_id_and_forbids_sniffing() -> None:
    for response in (call(), call(headers={}), call(raising(ValueError()))):
        assert response.headers["x-request-id"] == TRACE
        assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("forwarded", "expected"), [("https", "max-age=31536000"), ("HTTPS, http", "max-age=31536000"), ("http", None)]
)
def test_by_https_browsers_are_told_to_stay_with_it(forwarded: str, expected: str | None) -> None:
    for response in (
        call(headers={**GOOD, "x-forwarded-proto": forwarded}),
        call(headers={"x-forwarded-proto": forwarded}),
    ):
        assert response.headers.get("strict-transport-security") == expected


def test_a_page_of_an_allowed_origin_may_read_the_headers_of_every_response() -> None:
    origin = {"origin": "https://app.example"}
    exposed = "X-Request-Id, Server-Timing, Retry-After, WWW-Authenticate"
    refused = raising(TooManyLogins(5))
    responses = (
        call(headers={**GOOD, **origin}),
        call(headers=origin),
        call(refused, headers={**GOOD, **origin}),
        call(raising(ValueError()), headers={**GOOD, **origin}),
    )
    assert [response.status_code for response in responses] == [200, 401, 429, 500]
    assert {response.headers["access-control-expose-headers"] for response in responses} == {exposed}
    assert "access-control-expose-headers" not in call().headers


def test_every_header_of_a_problem_is_one_that_such_a_page_may_read() -> None:
    problems = (
        Unauthorized(),
        InvalidToken(),
        InsufficientScope("predict"),
        InvalidGrant(),
        TooManyLogins(5),
        Unavailable(),
    )
    sent = {name for problem in problems for name in problem.headers}
    assert sent == {"WWW-Authenticate", "Retry-After"}
    assert sent <= set(EXPOSED.split(", "))


def test_caches_keep_the_responses_to_different_origins_apart() -> None:
    async def compressed(request: Request) -> Response:
        return Response(b"", headers={"Vary": "Accept-Encoding"})

    assert call().headers["vary"] == "Origin"
    assert call(headers={}).headers["vary"] == "Origin"
    assert call(compressed).headers["vary"] == "Accept-Encoding, Origin"


def test_the_content_type_has_a_charset() -> None:
    assert call().headers["content-type"] == "application/json; charset=utf-8"
    assert call(headers={}).headers["content-type"] == "application/problem+json; charset=utf-8"


def test_a_success_of_a_bearer_has_its_steps() -> None:
    steps = [part.partition(";dur=") for part in call().headers["server-timing"].split(", ")]
    assert [name for name, _, _ in steps] == ["auth", "model"]
    assert all(float(took) >= 0 for _, _, took in steps)


def test_a_refusal_and_a_public_route_have_no_steps() -> None:
    assert "server-timing" not in call(headers={}).headers
    assert "server-timing" not in call(authorize=None).headers


def test_the_handler_receives_caller_body_and_id() -> None:
    received: list[Request] = []

    async def receive(request: Request) -> Response:
        received.append(request)
        return Response(b"{}")

    call(receive, body=b"[]")
    assert (received[0].user, received[0].body, received[0].media_type, received[0].id) == ("abi", b"[]", JSON, TRACE)


def test_a_problem_has_all_members_of_rfc_9457() -> None:
    bad_fields = [BadField("/instances/0/bmi", "must be a number", Reason.NOT_A_NUMBER, "bmi")]
    response = call(raising(InvalidInstances("One field is bad", bad_fields=bad_fields)))
    assert response.status_code == 422
    assert problem(response) == {
        "type": "/problems/invalid-instances",
        "title": "The instances do not fit the model",
        "status": 422,
        "detail": "One field is bad",
        "instance": "/echo",
        "request_id": TRACE,
        "errors": [{"pointer": "/instances/0/bmi", "detail": "must be a number"}],
    }


def test_an_oauth_problem_is_json_with_rfc_6749_s_members_beside() -> None:
    response = call(raising(InvalidGrant()), oauth=True, authorize=None)
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    members = problem(response)
    assert (members["error"], members["error_description"]) == ("invalid_grant", "Wrong user name or password")
    assert members["type"] == "/problems/invalid-grant"


def test_a_problem_s_headers_are_sent_and_no_cache_stores_it() -> None:
    response = call(raising(Unavailable(retry_after=7)))
    assert response.headers["retry-after"] == "7"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["[::1", "a b", "é", "]", ""])
def test_an_invalid_host_does_not_break_an_error_response(host: str) -> None:
    response = call(url=f"http://{host}/echo?q=1", headers={})
    assert (response.status_code, problem(response)["instance"]) == (401, "/echo")


def test_an_unexpected_error_is_a_500_that_reveals_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    response = call(raising(ValueError("/secret/path")))
    assert response.status_code == 500
    assert problem(response)["type"] == "/problems/internal"
    assert b"secret" not in response.get_body()


def test_the_reason_of_a_problem_reaches_no_client() -> None:
    assert b"revoked-at" not in call(raising(InvalidToken(reason="revoked-at"))).get_body()


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
def test_the_checks_come_in_the_contract_s_order(headers: dict[str, str], body: bytes, status: int) -> None:
    assert call(headers=headers, body=body, max_body_bytes=10).status_code == status


def test_a_body_of_exactly_the_limit_is_accepted() -> None:
    assert call(body=b"x" * 10, max_body_bytes=10).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"'],
)
def test_json_in_utf_8_is_accepted_in_any_spelling(content_type: str) -> None:
    assert call(headers={**GOOD, "content-type": content_type}).status_code == 200


@pytest.mark.parametrize(
    "changes",
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
def test_another_type_charset_or_a_compressed_body_is_unsupported(changes: dict[str, str]) -> None:
    assert call(headers={**GOOD, **changes}).status_code == 415


def test_a_route_without_a_body_reads_none() -> None:
    assert call(body=b"x", request_model=None, headers={"authorization": "Bearer good"}).get_body() == b"{}"


def test_the_wide_event_has_user_status_and_outcome() -> None:
    recorder = Recorder()
    call(recorder=recorder)
    call(headers={}, recorder=recorder)
    call(raising(NotFound()), recorder=recorder)
    call(raising(ValueError()), recorder=recorder)
    assert [(event.user, event.status, event.outcome) for event in recorder.invocations] == [
        ("abi", 200, "ok"),
        ("", 401, "unauthorized"),
        ("abi", 404, "not-found"),
        ("abi", 500, "internal"),
    ]


def test_a_route_has_its_handler_s_name_and_docstring() -> None:
    with recording() as (service, _):
        routes = Routes(func.FunctionApp(), service)
        routes.post("echo", request_model=dict, response_model=dict)(echo)
        (route,) = routes
    assert (route.method, route.name, route.doc, route.path) == ("POST", "echo", "Return the body.", "/echo")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("predict", "/predict"),
        ("health/live", "/health/live"),
        ("{ignored:maxlength(0)?}", "/"),
        ("assets/{*path}", "/assets/{path}"),
        ("things/{id:int}", "/things/{id}"),
    ],
)
def test_a_pattern_as_openapi_writes_it(pattern: str, path: str) -> None:
    assert Route("GET", pattern, response_model=str).path == path


def test_the_wide_event_counts_what_was_wrong_by_feature_and_never_repeats_the_body() -> None:
    fields = [BadField(f"/instances/{i}/bmi", "must be a number", Reason.NOT_A_NUMBER, "bmi") for i in range(3)]
    fields.append(BadField("/instances/0/secret", "is not a feature of this model", Reason.UNKNOWN_FIELD))
    recorder = Recorder()
    call(raising(InvalidInstances(bad_fields=fields)), recorder=recorder)
    properties = recorder.invocations[0].properties
    assert properties["bad_fields"] == 4
    assert json.loads(str(properties["bad_reasons"])) == [
        {"feature": "bmi", "reason": "not-a-number", "count": 3},
        {"feature": "", "reason": "unknown-field", "count": 1},
    ]


def test_at_most_ten_reasons_are_on_the_wide_event() -> None:
    fields = [BadField(f"/instances/0/x{i}", "is missing", Reason.MISSING, f"x{i}") for i in range(20)]
    recorder = Recorder()
    call(raising(InvalidInstances(bad_fields=fields)), recorder=recorder)
    properties = recorder.invocations[0].properties
    assert (properties["bad_fields"], len(json.loads(str(properties["bad_reasons"])))) == (20, 10)
