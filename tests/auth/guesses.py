"""Guesses of passwords for the tests of the throttle."""

from shared.auth.networks import Client
from shared.auth.throttle import Throttle
from shared.problems import TooManyLogins
from tests.clock import Clock
from tests.loop import run

KEY = "a-key-for-tests-of-more-than-32-bytes"
HOME, AWAY = "192.0.2.0/24", "198.51.100.0/24"


async def guess(throttle: Throttle, name: str = "abi", client: str = HOME, *, right: bool = False) -> int:
    """Log in once. Returns the seconds to wait when that is refused, else 0."""
    try:
        async with throttle.attempt(name, Client(client)) as attempt:
            await (attempt.succeeded() if right else attempt.failed())
    except TooManyLogins as problem:
        return int(problem.headers["Retry-After"])
    return 0


def fail(throttle: Throttle, clock: Clock, times: int, name: str = "abi", client: str = HOME) -> list[int]:
    """Fail so often, with the required waits in between. Returns the waits."""

    async def fail_all() -> list[int]:
        waits = []
        while len(waits) < times:
            wait = await guess(throttle, name, client)
            if wait:
                clock.time += wait
                assert await guess(throttle, name, client) == 0
            waits.append(wait)
        return waits

    return run(fail_all())
