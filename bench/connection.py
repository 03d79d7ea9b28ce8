"""One keep-alive connection to a server on this machine, and requests as prepared bytes."""

import asyncio
import time
from typing import NamedTuple, Self, cast
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class Response(NamedTuple):
    """A response, with the seconds from the first byte sent to the last byte received."""

    status: int
    body: bytes
    seconds: float


def request(method: str, path: str, body: bytes = b"", authorization: str = "", media_type: str = JSON) -> bytes:
    """Return the bytes of a whole request; `authorization` is the header's value."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if authorization:
        lines.append(f"Authorization: {authorization}")
    if body:
        lines += [f"Content-Type: {media_type}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "\r\n"]).encode() + body


class Connection(asyncio.Protocol):
    """Sends one request after the other. Without asyncio's streams: they cost more than a small server does."""

    def __init__(self) -> None:
        self._response: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._received = b""
        self._length: int | None = None
        """Bytes of the response, unknown before its head is complete."""

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect to a server. Raises OSError."""
        address, loop = urlsplit(url), asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, address.hostname or "localhost", address.port or 80)
        return connection

    async def send(self, content: bytes) -> Response:
        """Send a request and return its response. Raises OSError, or ValueError for one without a length."""
        if self._transport.is_closing():
            raise ConnectionResetError("the server closed the connection")
        self._response = asyncio.get_running_loop().create_future()
        self._received, self._length = b"", None
        self._sent = time.perf_counter()
        self._transport.write(content)
        return await self._response

    async def send_ok(self, content: bytes) -> Response:
        """Do the same, and raise RuntimeError for another status than 200."""
        response = await self.send(content)
        if response.status != 200:
            raise RuntimeError(f"the server responded {response.status}: {response.body[:100]!r}")
        return response

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Raise the reason where a response is expected."""
        if not self._response.done():
            self._response.set_exception(exc or ConnectionResetError("the server closed the connection"))
            self._response.exception()  # marks it as retrieved: nobody may be waiting

    def data_received(self, data: bytes) -> None:
        """Collect the response. A ValueError here closes the connection, which raises it in `send`."""
        self._received += data
        if self._length is None:
            head, end, _ = self._received.partition(HEAD_END)
            if not end:
                return
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self._body_start = len(head) + len(HEAD_END)
            self._length = self._body_start + int(length)
        if len(self._received) == self._length and not self._response.done():
            status, body = int(self._received.split(b" ", 2)[1]), self._received[self._body_start :]
            self._response.set_result(Response(status, body, time.perf_counter() - self._sent))
