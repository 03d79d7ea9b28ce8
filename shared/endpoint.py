"""The frame round every function.

It opens the invocation, limits the body, calls the guard it is given, checks the content type, runs the function,
renders problems (RFC 9457, and RFC 6749 §5.2 for the token endpoint) and sets the headers. What an endpoint declares
here is also what OpenAPI says of it.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import lru_cache
from inspect import cleandoc
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import azure.functions as func
import msgspec

from shared import telemetry
from shared.problems import Problem, TooLarge, UnsupportedMediaType

MOST_BODY_BYTES = 10 * 1024 * 1024  # 10,000 instances of 40 features are about 8 MiB
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
HTML = "text/html"
PROBLEM_JSON = "application/problem+json"
CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})

_log = telemetry.get_logger("endpoint")


class Call(NamedTuple):
    """One request that was let in."""

    body: bytes
    media_type: str
    user: str
    """The caller's name; empty where the endpoint has no guard."""
    request_id: str
    headers: Mapping[str, str]
    path_params: Mapping[str, str]


class Answer(NamedTuple):
    """What a function answers: finished bytes and what they are."""

    body: bytes
    status: int = 200
    media_type: str = JSON
    headers: Mapping[str, str] = {}


type Guard = Callable[[str | None], Awaitable[str]]
"""Value of the Authorization header → the caller's name; raises Unauthorized."""
type Handler = Callable[[Call], Awaitable[Answer]]
type Schema = Any
"""A type that msgspec can describe, or a function from the manifest to one."""


@dataclass(frozen=True)
class Declaration:
    """What an endpoint says of itself: the frame acts on it, OpenAPI repeats it."""

    method: str
    route: str
    _: KW_ONLY
    gives: Schema
    answers: str = JSON
    """Media type of a successful answer."""
    otherwise: Mapping[int, Schema] = field(default_factory=dict)
    """Other statuses that are answers, not problems."""
    takes: Schema = None
    media_types: tuple[str, ...] = (JSON,)
    """Media types of the body, where the endpoint takes one."""
    guard: Guard | None = None
    problems: tuple[type[Problem], ...] = ()
    """What the function may raise; the frame's own need not be named."""
    oauth: bool = False
    """Whether problems have RFC 6749's form beside the usual members."""
    listed: bool = True
    """Whether OpenAPI lists it; pages for people are no part of the API."""
    name: str = ""
    doc: str = ""

    @property
    def path(self) -> str:
        """The route as OpenAPI writes it: no constraints; a parameter that must be empty left out."""
        plain = re.sub(r"\{\w+:maxlength\(0\)\?\}", "", self.route)
        return "/" + re.sub(r"\{\*?(\w+)[^}]*\}", r"{\1}", plain)


def endpoint(app: func.FunctionApp, declaration: Declaration) -> Callable[[Handler], Handler]:
    """Register the function below with `app`, inside the frame; its name and docstring complete the declaration."""

    def register(handler: Handler) -> Handler:
        name = str(getattr(handler, "__name__", declaration.route))
        complete = replace(declaration, name=name, doc=cleandoc(handler.__doc__ or ""))
        _declared.setdefault(app, []).append(complete)
        routed = app.route(route=complete.route, methods=[complete.method])(_framed(complete, handler))
        app.function_name(name)(routed)
        return handler

    return register


def declared(app: func.FunctionApp) -> Sequence[Declaration]:
    """What was registered with `app`."""
    return tuple(_declared.get(app, ()))


_declared: WeakKeyDictionary[func.FunctionApp, list[Declaration]] = WeakKeyDictionary()


def _framed(declaration: Declaration, handler: Handler) -> Callable[..., Awaitable[func.HttpResponse]]:
    """`handler` as a function that the runtime calls; its annotations are read by the runtime."""

    async def framed(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        with telemetry.invocation(context, declaration.name) as event:
            try:
                answer = await handler(await _admit(declaration, req, event.operation_id))
                event.status, event.outcome = answer.status, "ok"
            except Exception as error:  # the frame is the last that can turn a failure into an answer
                answer = _failed(declaration, req, event, error)
            return _response(answer, event, timed=declaration.guard is not None and answer.status < 400)

    framed.__name__ = declaration.name
    return framed


async def _admit(declaration: Declaration, req: func.HttpRequest, request_id: str) -> Call:
    """The checks that come before the function, in the contract's order: 413, 401, 415."""
    body = req.get_body() if declaration.takes is not None else b""
    if len(body) > MOST_BODY_BYTES:
        raise TooLarge(f"The body may have {MOST_BODY_BYTES} bytes")
    user = ""
    if declaration.guard is not None:
        with telemetry.step("auth"):
            user = await declaration.guard(req.headers.get("authorization"))
        telemetry.bind(user=user)
    media_type = _media_type(declaration, req.headers) if declaration.takes is not None else ""
    return Call(body, media_type, user, request_id, req.headers, req.route_params)


def _media_type(declaration: Declaration, headers: Mapping[str, str]) -> str:
    """The body's media type. Raises UnsupportedMediaType for another one, another charset or a compressed body."""
    media_type, charsets = _content_type(headers.get("content-type", ""))
    if media_type not in declaration.media_types or not charsets <= CHARSETS:
        raise UnsupportedMediaType(f"Send {' or '.join(declaration.media_types)} in UTF-8")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the body uncompressed")
    return media_type


@lru_cache(maxsize=64)
def _content_type(header: str) -> tuple[str, frozenset[str]]:
    """A Content-Type's media type and charsets, in lower case. Clients send few different ones."""
    media_type, *parameters = (part.strip() for part in header.lower().split(";"))
    named = (each.partition("=") for each in parameters)
    return media_type, frozenset(value.strip('"') for name, _, value in named if name == "charset")


def _failed(declaration: Declaration, req: func.HttpRequest, event: telemetry.Invocation, error: Exception) -> Answer:
    """The answer to an error: a problem's own, or a 500 that says nothing of the cause."""
    problem = error if isinstance(error, Problem) else Problem()
    event.status, event.outcome = problem.status, problem.slug
    if problem is not error:
        _log.error("%s failed", declaration.name, exc_info=error)
    elif problem.reason:
        _log.warning("%s answers %d %s: %s", declaration.name, problem.status, problem.slug, problem.reason)
    return _rendered(problem, _path(req.url), event.operation_id, oauth=declaration.oauth)


def _path(url: str) -> str:
    """The path in `url`. Its host is what the caller wrote, and need not be one: urlsplit would raise for some."""
    _, _, rest = url.partition("://")
    return "/" + rest.partition("?")[0].partition("/")[2]


def _rendered(problem: Problem, path: str, request_id: str, *, oauth: bool) -> Answer:
    """A problem as RFC 9457 has it; for the token endpoint RFC 6749's members stand beside the same ones."""
    members: dict[str, object] = {
        "type": f"/problems/{problem.slug}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": path,
        "request_id": request_id,
    }
    if problem.fields:
        members["errors"] = [each._asdict() for each in problem.fields]
    if oauth:
        members = {"error": problem.oauth_error, "error_description": problem.detail, **members}
    headers = {**problem.headers, "Cache-Control": "no-store"}
    return Answer(msgspec.json.encode(members), problem.status, JSON if oauth else PROBLEM_JSON, headers)


def _response(answer: Answer, event: telemetry.Invocation, *, timed: bool) -> func.HttpResponse:
    headers = {
        "content-type": f"{answer.media_type}; charset=utf-8",
        "x-content-type-options": "nosniff",
        "x-request-id": event.operation_id,
    }
    if timed:
        headers["server-timing"] = ", ".join([f"{name};dur={took:.3f}" for name, took in event.steps.items()])
    for name, value in answer.headers.items():
        headers[name.lower()] = value
    return _Response(answer.body, answer.status, headers)


class _Response(func.HttpResponse):
    """A response as the runtime reads it, with its headers in a dictionary, names in lower case.

    The base class would check and copy every header into werkzeug's type, a tenth of a one-row prediction. Ours are
    made here, and hold nothing that a client sent.
    """

    def __init__(self, body: bytes, status: int, headers: dict[str, str]) -> None:
        self._content, self._status, self._headers = body, status, headers

    def get_body(self) -> bytes:
        """The content."""
        return self._content

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self._status

    @property
    def headers(self) -> Any:
        """Names in lower case; the content type is among them."""
        return self._headers
