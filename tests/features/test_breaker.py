"""The breaker: after repeated failures calls are refused; after a pause one probe goes through."""

import pytest

from shared.features.breaker import MAX_FAILURES, PAUSE_SECONDS, Breaker
from shared.problems import FeaturesInvalid, FeaturesUnavailable
from tests.clock import Clock


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


def test_calls_go_through_until_too_many_fail_in_a_row(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MAX_FAILURES - 1)
    assert not breaker.is_open
    fail(breaker)
    assert breaker.is_open


def test_an_open_breaker_refuses_at_once_with_retry_after(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MAX_FAILURES)
    with pytest.raises(FeaturesUnavailable) as caught, breaker.call():
        pytest.fail("went through")
    assert caught.value.headers == {"Retry-After": str(int(PAUSE_SECONDS))}


def test_a_success_resets_the_count(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MAX_FAILURES - 1)
    succeed(breaker)
    fail(breaker, MAX_FAILURES - 1)
    assert not breaker.is_open


def test_after_the_pause_one_probe_goes_through_and_no_other_call(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MAX_FAILURES)
    clock.time += PAUSE_SECONDS
    with breaker.call(), pytest.raises(FeaturesUnavailable), breaker.call():
        pytest.fail("a second probe went through")
    assert not breaker.is_open


def test_a_failed_probe_opens_it_for_another_pause(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MAX_FAILURES)
    clock.time += PAUSE_SECONDS
    fail(breaker)
    with pytest.raises(FeaturesUnavailable), breaker.call():
        pytest.fail("went through")
    clock.time += PAUSE_SECONDS
    succeed(breaker)
    assert not breaker.is_open


def test_garbage_does_not_count_as_a_failure(clock: Clock) -> None:
    breaker = Breaker(clock)
    for _ in range(MAX_FAILURES * 2):
        with pytest.raises(FeaturesInvalid), breaker.call():
            raise FeaturesInvalid
    assert not breaker.is_open


def test_after_a_cancelled_probe_another_may_try(clock: Clock) -> None:
    breaker = Breaker(clock)
    fail(breaker, MAX_FAILURES)
    clock.time += PAUSE_SECONDS
    with pytest.raises(KeyboardInterrupt), breaker.call():
        raise KeyboardInterrupt
    succeed(breaker)
    assert not breaker.is_open
