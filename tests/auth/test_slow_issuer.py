"""An issuer that takes long to send its keys holds up neither known keys nor other requests."""

import asyncio
import threading

import jwt
import pytest

from shared.auth.jwks import REFRESH_SECONDS, RETRY_SECONDS, Keys
from shared.threads import Threads
from tests.clock import Clock
from tests.issuers import public_jwk, rsa_key
from tests.loop import run


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000.0)


class SlowIssuer:
    """A fetch that waits until the test sets `resume`. Counts its calls."""

    def __init__(self) -> None:
        self.resume = threading.Event()
        self.calls = 0

    def __call__(self, issuer: str) -> dict[str, jwt.PyJWK]:
        self.calls += 1
        assert self.resume.wait(30)
        return {"first": jwt.PyJWK(public_jwk(rsa_key("first"), "first"))}


def test_requests_with_known_keys_do_not_wait_for_an_issuer_that_stays_slow(threads: Threads, clock: Clock) -> None:
    fetch = SlowIssuer()

    async def find() -> list[int]:
        keys = Keys("https://i", threads.general, clock, fetch, timeout=0.1)
        fetch.resume.set()
        await keys.find("first")
        fetch.resume.clear()
        calls = []
        for pause in (REFRESH_SECONDS, RETRY_SECONDS, RETRY_SECONDS):  # only the first of them waits for the time limit
            clock.time += pause
            await keys.find("first")
            calls.append(fetch.calls)
        fetch.resume.set()
        return calls

    assert run(find()) == [2, 2, 2]


def test_the_event_loop_runs_on_while_keys_are_fetched(threads: Threads) -> None:
    fetch = SlowIssuer()

    async def count_turns() -> int:
        finding = asyncio.create_task(Keys("https://i", threads.general, fetch=fetch).find("first"))
        turns = 0
        while not finding.done():
            await asyncio.sleep(0)
            turns += 1
            if turns == 100:
                fetch.resume.set()
        return turns

    assert run(count_turns()) >= 100
