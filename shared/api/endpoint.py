"""The HTTP frame of every route: opens the invocation, limits the body, authorizes, renders problems, sets headers.

Problems are rendered as RFC 9457 has them, and as RFC 6749 §5.2 has them for the token endpoint.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from inspect import cleandoc
from typing import Any

import azure.functions as func
import msgspec

from shared import telemetry
from shared.api.routes import JSON, PROBLEM_JSON, Handler, Request, Response, Route, Schema
from shared.problems import MAX_NAME_LENGTH, Problem, TooLarge, UnsupportedMediaType
from shared.telemetry import Invocation, Telemetry

MAX_BODY_BYTES = 10 * 1024 * 1024  # 10,000 instances of 40 features are about 8 MiB
MAX_REASONS = 10
STRICT_TRANSPORT = f"max-age={365 * 86_400}"  # RFC 6797; by http it has no meaning, and browsers ignore it
EXPOSED = "X-Request-Id, Server-Timing, Retry-After, WWW-Authenticate"
"""Headers that a page of an allowed origin may read. The platform allows origins, and has no setting for this."""
CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})

_log = telemetry.get_logger("endpoint")

type Register = Callable[[Handler], Handler]


class Routes:
    """The routes of one app. `get` and `post` are decorators of handlers, whose name and docstring they keep."""

    def __init__(self, app: func.FunctionApp, telemetry: Telemetry, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._telemetry = telemetry
        self._max_body_bytes = max_body_bytes
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def get(self, pattern: str, *, response_model: Schema, **declared: Any) -> Register:
        """Register a handler for GET requests; `declared` are members of `Route`."""
        return self._register(Route("GET", pattern, response_model=response_model, **declared))

    def post(self, pattern: str, *, request_model: Schema, response_model: Schema, **declared: Any) -> Register:
        """Register a handler for POST requests; `declared` are members of `Route`."""
        models = {"request_model": request_model, "response_model": response_model}
        return self._register(Route("POST", pattern, **models, **declared))

    def _register(self, declared: Route) -> Register:
        def register(handler: Handler) -> Handler:
            name = str(getattr(handler, "__name__", declared.pattern))
            route = replace(declared, name=name, doc=cleandoc(handler.__doc__ or ""))
            self._routes.append(route)
            methods = [route.method, "HEAD"] if route.method == "GET" else [route.method]  # else the host has 404
            function = self._app.route(route=route.pattern, methods=methods)(self.wrap(route, handler))
            self._app.function_name(name)(function)
            return handler

        return register

    def wrap(self, route: Route, handler: Handler) -> Callable[..., Awaitable[func.HttpResponse]]:
        """Return `handler` in its frame, as a function that the runtime calls; the runtime reads its annotations."""

        async def function(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
            with self._telemetry.invocation(context, route.name) as event:
                try:
                    response = await handler(await self._authorize(route, req, event.operation_id))
                    event.status, event.outcome = response.status, "ok"
                except Exception as error:  # nobody above the frame can turn an error into a response
                    response = _failure(route, req, event, error)
                timed = route.authorize is not None and response.status < 400
                return _http_response(response, event, timed=timed, requested=req.headers)

        function.__name__ = route.name
        return function

    async def _authorize(self, route: Route, req: func.HttpRequest, request_id: str) -> Request:
        """Do the checks that come before the handler, in the contract's order: 413, 401, 415."""
        has_body = route.request_model is not None
        body = req.get_body() if has_body else b""
        if len(body) > self._max_body_bytes:
            raise TooLarge(f"The body may have {self._max_body_bytes} bytes")
        user = ""
        if route.authorize is not None:
            with telemetry.step("auth"):
                user = await route.authorize(req.headers.get("authorization"))
            telemetry.bind(user=user)
        media_type = _media_type(route.accepts, req.headers) if has_body else ""
        return Request(body, media_type, user, request_id, req.headers, _path(req.url), req.route_params)


def _media_type(accepts: Sequence[str], headers: Mapping[str, str]) -> str:
    """Return the body's media type. Raises UnsupportedMediaType for another type or charset, or a compressed body."""
    media_type, charsets = _content_type(headers.get("content-type", ""))
    if media_type not in accepts or not charsets <= CHARSETS:
        sent = headers.get("content-type", "")[:MAX_NAME_LENGTH]
        found = f"and not {telemetry.printable(sent)}" if sent else "and name it in Content-Type"
        raise UnsupportedMediaType(f"Send {' or '.join(accepts)} in UTF-8, {found}")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the body uncompressed")
    return media_type


@lru_cache(maxsize=64)
def _content_type(header: str) -> tuple[str, frozenset[str]]:
    """Return a Content-Type's media type and charsets, in lower case. Clients send few different ones."""
    media_type, *parameters = (part.strip() for part in header.lower().split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    return media_type, frozenset(value.strip('"') for name, _, value in pairs if name == "charset")


def _failure(route: Route, req: func.HttpRequest, event: Invocation, error: Exception) -> Response:
    """Return the response to an error: the problem's own, or a 500 that reveals no cause."""
    problem = error if isinstance(error, Problem) else Problem()
    event.status, event.outcome = problem.status, problem.slug
    event.properties.update(_refusal(problem))
    if problem is not error:
        _log.error("%s failed", route.name, exc_info=error)
    elif problem.reason:
        _log.warning("%s responded %d %s: %s", route.name, problem.status, problem.slug, problem.reason)
    return render(problem, _path(req.url), event.operation_id, oauth=route.oauth)


def _refusal(problem: Problem) -> dict[str, str | int]:
    """Return what was wrong with a body, as properties of the wide event: features and codes, nothing of the body."""
    if not problem.bad_fields:
        return {}
    counts = Counter((bad.feature, bad.reason.value) for bad in problem.bad_fields)
    reasons = [
        {"feature": feature, "reason": code, "count": n} for (feature, code), n in counts.most_common(MAX_REASONS)
    ]
    return {"bad_fields": len(problem.bad_fields), "bad_reasons": msgspec.json.encode(reasons).decode()}


def _path(url: str) -> str:
    """Return the path in `url`. The caller writes the host, for which urlsplit may raise."""
    _, _, rest = url.partition("://")
    return "/" + rest.partition("?")[0].partition("/")[2]


def render(problem: Problem, path: str, request_id: str, *, oauth: bool) -> Response:
    """Render a problem as RFC 9457 has it; for the token endpoint with RFC 6749's members beside."""
    members: dict[str, object] = {
        "type": f"/problems/{problem.slug}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": path,
        "request_id": request_id,
    }
    if problem.bad_fields:
        members["errors"] = [{"pointer": bad.pointer, "detail": bad.detail} for bad in problem.bad_fields]
    if oauth:
        members = {"error": problem.oauth_error, "error_description": problem.detail, **members}
    headers = {**problem.headers, "Cache-Control": "no-store"}
    return Response(msgspec.json.encode(members), problem.status, JSON if oauth else PROBLEM_JSON, headers)


def _is_https(headers: Mapping[str, str]) -> bool:
    """Return true for a request that came by https to the platform's front end, or to the proxy before it."""
    return headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower() == "https"


def _http_response(
    response: Response, event: Invocation, *, timed: bool, requested: Mapping[str, str]
) -> func.HttpResponse:
    """Return the response with its headers. The server leaves the body out for HEAD."""
    headers = {
        "content-type": f"{response.media_type}; charset=utf-8",
        "x-content-type-options": "nosniff",
        "x-request-id": event.operation_id,
    }
    if "origin" in requested:
        headers["access-control-expose-headers"] = EXPOSED
    if _is_https(requested):
        headers["strict-transport-security"] = STRICT_TRANSPORT
    if timed:
        headers["server-timing"] = ", ".join([f"{name};dur={millis:.3f}" for name, millis in event.steps.items()])
    for name, value in response.headers.items():
        headers[name.lower()] = value
    # The platform's permission depends on the origin, and it adds this only where several are allowed.
    headers["vary"] = f"{headers['vary']}, Origin" if "vary" in headers else "Origin"
    return _HttpResponse(response.body, response.status, headers)


class _HttpResponse(func.HttpResponse):
    """A response with its headers in a plain dictionary, names in lower case.

    The base class would check and copy every header into werkzeug's type, a tenth of a one-row prediction. Our headers
    contain nothing that a client sent.
    """

    def __init__(self, body: bytes, status: int, headers: dict[str, str]) -> None:
        self._content, self._status, self._headers = body, status, headers

    def get_body(self) -> bytes:
        """Return the content."""
        return self._content

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self._status

    @property
    def headers(self) -> Any:
        """The headers, the content type among them."""
        return self._headers
