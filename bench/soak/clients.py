"""Clients that each ask for one thing after the other, and check what comes back."""

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from bench.connection import Connection
from bench.soak.traffic import LOGIN, ONE_ROW, Asked, Mix

LOGIN_SECONDS = 60.0  # a token lives 15 minutes; bcrypt is what a client may do now and then
BURST = 30  # batches of each client; two seconds and more
PAUSE_SECONDS = 0.5  # after a failure: a server that is gone is not asked a million times
MOST_TOLD = 5
NO_ANSWER = (OSError, EOFError, ValueError, asyncio.LimitOverrunError)
"""The connection was dropped, nothing came in time, or what came is not HTTP."""


@dataclass
class Tally:
    """What the clients found, all together."""

    asked: Counter[str] = field(default_factory=Counter)
    """Kind of request → how many were sent."""
    failed: int = 0
    first: list[str] = field(default_factory=list)
    """The first few that failed, each in a line."""
    since: int = 0
    """Requests since the last `taken`."""
    times: list[float] = field(default_factory=list)
    """Seconds of the one-row requests among them."""

    def answered(self, name: str, seconds: float) -> None:
        """Count a right answer, and how long it took."""
        self.asked[name] += 1
        self.since += 1
        if name in ONE_ROW.values():
            self.times.append(seconds)

    def fails(self, name: str, why: str) -> None:
        """Count a failure."""
        self.asked[name] += 1
        self.failed += 1
        if len(self.first) < MOST_TOLD:
            self.first.append(f"{name}: {why}")

    def taken(self) -> tuple[int, list[float]]:
        """Requests and times since this was last asked."""
        found = self.since, self.times
        self.since, self.times = 0, []
        return found


class Client:
    """One of them, on a connection and with a token of its own."""

    def __init__(self, url: str, mix: Mix, tally: Tally, number: int) -> None:
        self._url = url
        self._mix = mix
        self._tally = tally
        self._chance = random.Random(number)  # noqa: S311
        self._connection = Connection(url)
        self._token = ""
        self._login_at = 0.0

    async def run(self, together: asyncio.Barrier) -> None:
        """Ask until cancelled: at first all clients together for the largest batch, then each for what it draws.

        So the service starts all its threads and needs the most memory at once, in the warm-up and not by chance later.
        """
        try:
            await self._login(time.perf_counter())
            await together.wait()
            for _ in range(BURST):
                await self._ask(self._mix.largest)
            while True:
                if (now := time.perf_counter()) >= self._login_at:
                    await self._login(now)
                else:
                    await self._ask(self._mix.draw(self._chance))
        finally:
            self._connection.close()

    async def _login(self, now: float) -> None:
        body = await self._ask(LOGIN)
        if body is not None:
            self._token = json.loads(body)["access_token"]
            self._login_at = now + LOGIN_SECONDS

    async def _ask(self, asked: Asked) -> bytes | None:
        """The body of a right answer. None when it failed, which is counted."""
        try:
            answer = await self._connection.ask(asked.content(self._token))
        except NO_ANSWER as error:
            wrong = f"no answer: {type(error).__name__} {error}"
            self._connection.close()
        else:
            wrong = asked.wrong(answer.status, answer.body)
        if wrong:
            self._tally.fails(asked.name, wrong)
            await asyncio.sleep(PAUSE_SECONDS)
            return None
        self._tally.answered(asked.name, answer.seconds)
        return answer.body
