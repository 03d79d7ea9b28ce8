"""Two shapes of errors and no third: RFC 9457's, and for the token endpoint RFC 6749's beside the same members.

Tried: every route of the app, with every problem, with unexpected errors, and with bad requests.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

import azure.functions as func
import pytest

from shared.api.endpoint import MAX_BODY_BYTES
from shared.api.routes import Handler, Request, Response, Route
from shared.problems import BadField, InsufficientScope, Problem, Reason, TooManyLogins
from tests.app import App, load_app
from tests.conftest import KEY
from tests.loop import run
from tests.recording import context

SECRET = "hunter2-of-/home/somebody/keys"
MEMBERS = {"type", "title", "status", "detail", "instance", "request_id"}


@pytest.fixture(scope="module")
def working() -> Iterator[App]:
    """The app with valid settings."""
    with load_app({"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "TOKEN_KEY": KEY}) as app:
        yield app


@pytest.fixture(scope="module")
def broken() -> Iterator[App]:
    """The app without settings and without a model."""
    with load_app({"MODEL_MANIFEST": "/nowhere/slr.json"}) as app:
        yield app


def problems(root: type[Problem] = Problem) -> Iterator[type[Problem]]:
    yield root
    for child in root.__subclasses__():
        yield from problems(child)


def instance(kind: type[Problem]) -> Problem:
    """Return a problem of this kind, whose reason no client may see."""
    if issubclass(kind, InsufficientScope):
        return kind("predict", reason=SECRET)
    return kind(retry_after=7) if issubclass(kind, TooManyLogins) else kind(reason=SECRET)


def unexpected() -> Iterator[Exception]:
    for kind in (ValueError, KeyError, OSError, RuntimeError, RecursionError, MemoryError, UnicodeError):
        yield kind(SECRET)
    yield ExceptionGroup(SECRET, [ValueError(SECRET)])
    chained = RuntimeError("outer")
    chained.__cause__ = ValueError(SECRET)
    yield chained


ERRORS = [*(instance(kind) for kind in problems()), *unexpected()]


def raising(error: Exception) -> Handler:
    async def handler(request: Request) -> Response:
        raise error

    return handler


def call(
    app: App, route: Route, handler: Handler, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """Return the response of a route to one request."""
    url = f"http://localhost{route.path}?a=b"
    params = {"path": "nothing"}
    request = func.HttpRequest(route.method, url, headers=dict(headers or {}), route_params=params, body=body)
    response: func.HttpResponse = run(app.routes.wrap(route, handler)(request, context()))
    return response


def assert_shape(route: Route, response: func.HttpResponse) -> None:
    members: dict[str, Any] = json.loads(response.get_body())
    expected = MEMBERS | ({"error", "error_description"} if route.oauth else set())
    assert set(members) - {"errors"} == expected
    assert members["type"].startswith("/problems/")
    assert members["status"] == response.status_code
    assert members["instance"] == route.path
    assert members["request_id"] == response.headers["x-request-id"]
    media_type = "application/json" if route.oauth else "application/problem+json"
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    text = response.get_body().decode() + str(dict(response.headers))
    assert not any(word in text for word in ("hunter2", "somebody", "Traceback", "ValueError", "outer"))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_of_every_route_has_one_of_two_shapes_and_reveals_nothing(working: App, error: Exception) -> None:
    for route in working.routes:
        public = dataclasses.replace(route, authorize=None, request_model=None)
        response = call(working, public, raising(error))
        assert_shape(route, response)
        assert response.status_code == (error.status if isinstance(error, Problem) else 500)


def test_the_bad_fields_of_a_body_are_pointers_and_details(working: App) -> None:
    error = Problem(bad_fields=[BadField("/instances/0/x", "must be a number", Reason.NOT_A_NUMBER, "x")])
    response = call(working, next(iter(working.routes)), raising(error), headers={"content-type": "application/json"})
    assert json.loads(response.get_body())["errors"] == [{"pointer": "/instances/0/x", "detail": "must be a number"}]


def bad_requests(app: App, route: Route) -> Iterator[tuple[bytes, dict[str, str]]]:
    token = {"authorization": f"Bearer {app.service.auth.tokens.issue('abi')}"}
    yield b"", {}
    yield b"", {"authorization": "Basic YWJpOnBhc3N3b3Jk"}
    yield b"", {"authorization": "Bearer a.b.c"}
    yield b"x" * (MAX_BODY_BYTES + 1), token
    yield b"{}", {**token, "content-type": "text/plain"}
    yield b"{}", {**token, "content-type": "application/json; charset=utf-16"}
    yield b"{}", {**token, "content-type": "application/json", "content-encoding": "gzip"}
    for media_type in route.accepts:
        for body in (b"", b"{", b"[]", b"{}", b"\xff", b"[" * 100_000, b"grant_type=other&username=a", b"null"):
            yield body, {**token, "content-type": media_type}


def test_a_bad_request_to_any_route_has_one_of_two_shapes(working: App) -> None:
    for route in working.routes:
        for body, headers in bad_requests(working, route):
            response = call(working, route, working.handlers[route.name], body, headers)
            assert response.status_code < 500
            if response.status_code >= 400:
                assert_shape(route, response)


def test_without_settings_and_model_every_route_works_or_reports_that_it_cannot(broken: App) -> None:
    for route in broken.routes:
        response = call(broken, route, broken.handlers[route.name])
        assert response.status_code in (200, 401, 404, 415, 503)
        if response.status_code >= 400 and response.status_code not in route.other_responses:
            assert_shape(route, response)
        assert b"nowhere" not in response.get_body()
