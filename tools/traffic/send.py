"""Sending a plan's requests at a steady rate, whether or not the answers keep up, and counting the answers."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import quantiles

import httpx

from tools.traffic.plan import Ask, Plan

MOST_AT_ONCE = 200
TIMEOUT_SECONDS = 30.0

type Progress = Callable[[float, "Tally"], None]
"""Told the share that is done, several times a second."""


@dataclass
class Tally:
    """What came back."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(kind, status) → how many; the status of a request without an answer is what went wrong."""
    milliseconds: list[float] = field(default_factory=list)
    """Of all answered requests but logins, which take long on purpose."""

    def percentile(self, percent: int) -> float:
        """Of the milliseconds; 0 without answers."""
        return quantiles(self.milliseconds, n=100)[percent - 1] if len(self.milliseconds) > 1 else 0.0


class Sender:
    """Sends for `seconds`, `rate` requests a second on average, as chance would have it."""

    def __init__(self, client: httpx.AsyncClient, plan: Plan, dice: random.Random) -> None:
        self._client = client
        self._plan = plan
        self._dice = dice
        self._tokens: dict[str, str] = {}
        self._turn = asyncio.Semaphore(MOST_AT_ONCE)
        self.tally = Tally()

    async def log_in(self, user: str) -> bool:
        """Get a token for a user, once. Whether it worked."""
        answer = await self._post(self._plan.login("logins", user))
        self._tokens[user] = answer.json()["access_token"] if answer and answer.status_code == 200 else ""
        return bool(self._tokens[user])

    async def run(self, rate: float, seconds: float, progress: Progress) -> Tally:
        """Send, wait for the last answer, and give the tally."""
        began = time.monotonic()
        due = began
        async with asyncio.TaskGroup() as group:
            while (now := time.monotonic()) < began + seconds:
                progress((now - began) / seconds, self.tally)
                while due <= now:
                    group.create_task(self._send(self._plan.next()))
                    due += self._dice.expovariate(rate)
                await asyncio.sleep(min(0.1, max(0.0, due - time.monotonic())))
        progress(1.0, self.tally)
        return self.tally

    async def _send(self, ask: Ask) -> None:
        async with self._turn:
            answer = await self._post(ask)
            if answer is not None and answer.status_code == 401 and ask.user and self._tokens.get(ask.user):
                await self.log_in(ask.user)  # the token expired

    async def _post(self, ask: Ask) -> httpx.Response | None:
        bearer = {"Authorization": f"Bearer {self._tokens.get(ask.user, '')}"} if ask.user else {}
        headers = {"Content-Type": ask.media_type, **bearer, **ask.headers}
        began = time.perf_counter()
        try:
            answer = await self._client.post(ask.path, content=ask.body, headers=headers)
        except httpx.HTTPError as error:
            self.tally.answers[ask.kind, type(error).__name__] += 1
            return None
        if ask.path != "/token":
            self.tally.milliseconds.append((time.perf_counter() - began) * 1000)
        self.tally.answers[ask.kind, str(answer.status_code)] += 1
        return answer
