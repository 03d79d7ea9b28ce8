"""The HTTP server of the host: an ASGI application that calls the app's functions, and the server that runs it."""

import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import uvicorn

from tools.host import telemetry
from tools.host.cors import Cors, cors_from
from tools.host.messages import TypedData
from tools.host.protocol import Protocol
from tools.host.responses import Response, ResponseError, empty_response, response_from
from tools.host.routes import Routes, compile_route
from tools.host.runtime import HttpFunction, InvocationError, close, invoke, load
from tools.host.settings import local_settings, route_prefix
from tools.host.telemetry import RequestSpan, RequestTelemetry

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type RawHeaders = Iterable[tuple[bytes, bytes]]

# Defaults of Kestrel, the real host's server.
MAX_HEADER_BYTES = 32 * 1024
MAX_HEADERS = 100
KEEP_ALIVE_SECONDS = 130
SHUTDOWN_SECONDS = 5  # requests under way may finish in this time after Ctrl-C
FLUSH_SECONDS = 5.0

CLOSE = (b"connection", b"close")


class Application:
    """The ASGI application: one function app behind its routes."""

    def __init__(self) -> None:
        self.functions: dict[str, HttpFunction] = {}
        self.routes = Routes([])
        self.cors = Cors()
        self.telemetry = RequestTelemetry()

    async def load(self, folder: Path) -> None:
        """Load the function app in a folder. Raises HostError."""
        prefix, self.cors = route_prefix(folder), cors_from(local_settings(folder))
        functions = await load(folder)
        self.functions = {function.name: function for function in functions}
        self.routes = Routes(compile_route(f.name, f"{prefix}/{f.route}", f.methods) for f in functions)
        self.telemetry.connect()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Handle one request."""
        response = await self.respond(scope, receive)
        if response:
            await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
            await send({"type": "http.response.body", "body": response.body})

    async def respond(self, scope: Message, receive: Receive) -> Response | None:
        """Return the host's own or a function's response. None when the caller disconnects before it is read."""
        if too_large(scope["headers"]):
            return empty_response(431, CLOSE)
        try:
            headers = decoded_headers(scope["headers"])
        except UnicodeDecodeError:
            # Kestrel accepts UTF-8 only.
            return empty_response(400, CLOSE)
        response = self.cors.preflight(scope["method"], headers) or await self.routed(scope, headers, receive)
        return response and response._replace(headers=response.headers + self.cors.headers(headers))

    async def routed(self, scope: Message, headers: dict[str, str], receive: Receive) -> Response | None:
        """Return the response of the request's function, or 404. None when the caller disconnects before it is read."""
        match = self.routes.find(scope["method"], scope["raw_path"])
        if not match:
            return empty_response(404)
        route, parameters = match
        # Chunked bodies have no length, and the real host forwards none: they arrive empty.
        body = await read_body(receive) if int(headers.get("content-length") or 0) > 0 else b""
        if body is None:
            return None
        http = http_message(scope, headers, parameters, body)
        return await call_function(self.functions[route.function_name], http, self.telemetry)


async def call_function(function: HttpFunction, http: SimpleNamespace, requests: RequestTelemetry) -> Response:
    """Return a function's response, or an empty 500 when it fails; the traceback goes to stderr."""
    caller = http.headers.get("traceparent", "")
    traceparent = telemetry.continue_trace(caller)
    tracestate = http.headers.get("tracestate", "") if traceparent else ""
    span = RequestSpan(function.name, http.method, http.url, caller, traceparent or telemetry.start_trace())
    try:
        response, success = response_from(await invoke(function, http, span.traceparent, tracestate)), True
    except (InvocationError, ResponseError) as failure:
        print(f"Function {function.name} failed. {failure}", file=sys.stderr, flush=True)
        response, success = empty_response(500), False
    requests.send(span, response, success=success)
    return response


def too_large(headers: RawHeaders) -> bool:
    """Return whether there are too many header lines, or too many bytes in them, with `: ` and line ends."""
    sizes = [len(name) + len(value) + 4 for name, value in headers]
    return sum(sizes) > MAX_HEADER_BYTES or len(sizes) > MAX_HEADERS


def decoded_headers(headers: RawHeaders) -> dict[str, str]:
    """Return headers by lower-case name, those of one name joined. Raises UnicodeDecodeError unless they are UTF-8."""
    return joined((name.decode("latin-1"), value.decode()) for name, value in headers)


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return values by name; several of one name become one text with commas, as .NET's StringValues do."""
    values: dict[str, str] = {}
    for name, value in pairs:
        earlier = values.get(name)
        values[name] = f"{earlier},{value}" if earlier and value else earlier or value
    return values


async def read_body(receive: Receive) -> bytes | None:
    """Return a request's whole body, or None when the caller disconnects before its end."""
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
    """Return a request as the runtime expects it from the host. Empty query values are dropped."""
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
    """uvicorn, with a callback when it starts to accept requests."""

    def __init__(self, application: Application, on_listening: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http=Protocol,
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
                # Otherwise requests on one connection would see each other's context variables.
                reset_contextvars=True,
            )
        )
        self.on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the server, then call `on_listening`."""
        await super().startup(sockets=sockets)
        self.on_listening()


async def serve(application: Application, server: Server, folder: Path, listener: socket.socket) -> None:
    """Load the app and serve it until a signal, all in one loop, as the worker does. Raises HostError."""
    await application.load(folder)
    try:
        await server.serve(sockets=[listener])
    finally:
        application.telemetry.close(FLUSH_SECONDS)
        close()
