"""The HTTP side, an ASGI application: takes telemetry, answers the page's questions, serves the page."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec

from tools.insights.api import Unknown, answer
from tools.insights.files import files
from tools.insights.kql import QueryError
from tools.insights.questions import QuestionError
from tools.insights.store import Store
from tools.insights.track import MOST_BYTES, track

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

TRACK = ("/v2/track", "/v2.1/track")
TELEMETRY = ("application/json", "application/x-json-stream")
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
QUERIES_AT_ONCE = 2  # the machine's cores are the service's first
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class Call(NamedTuple):
    """A request as the routes see it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """What a request is answered."""

    status: int
    body: bytes
    media_type: str = "application/json"


class Application:
    """The local Application Insights around one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.files = files()
        self._turn = asyncio.Semaphore(QUERIES_AT_ONCE)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await read(receive)
        reply = (
            said(413, f"A body may have {MOST_BYTES} bytes.") if body is None else await self.reply(call(scope, body))
        )
        headers = {**HEADERS, "content-type": reply.media_type, "content-length": str(len(reply.body))}
        lines = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": lines})
        await send({"type": "http.response.body", "body": reply.body})

    async def reply(self, call: Call) -> Reply:
        """Find who answers. Pages of other sites may neither read nor write here."""
        if not from_this_machine(call.headers):
            return said(403, "This server answers programs and pages of this machine only.")
        if call.method == "POST" and call.path in TRACK:
            return self.tracked(call)
        if call.method != "GET":
            return said(405, "POST is for /v2/track; the rest is read with GET.")
        if call.path.startswith("/api/"):
            return await self.told(call)
        found = self.files.get(call.path)
        return Reply(200, *found) if found else said(404, f"There is nothing at {call.path}.")

    def tracked(self, call: Call) -> Reply:
        """Telemetry that arrives. The types asked for are ones that another site's form cannot send."""
        if call.headers.get("content-type", "").partition(";")[0] not in TELEMETRY:
            return said(415, f"Send {' or '.join(TELEMETRY)}.")
        outcome = track(self.store, call.body, call.headers.get("content-encoding", ""))
        return Reply(outcome.status, msgspec.json.encode(outcome))

    async def told(self, call: Call) -> Reply:
        """An answer of the API; queries run beside the loop, so telemetry keeps arriving meanwhile."""
        try:
            async with self._turn:
                found = await asyncio.to_thread(answer, self.store, call.path.removeprefix("/api/"), call.query)
        except Unknown:
            return said(404, f"There is nothing at {call.path}.")
        except msgspec.ValidationError:
            return said(400, "since and until must be times with a zone, such as 2026-01-31T14:05:00Z.")
        except (QueryError, QuestionError) as error:
            return said(500, str(error))
        return Reply(200, msgspec.json.encode(found))


def call(scope: Message, body: bytes) -> Call:
    """A request from what ASGI says of it."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return Call(scope["method"], scope["path"], query, headers, body)


async def read(receive: Receive) -> bytes | None:
    """A request's whole body, or None when there is too much of it."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


def from_this_machine(headers: Mapping[str, str]) -> bool:
    """Whether the request names this machine, also as where its page came from: a foreign name that resolves to
    127.0.0.1 (DNS rebinding) is refused."""
    given = [f"//{headers.get('host', '')}", *([headers["origin"]] if "origin" in headers else [])]
    return all(hostname(each) in THIS_MACHINE for each in given)


def hostname(url: str) -> str:
    """A URL's host; empty when it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def said(status: int, text: str) -> Reply:
    """A refusal, as the page and people read it."""
    return Reply(status, msgspec.json.encode({"error": text}))
