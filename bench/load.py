"""A load on a server of this machine: connections that send the same request again and again."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import uvloop

from bench.connection import Connection

TIMEOUT_SECONDS = 60.0  # after the end of a run: a server that hangs must not stop a comparison


@dataclass(frozen=True)
class Load:
    """The seconds of every request of a run, and of the whole run."""

    times: list[float]
    seconds: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.times) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the milliseconds that this share of the requests stayed under."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def run(url: str, content: bytes, *, clients: int = 1, seconds: float, awake: bool = True) -> Load:
    """Send a request from so many connections. Raises OSError, ValueError or, for another status, RuntimeError."""
    return uvloop.run(_run(url, content, clients, seconds, awake=awake))


async def _run(url: str, content: bytes, clients: int, seconds: float, *, awake: bool) -> Load:
    times, started = list[float](), time.perf_counter()

    async def client() -> None:
        connection = await Connection.open(url)
        while time.perf_counter() < started + seconds:
            times.append((await connection.send_ok(content)).seconds)
        connection.close()

    async with asyncio.timeout(seconds + TIMEOUT_SECONDS):
        done = asyncio.gather(*(client() for _ in range(clients)))
        if awake:
            _stay_awake(done)
        await done
    return Load(times, time.perf_counter() - started)


def _stay_awake(until: asyncio.Future[Any]) -> None:
    """Never let the loop sleep before `until` is done.

    Waking a sleeping core costs the server up to 40 µs a request on a virtual machine, more than many a response; and
    a client sleeps more, the slower its server is. A slow server would be measured as slower than it is.
    """
    if not until.done():
        until.get_loop().call_soon(_stay_awake, until)
