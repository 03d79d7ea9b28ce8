"""The HTTP server, an ASGI application: receives telemetry, and serves the page with its files and its API."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec

from tools.insights import api
from tools.insights.kql import QueryError
from tools.insights.queries import QueryFileError
from tools.insights.store import Store
from tools.insights.track import MAX_BYTES, track

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

WEB = Path(__file__).parent / "web"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
TRACK = ("/v2/track", "/v2.1/track")
TELEMETRY = ("application/json", "application/x-json-stream")
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
MAX_QUERIES_AT_ONCE = 2  # the service needs the machine's cores more
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class Request(NamedTuple):
    """An HTTP request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Response(NamedTuple):
    """An HTTP response."""

    status: int
    body: bytes
    media_type: str = "application/json"


class Application:
    """The local Application Insights around one store."""

    def __init__(self, store: Store, max_bytes: int = MAX_BYTES) -> None:
        self.store = store
        self.max_bytes = max_bytes
        self.files = files()
        self._queries = asyncio.Semaphore(MAX_QUERIES_AT_ONCE)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Handle one request."""
        body = await read_body(receive, self.max_bytes)
        if body is None:
            response = error_response(413, f"A body may have {self.max_bytes} bytes.")
        else:
            response = await self.respond(request(scope, body))
        headers = {**HEADERS, "content-type": response.media_type, "content-length": str(len(response.body))}
        lines = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": lines})
        await send({"type": "http.response.body", "body": response.body})

    async def respond(self, request: Request) -> Response:
        """Return the response. Pages of other sites may neither read nor write here."""
        if not from_this_machine(request.headers):
            return error_response(403, "This server accepts requests from programs and pages of this machine only.")
        if request.method == "POST" and request.path in TRACK:
            return self.receive_telemetry(request)
        if request.method != "GET":
            return error_response(405, "POST is for /v2/track; use GET for all other paths.")
        if request.path.startswith("/api/"):
            return await self.call_api(request)
        return self.files.get(request.path) or error_response(404, f"{request.path} does not exist.")

    def receive_telemetry(self, request: Request) -> Response:
        """Receive telemetry. Another site's form cannot send the media types that are required here."""
        if request.headers.get("content-type", "").partition(";")[0] not in TELEMETRY:
            return error_response(415, f"Send {' or '.join(TELEMETRY)}.")
        result = track(self.store, request.body, request.headers.get("content-encoding", ""), self.max_bytes)
        return Response(result.status, msgspec.json.encode(result))

    async def call_api(self, request: Request) -> Response:
        """Call the API. Queries run in a thread, so that telemetry is still received meanwhile."""
        try:
            async with self._queries:
                path = request.path.removeprefix("/api/")
                result = await asyncio.to_thread(api.get, self.store, path, request.query)
        except api.NotFound:
            return error_response(404, f"{request.path} does not exist.")
        except msgspec.ValidationError:
            return error_response(400, "since and until must be times with a zone, such as 2026-01-31T14:05:00Z.")
        except (QueryError, QueryFileError) as error:
            return error_response(500, str(error))
        return Response(200, msgspec.json.encode(result))


def files() -> Mapping[str, Response]:
    """Read the files of web/, by path; the page itself is also `/`."""
    files = {
        f"/{path.name}": Response(200, path.read_bytes(), MEDIA_TYPES[path.suffix])
        for path in WEB.iterdir()
        if path.suffix in MEDIA_TYPES
    }
    return {**files, "/": files["/index.html"]}


def request(scope: Message, body: bytes) -> Request:
    """Return the request of an ASGI scope."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return Request(scope["method"], scope["path"], query, headers, body)


async def read_body(receive: Receive, max_bytes: int) -> bytes | None:
    """Return a request's whole body, or None when it is too large."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > max_bytes:
            return None
        if not message.get("more_body"):
            return bytes(body)


def from_this_machine(headers: Mapping[str, str]) -> bool:
    """Return whether Host and Origin name this machine. A foreign name for 127.0.0.1 (DNS rebinding) does not."""
    urls = [f"//{headers.get('host', '')}", *([headers["origin"]] if "origin" in headers else [])]
    return all(hostname(url) in THIS_MACHINE for url in urls)


def hostname(url: str) -> str:
    """Return the host of a URL; empty when it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def error_response(status: int, text: str) -> Response:
    """Return an error, as the page and people read it."""
    return Response(status, msgspec.json.encode({"error": text}))
