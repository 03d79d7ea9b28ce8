"""The HTTP side of the host: an ASGI application that turns requests into invocations, and the server it runs in."""

import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import uvicorn

from tools.host import trace
from tools.host.answers import Answer, AnswerError, answer_of, empty
from tools.host.messages import TypedData
from tools.host.requests import Request, Requests
from tools.host.routes import Routes, compiled
from tools.host.runtime import HttpFunction, InvocationError, close, invoke, load
from tools.host.settings import route_prefix

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type RawHeaders = Iterable[tuple[bytes, bytes]]

# Defaults of Kestrel, the real host's server.
MAX_HEADER_BYTES = 32 * 1024
MAX_HEADERS = 100
KEEP_ALIVE_SECONDS = 130
# What a request under way gets to finish in after Ctrl-C.
SHUTDOWN_SECONDS = 5
FLUSH_SECONDS = 5.0

CLOSE = (b"connection", b"close")


class Application:
    """The ASGI application: one function app behind its routes."""

    def __init__(self) -> None:
        self.functions: dict[str, HttpFunction] = {}
        self.routes = Routes([])
        self.requests = Requests()

    async def load(self, folder: Path) -> None:
        """Load the function app in a folder. Raises HostError."""
        prefix = route_prefix(folder)
        functions = await load(folder)
        self.functions = {function.name: function for function in functions}
        self.routes = Routes(compiled(each.name, f"{prefix}/{each.route}", each.methods) for each in functions)
        self.requests.connect()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = await self.answer(scope, receive)
        if answer:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            await send({"type": "http.response.body", "body": answer.body})

    async def answer(self, scope: Message, receive: Receive) -> Answer | None:
        """The answer to one request: the host's own or a function's. None when the caller left before it was read."""
        if too_large(scope["headers"]):
            return empty(431, CLOSE)
        try:
            headers = decoded_headers(scope["headers"])
        except UnicodeDecodeError:
            # Kestrel takes UTF-8 only.
            return empty(400, CLOSE)
        found = self.routes.find(scope["method"], scope["raw_path"])
        if not found:
            return empty(404)
        route, parameters = found
        # Chunked bodies have no length, and the real host forwards none: they arrive empty.
        body = await read(receive) if int(headers.get("content-length") or 0) > 0 else b""
        if body is None:
            return None
        http = http_message(scope, headers, parameters, body)
        return await invoked(self.functions[route.function_name], http, self.requests)


async def invoked(function: HttpFunction, http: SimpleNamespace, requests: Requests) -> Answer:
    """A function's answer, or an empty 500 when it fails; the traceback goes to stderr."""
    caller = http.headers.get("traceparent", "")
    traceparent = trace.continued(caller)
    tracestate = http.headers.get("tracestate", "") if traceparent else ""
    request = Request(function.name, http.method, http.url, caller, traceparent or trace.started())
    try:
        answer, success = answer_of(await invoke(function, http, request.traceparent, tracestate)), True
    except (InvocationError, AnswerError) as failure:
        print(f"Function {function.name} failed. {failure}", file=sys.stderr, flush=True)
        answer, success = empty(500), False
    requests.finished(request, answer, success=success)
    return answer


def too_large(headers: RawHeaders) -> bool:
    """Whether there are too many header lines, or too many bytes in them, their `: ` and line ends included."""
    sizes = [len(name) + len(value) + 4 for name, value in headers]
    return sum(sizes) > MAX_HEADER_BYTES or len(sizes) > MAX_HEADERS


def decoded_headers(headers: RawHeaders) -> dict[str, str]:
    """Headers by lower-case name, those of one name joined. Raises UnicodeDecodeError for what is not UTF-8."""
    return joined((name.decode("latin-1"), value.decode()) for name, value in headers)


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Values by name; several of one name become one text with commas, as .NET's StringValues do."""
    values: dict[str, str] = {}
    for name, value in pairs:
        known = values.get(name)
        values[name] = f"{known},{value}" if known and value else known or value
    return values


async def read(receive: Receive) -> bytes | None:
    """A request's whole body, or None when the caller disconnects before its end."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message["body"])
        if not message["more_body"]:
            return b"".join(chunks)


def http_message(
    scope: Message, headers: dict[str, str], parameters: Mapping[str, str], body: bytes
) -> SimpleNamespace:
    """A request as the host hands it to the runtime. Empty query values are dropped on the way."""
    query = scope["query_string"].decode("latin-1")
    url = f"{scope['scheme']}://{headers.get('host', '')}{scope['raw_path'].decode('ascii')}"
    return SimpleNamespace(
        method=scope["method"],
        url=f"{url}?{query}" if query else url,
        headers=headers,
        params=parameters,
        query=joined(parse_qsl(query)) if query else {},
        body=TypedData(bytes=body) if body else TypedData(),
    )


class Server(uvicorn.Server):
    """uvicorn, with a call at the moment when requests are answered."""

    def __init__(self, application: Application, on_listening: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                lifespan="off",
                ws="none",
                interface="asgi3",
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
                # Ours is the limit that answers 431; h11, which stands in where httptools is missing, would say 400.
                h11_max_incomplete_event_size=32 * MAX_HEADER_BYTES,
                # Requests on one connection would otherwise see each other's context variables.
                reset_contextvars=True,
            )
        )
        self.on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the server, then say so."""
        await super().startup(sockets=sockets)
        self.on_listening()


async def serve(application: Application, server: Server, folder: Path, listener: socket.socket) -> None:
    """Load the app and serve it until a signal, all in one loop, as the worker does. Raises HostError."""
    await application.load(folder)
    try:
        await server.serve(sockets=[listener])
    finally:
        application.requests.close(FLUSH_SECONDS)
        close()
