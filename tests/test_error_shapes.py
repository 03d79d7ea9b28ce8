"""Two shapes of errors and no third: RFC 9457's, and RFC 6749's beside the same members where tokens are issued.

Enumerated: every function of the app, with every problem there is, with errors nobody foresaw, and with bad requests.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest
from shared.endpoint import Answer, Call, Declaration

import function_app
from shared import endpoint
from shared.auth import tokens
from shared.problems import BadField, InsufficientScope, Problem, TooManyLogins

SECRET = "hunter2-of-/home/somebody/keys"
MEMBERS = {"type", "title", "status", "detail", "instance", "request_id"}
FUNCTIONS = endpoint.declared(function_app.app)
BY_NAME = pytest.mark.parametrize("declaration", FUNCTIONS, ids=lambda each: each.name)


def kinds(root: type[Problem] = Problem) -> Iterator[type[Problem]]:
    yield root
    for child in root.__subclasses__():
        yield from kinds(child)


def made(kind: type[Problem]) -> Problem:
    """A problem of this kind whose reason no client may see."""
    if issubclass(kind, InsufficientScope):
        return kind("predict", reason=SECRET)
    return kind(retry_after=7) if issubclass(kind, TooManyLogins) else kind(reason=SECRET)


def foreseen_by_nobody() -> Iterator[Exception]:
    for kind in (ValueError, KeyError, OSError, RuntimeError, RecursionError, MemoryError, UnicodeError):
        yield kind(SECRET)
    yield ExceptionGroup(SECRET, [ValueError(SECRET)])
    chained = RuntimeError("outer")
    chained.__cause__ = ValueError(SECRET)
    yield chained


ERRORS = [*(made(kind) for kind in kinds()), *foreseen_by_nobody()]


def raising(error: Exception) -> Callable[[Call], Awaitable[Answer]]:
    async def handler(call: Call) -> Answer:
        raise error

    return handler


def asked(
    declaration: Declaration,
    handler: Callable[[Call], Awaitable[Answer]],
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> func.HttpResponse:
    """What the function answers to one request."""
    context = SimpleNamespace(invocation_id="i", trace_context=SimpleNamespace(trace_parent=""))
    request = func.HttpRequest(
        declaration.method,
        f"http://localhost{declaration.path}?a=b",
        headers=dict(headers or {}),
        route_params={"path": "nothing"},
        body=body,
    )
    framed = endpoint._framed(declaration, handler)
    answer: func.HttpResponse = asyncio.run(framed(request, context))  # type: ignore[arg-type]
    return answer


def assert_shape(declaration: Declaration, answer: func.HttpResponse) -> None:
    found: dict[str, Any] = json.loads(answer.get_body())
    expected = MEMBERS | ({"error", "error_description"} if declaration.oauth else set())
    assert set(found) - {"errors"} == expected
    assert found["type"].startswith("/problems/")
    assert found["status"] == answer.status_code
    assert found["instance"] == declaration.path
    assert found["request_id"] == answer.headers["x-request-id"]
    media_type = "application/json" if declaration.oauth else "application/problem+json"
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    said = answer.get_body().decode() + str(dict(answer.headers))
    assert not any(word in said for word in ("hunter2", "somebody", "Traceback", "ValueError", "outer"))


@BY_NAME
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_of_every_function_has_one_of_two_shapes_and_tells_nothing_inside(
    declaration: Declaration, error: Exception
) -> None:
    open_to_all = Declaration(
        declaration.method,
        declaration.route,
        gives=declaration.gives,
        oauth=declaration.oauth,
        name=declaration.name,
    )
    answer = asked(open_to_all, raising(error))
    assert_shape(declaration, answer)
    assert answer.status_code == (error.status if isinstance(error, Problem) else 500)


def test_the_fields_of_a_bad_body_are_pointers_and_details() -> None:
    error = Problem(fields=[BadField("/instances/0/x", "must be a number")])
    answer = asked(FUNCTIONS[0], raising(error), headers={"content-type": "application/json"})
    assert json.loads(answer.get_body())["errors"] == [{"pointer": "/instances/0/x", "detail": "must be a number"}]


def bad_requests(declaration: Declaration) -> Iterator[tuple[bytes, dict[str, str]]]:
    token = {"authorization": f"Bearer {tokens.current().issue('abi')}"}
    yield b"", {}
    yield b"", {"authorization": "Basic YWJpOnBhc3N3b3Jk"}
    yield b"", {"authorization": "Bearer a.b.c"}
    yield b"x" * (endpoint.MOST_BODY_BYTES + 1), token
    yield b"{}", {**token, "content-type": "text/plain"}
    yield b"{}", {**token, "content-type": "application/json; charset=utf-16"}
    yield b"{}", {**token, "content-type": "application/json", "content-encoding": "gzip"}
    for media_type in declaration.media_types:
        for body in (b"", b"{", b"[]", b"{}", b"\xff", b"[" * 100_000, b"grant_type=other&username=a", b"null"):
            yield body, {**token, "content-type": media_type}


@BY_NAME
def test_a_bad_request_to_any_function_has_one_of_two_shapes(
    told: Callable[..., object], environ: Mapping[str, str], declaration: Declaration
) -> None:
    told(**environ)
    for body, headers in bad_requests(declaration):
        answer = asked(declaration, getattr(function_app, declaration.name), body, headers)
        assert answer.status_code < 500
        if answer.status_code >= 400:
            assert_shape(declaration, answer)


@BY_NAME
def test_without_settings_and_model_every_function_answers_or_says_in_its_shape_that_it_cannot(
    told: Callable[..., object], declaration: Declaration
) -> None:
    told(MODEL_MANIFEST="/nowhere/slr.json")
    answer = asked(declaration, getattr(function_app, declaration.name))
    assert answer.status_code in (200, 401, 404, 415, 503)
    if answer.status_code >= 400 and answer.status_code not in declaration.otherwise:
        assert_shape(declaration, answer)
    assert b"nowhere" not in answer.get_body()
