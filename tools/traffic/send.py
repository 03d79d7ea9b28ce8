"""Send a plan's requests at a steady rate, even when responses are late, and count the responses."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import quantiles

import httpx

from tools.traffic.plan import Plan, PlannedRequest

MAX_AT_ONCE = 200
TIMEOUT_SECONDS = 30.0

type Progress = Callable[[float, "Tally"], None]
"""Called several times a second with the share of the time that is over."""


@dataclass
class Tally:
    """Count the responses."""

    responses: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(kind, status) → number; without a response, the status is the name of the error."""
    milliseconds: list[float] = field(default_factory=list)
    """Latencies of all responses but logins, which are slow on purpose."""
    stopped: bool = False
    """True after a run that ended early."""

    def percentile(self, percent: int) -> float:
        """Return a percentile of the latencies; 0 without responses."""
        return quantiles(self.milliseconds, n=100)[percent - 1] if len(self.milliseconds) > 1 else 0.0


class Sender:
    """Send requests for `seconds`, at random moments, on average `rate` a second."""

    def __init__(self, client: httpx.AsyncClient, plan: Plan, rng: random.Random) -> None:
        self._client = client
        self._plan = plan
        self._rng = rng
        self._tokens: dict[str, str] = {}
        self._under_way = asyncio.Semaphore(MAX_AT_ONCE)
        self.tally = Tally()

    async def log_in(self, user: str) -> bool:
        """Get a token for a user. Returns whether that succeeded."""
        response = await self._post(self._plan.login("logins", user))
        self._tokens[user] = response.json()["access_token"] if response and response.status_code == 200 else ""
        return bool(self._tokens[user])

    async def run(self, rate: float, seconds: float, progress: Progress) -> Tally:
        """Send, wait for the last response, and return the tally, also of a run that Ctrl-C ends early."""
        try:
            await self._send_all(rate, seconds, progress)
        except asyncio.CancelledError:
            self.tally.stopped = True
        return self.tally

    async def _send_all(self, rate: float, seconds: float, progress: Progress) -> None:
        started = time.monotonic()
        due = started
        async with asyncio.TaskGroup() as group:
            while (now := time.monotonic()) < started + seconds:
                progress((now - started) / seconds, self.tally)
                while due <= now:
                    group.create_task(self._send(self._plan.next()))
                    due += self._rng.expovariate(rate)
                await asyncio.sleep(min(0.1, max(0.0, due - time.monotonic())))
        progress(1.0, self.tally)

    async def _send(self, request: PlannedRequest) -> None:
        async with self._under_way:
            response = await self._post(request)
            if response is not None and response.status_code == 401 and self._tokens.get(request.user):
                await self.log_in(request.user)  # the token expired

    async def _post(self, request: PlannedRequest) -> httpx.Response | None:
        bearer = {"Authorization": f"Bearer {self._tokens.get(request.user, '')}"} if request.user else {}
        headers = {"Content-Type": request.media_type, **bearer, **request.headers}
        started = time.perf_counter()
        try:
            response = await self._client.post(request.path, content=request.body, headers=headers)
        except httpx.HTTPError as error:
            self.tally.responses[request.kind, type(error).__name__] += 1
            return None
        if request.path != "/token":
            self.tally.milliseconds.append((time.perf_counter() - started) * 1000)
        self.tally.responses[request.kind, str(response.status_code)] += 1
        return response
