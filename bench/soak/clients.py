"""Clients that send one request after the other, and check each response."""

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from bench.connection import Connection
from bench.soak.traffic import LOGIN, ONE_ROW, Expected, Mix

LOGIN_SECONDS = 60.0  # a token lives 15 minutes; bcrypt is slow, so a client logs in only now and then
BURST = 30  # batches of each client; two seconds and more
PAUSE_SECONDS = 0.5  # after a failure: a server that has ended must not get a million requests
MAX_FAILURES_SHOWN = 5
MAX_SECONDS = 30.0  # for a response


@dataclass
class Tally:
    """The results of all clients together."""

    requests: Counter[str] = field(default_factory=Counter)
    """Kind of request → how many were sent."""
    failed: int = 0
    first_failures: list[str] = field(default_factory=list)
    """Each in a line."""
    interval_requests: int = 0
    interval_times: list[float] = field(default_factory=list)
    """Seconds of the interval's one-row requests."""

    def succeed(self, name: str, seconds: float) -> None:
        """Count a right response, and its time."""
        self.requests[name] += 1
        self.interval_requests += 1
        if name in ONE_ROW.values():
            self.interval_times.append(seconds)

    def fail(self, name: str, reason: str) -> None:
        """Count a failure."""
        self.requests[name] += 1
        self.failed += 1
        if len(self.first_failures) < MAX_FAILURES_SHOWN:
            self.first_failures.append(f"{name}: {reason}")

    def end_interval(self) -> tuple[int, list[float]]:
        """Return the requests and the times since the last call."""
        interval = self.interval_requests, self.interval_times
        self.interval_requests, self.interval_times = 0, []
        return interval


class Client:
    """One client, with a connection and a token of its own."""

    def __init__(self, url: str, mix: Mix, tally: Tally, number: int) -> None:
        self._mix = mix
        self._tally = tally
        self._random = random.Random(number)
        self._url = url
        self._connection: Connection | None = None
        self._token = ""
        self._login_at = 0.0

    async def run(self, together: asyncio.Barrier) -> None:
        """Send requests until cancelled: first all clients together the largest batch, then each a random mix.

        So the service starts all its threads and needs the most memory in the warm-up, and not by chance later.
        """
        await self._login(time.perf_counter())
        await together.wait()
        for _ in range(BURST):
            await self._send(self._mix.largest)
        while True:
            if (now := time.perf_counter()) >= self._login_at:
                await self._login(now)
            else:
                await self._send(self._mix.draw(self._random))

    async def _login(self, now: float) -> None:
        body = await self._send(LOGIN)
        if body is not None:
            self._token = json.loads(body)["access_token"]
            self._login_at = now + LOGIN_SECONDS

    async def _send(self, expected: Expected) -> bytes | None:
        """Return the body of a right response. None for a failure, which is counted."""
        try:
            async with asyncio.timeout(MAX_SECONDS):
                self._connection = self._connection or await Connection.open(self._url)
                response = await self._connection.send(expected.content(self._token))
        except (OSError, ValueError) as error:
            if self._connection:
                self._connection.close()
            failure, self._connection = f"no response: {type(error).__name__} {error}", None
        else:
            failure = expected.failure(response.status, response.body)
        if failure:
            self._tally.fail(expected.name, failure)
            await asyncio.sleep(PAUSE_SECONDS)
            return None
        self._tally.succeed(expected.name, response.seconds)
        return response.body
