"""Throttling by client, and the networks that a user is known in."""

import asyncio

import pytest

from shared.auth.failure_counts import Count, Counts
from shared.auth.networks import Client
from shared.auth.throttle import KNOWN_SECONDS, PER_CLIENT, PER_NAME, Throttle
from shared.problems import TooManyLogins
from tests.auth.guesses import AWAY, HOME, fail, guess
from tests.clock import Clock
from tests.loop import run


@pytest.fixture
def clock() -> Clock:
    return Clock()


def names(count: int) -> list[str]:
    return [f"name{i}" for i in range(count)]


def test_one_network_that_tries_many_names_is_slowed_down(throttle: Throttle, clock: Clock) -> None:
    async def spray() -> list[int]:
        waits = []
        for name in names(PER_CLIENT.free + 8):
            waits.append(wait := await guess(throttle, name))
            if wait:
                clock.time += wait
                assert await guess(throttle, name) == 0
        return waits

    assert run(spray()) == [0] * 50 + [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_success_resets_nothing_for_its_network(throttle: Throttle, clock: Clock) -> None:
    async def spray() -> list[int]:
        for name in names(PER_CLIENT.free - 1):
            await guess(throttle, name)
        await guess(throttle, "bea", right=True)
        return [await guess(throttle, "x"), await guess(throttle, "y")]

    assert run(spray()) == [0, 1]


def test_a_guesser_does_not_block_the_users_of_an_office(throttle: Throttle, clock: Clock) -> None:
    async def spray() -> tuple[int, int]:
        await guess(throttle, "bea", right=True)
        for name in names(PER_CLIENT.free + 1):
            await guess(throttle, name)
        return await guess(throttle, "bea", right=True), await guess(throttle, "new", right=True)

    known, new = run(spray())
    assert known == 0
    assert new > 0


def test_guesses_from_many_networks_do_not_hold_up_the_owner(throttle: Throttle, clock: Clock) -> None:
    async def attack() -> list[int]:
        await guess(throttle, right=True)
        for i in range(PER_NAME.free + 5):
            await guess(throttle, client=f"10.{i // 250}.{i % 250}.0/24")
        return [await guess(throttle, right=True), await guess(throttle, client=AWAY)]

    owner, elsewhere = run(attack())
    assert owner == 0
    assert elsewhere == 0  # the owner's success starts the name's count over


def test_a_network_is_known_for_30_days_after_a_login(throttle: Throttle, clock: Clock) -> None:
    run(guess(throttle, right=True))
    clock.time += KNOWN_SECONDS - 10
    run(throttle.add(throttle._hash("name", "abi"), Count(failures=200)))
    assert run(guess(throttle)) == 0
    clock.time += 20
    assert run(guess(throttle)) == 40


def test_failures_from_a_known_network_are_limited_by_name_and_network(throttle: Throttle, clock: Clock) -> None:
    run(guess(throttle, right=True))
    assert fail(throttle, clock, 7) == [0, 0, 0, 0, 0, 1, 2]


def test_a_customer_with_many_ipv6_networks_is_one_client(throttle: Throttle, clock: Clock) -> None:
    async def attempt(i: int) -> int:
        try:
            client = Client(f"2001:db8:1:{i:x}::/64", "2001:db8:1::/48")
            async with throttle.attempt(f"name{i}", client) as attempt:
                await attempt.failed()
        except TooManyLogins as problem:
            return int(problem.headers["Retry-After"])
        return 0

    async def spray() -> list[int]:
        return [await attempt(i) for i in range(PER_CLIENT.free + 1)]

    assert run(spray()) == [0] * 50 + [1]


def test_without_addresses_clients_are_not_counted_as_one(throttle: Throttle, clock: Clock) -> None:
    async def spray() -> list[int]:
        return [await guess(throttle, name, "unknown") for name in names(PER_CLIENT.free + 5)]

    assert set(run(spray())) == {0}


def test_failures_of_many_names_at_the_same_moment_are_all_counted(throttle: Throttle) -> None:
    async def burst() -> int:
        await asyncio.gather(*(guess(throttle, name) for name in names(40)))
        return (await throttle.count(throttle._hash("client", HOME))).failures

    assert run(burst()) == 40


def test_failures_of_a_name_from_many_networks_at_the_same_moment_are_all_counted(throttle: Throttle) -> None:
    async def burst() -> int:
        await asyncio.gather(*(guess(throttle, client=f"10.0.{i}.0/24") for i in range(40)))
        return (await throttle.count(throttle._hash("name", "abi"))).failures

    assert run(burst()) == 40


def test_a_known_network_is_stored_once_a_day(throttle: Throttle, known: Counts, clock: Clock) -> None:
    key = throttle._hash("pair", HOME, "abi")
    run(guess(throttle, right=True))
    first = run(known.get(key)).last
    clock.time += 3_600
    run(guess(throttle, right=True))
    assert run(known.get(key)).last == first
    clock.time += 86_400
    run(guess(throttle, right=True))
    assert run(known.get(key)).last == clock.time
