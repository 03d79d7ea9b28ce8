"""The breaker: after repeated failures nobody waits; after a pause one probe finds out."""

import pytest

from shared.features.breaker import MOST_FAILURES, PAUSE_SECONDS, Breaker
from shared.problems import FeaturesInvalid, FeaturesUnavailable


class Clock:
    time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(FeaturesUnavailable, match="down"), breaker.call():
            raise FeaturesUnavailable("down")


def succeed(breaker: Breaker) -> None:
    with breaker.call():
        pass


def test_calls_go_through_until_too_many_failed_in_a_row(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MOST_FAILURES - 1)
    assert not breaker.is_open
    fail(breaker)
    assert breaker.is_open


def test_an_open_breaker_refuses_at_once_and_says_when_to_come_back(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MOST_FAILURES)
    with pytest.raises(FeaturesUnavailable) as caught, breaker.call():
        pytest.fail("went through")
    assert caught.value.headers == {"Retry-After": str(int(PAUSE_SECONDS))}


def test_a_success_in_between_starts_the_count_again(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MOST_FAILURES - 1)
    succeed(breaker)
    fail(breaker, MOST_FAILURES - 1)
    assert not breaker.is_open


def test_after_the_pause_one_probe_goes_through_and_others_wait_for_it(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MOST_FAILURES)
    clock.time += PAUSE_SECONDS
    with breaker.call(), pytest.raises(FeaturesUnavailable), breaker.call():
        pytest.fail("a second probe went through")
    assert not breaker.is_open


def test_a_failed_probe_opens_it_for_another_pause(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MOST_FAILURES)
    clock.time += PAUSE_SECONDS
    fail(breaker)
    with pytest.raises(FeaturesUnavailable), breaker.call():
        pytest.fail("went through")
    clock.time += PAUSE_SECONDS
    succeed(breaker)
    assert not breaker.is_open


def test_garbage_is_no_sign_of_a_store_that_is_down(clock: Clock) -> None:
    breaker = Breaker(clock)
    for _ in range(MOST_FAILURES * 2):
        with pytest.raises(FeaturesInvalid), breaker.call():
            raise FeaturesInvalid
    assert not breaker.is_open


def test_a_probe_whose_caller_leaves_makes_room_for_the_next(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MOST_FAILURES)
    clock.time += PAUSE_SECONDS
    with pytest.raises(KeyboardInterrupt), breaker.call():
        raise KeyboardInterrupt
    succeed(breaker)
    assert not breaker.is_open
