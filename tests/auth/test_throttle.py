"""Throttling of failed logins: waits that grow, for the guesser alone."""

import asyncio

import pytest

from shared.auth.networks import Client
from shared.auth.throttle import FORGET_SECONDS, PER_NAME, PER_PAIR, Throttle
from tests.auth.guesses import AWAY, HOME, fail, guess
from tests.clock import Clock
from tests.loop import run


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_five_failures_are_free_and_then_the_wait_doubles(throttle: Throttle, clock: Clock) -> None:
    assert fail(throttle, clock, 10) == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16]


def test_a_wait_grows_to_a_quarter_of_an_hour_and_no_further(throttle: Throttle, clock: Clock) -> None:
    assert fail(throttle, clock, 17)[-3:] == [512, 900, 900]


def test_an_early_attempt_gets_the_remaining_wait_and_is_not_counted(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, clock, 7)
    clock.time += 0.5
    assert [run(guess(throttle)) for _ in range(5)] == [4] * 5
    clock.time += 3.5
    assert run(guess(throttle)) == 0


def test_a_success_resets_the_count(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, clock, 6)
    clock.time += 2
    assert run(guess(throttle, right=True)) == 0
    assert fail(throttle, clock, 6) == [0, 0, 0, 0, 0, 1]


def test_an_hour_without_a_failure_resets_the_count(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, clock, 8)
    clock.time += FORGET_SECONDS + 1
    assert fail(throttle, clock, 6) == [0, 0, 0, 0, 0, 1]
    assert PER_PAIR.longest < FORGET_SECONDS


def test_failures_lock_out_neither_another_network_nor_another_name(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, clock, 12)
    assert run(guess(throttle)) > 0
    assert run(guess(throttle, client=AWAY)) == 0
    assert run(guess(throttle, name="bea")) == 0


def test_a_success_elsewhere_does_not_reset_the_guesser_s_network(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, clock, 8)
    run(guess(throttle, client=AWAY, right=True))
    assert run(guess(throttle)) == 8


def test_guesses_from_many_networks_reach_a_limit_whose_wait_is_a_minute_at_most(
    throttle: Throttle, clock: Clock
) -> None:
    async def from_everywhere() -> list[int]:
        waits = []
        for i in range(PER_NAME.free + 10):
            waits.append(wait := await guess(throttle, client=f"10.0.{i}.0/24"))
            if wait:
                clock.time += wait
                assert await guess(throttle, client=f"10.0.{i}.0/24") == 0
        return waits

    waits = run(from_everywhere())
    assert waits[:100] == [0] * 100
    assert waits[100:] == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_a_burst_of_guesses_is_counted_one_by_one(throttle: Throttle) -> None:
    async def burst() -> list[int]:
        return await asyncio.gather(*(guess(throttle) for _ in range(20)))

    waits = run(burst())
    assert sorted(waits) == [0] * 5 + [1] * 15


def test_a_cancelled_attempt_blocks_no_other(throttle: Throttle) -> None:
    async def cancel() -> None:
        async with throttle.attempt("abi", Client(HOME)):
            raise ConnectionError

    with pytest.raises(ConnectionError):
        run(cancel())
    assert run(guess(throttle)) == 0


@pytest.mark.parametrize("name", ["", "\ud800", "x" * 10_000, "*", f"a\0{HOME}"], ids=ascii)
def test_failures_of_any_name_are_counted(throttle: Throttle, clock: Clock, name: str) -> None:
    assert fail(throttle, clock, 6, name=name)[-1] == 1


def test_a_name_that_contains_a_network_shares_no_count_with_it(throttle: Throttle) -> None:
    name = f"{HOME}\0abi"
    others = {throttle._hash("pair", client, name) for client in ("", "unknown", HOME)} | {throttle._hash("name", name)}
    assert throttle._hash("pair", HOME, "abi") not in others


def test_another_instance_s_fast_clock_makes_no_wait_longer(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, clock, 6)
    clock.time -= 3_000
    assert run(guess(throttle)) == 2
