"""A load for HTTP servers on this machine: keep-alive connections that send one prepared request again and again.

Every request is timed. Raw sockets on an event loop: the client must cost less than what it measures.
"""

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import uvloop


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
    times: list[float] = []
    started = time.perf_counter()
    await asyncio.gather(*(_client(request, started + seconds, times) for _ in range(clients)))
    return Measured(times, time.perf_counter() - started)


async def _client(request: tuple[str, int, bytes], until: float, times: list[float]) -> None:
    host, port, content = request
    reader, writer = await asyncio.open_connection(host, port, limit=2**24)
    try:
        while (sent := time.perf_counter()) < until:
            writer.write(content)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.split(b"\r\n")[0].decode())
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            times.append(time.perf_counter() - sent)
    finally:
        writer.close()
