"""A load for HTTP servers on this machine: keep-alive connections that send one prepared request again and again.

Every request is timed. Bare protocols on an event loop: the client must cost less than what it measures.
"""

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop

HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Measured:
    """The times of all requests of one run, in seconds, and how long the run took."""

    times: list[float]
    seconds: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.times) / self.seconds

    def percentile(self, share: float) -> float:
        """The time, in milliseconds, that `share` of the requests stayed under."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def post(url: str, body: bytes, token: str = "", media_type: str = "application/json") -> tuple[str, int, bytes]:
    """Host, port and the request's bytes."""
    where = urlsplit(url)
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    head = f"POST {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\n{bearer}Content-Type: {media_type}\r\n"
    whole = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    return where.hostname or "localhost", where.port or 80, whole


def run(request: tuple[str, int, bytes], *, clients: int, seconds: float) -> Measured:
    """Send `request` from `clients` connections for `seconds`. Raises RuntimeError for an answer that is no 200."""
    return uvloop.run(_run(request, clients, seconds))


async def _run(request: tuple[str, int, bytes], clients: int, seconds: float) -> Measured:
    host, port, content = request
    loop = asyncio.get_running_loop()
    times: list[float] = []
    started = time.perf_counter()
    every = [Client(content, started + seconds, times, loop.create_future()) for _ in range(clients)]
    await asyncio.gather(*(loop.create_connection(partial(returned, each), host, port) for each in every))
    done = asyncio.gather(*(each.done for each in every))
    stay_awake(loop, done)
    await done
    return Measured(times, time.perf_counter() - started)


def stay_awake(loop: asyncio.AbstractEventLoop, until: asyncio.Future[Any]) -> None:
    """Never let the loop sleep before `until` is done.

    To wake a sleeping core costs the server up to 40 µs a request on a virtual machine, more than many an answer does;
    and a client sleeps the more, the slower its server is. So it would be measured twice that a server is slower.
    """
    if not until.done():
        loop.call_soon(stay_awake, loop, until)


def returned[Value](value: Value) -> Value:
    """The value, for who wants a function that returns it."""
    return value


class Client(asyncio.Protocol):
    """One connection. Without asyncio's streams: they cost more than a server that answers a constant."""

    def __init__(self, content: bytes, until: float, times: list[float], done: asyncio.Future[None]) -> None:
        self.done = done
        self._content = content
        self._until = until
        self._times = times
        self._head = b""
        self._left: int | None = None
        """Bytes of the answer that are still to come; not known before its head is there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail, unless everything is done."""
        self._end(RuntimeError(f"the server closed the connection: {exc}"))

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer."""
        if self._left is None:
            self._head += data
            self._left = self._body_left()
        else:
            self._left -= len(data)
        if self._left == 0:
            self._answered()

    def _body_left(self) -> int | None:
        head, end, body = self._head.partition(HEAD_END)
        if not end:
            return None
        if not head.startswith(b"HTTP/1.1 200"):
            self._end(RuntimeError(head.split(b"\r\n")[0].decode()))
            return None
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return int(length) - len(body)

    def _answered(self) -> None:
        now = time.perf_counter()
        self._times.append(now - self._sent)
        self._head, self._left = b"", None
        if now < self._until:
            self._send()
        else:
            self._end(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._content)

    def _end(self, failure: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(failure) if failure else self.done.set_result(None)
        self._transport.close()
