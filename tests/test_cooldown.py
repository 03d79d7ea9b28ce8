"""A pause after a failure."""

from shared.cooldown import Cooldown
from tests.clock import Clock


def test_a_pause_lasts_from_its_start_for_its_seconds() -> None:
    clock = Clock()
    pause = Cooldown(10, clock)
    assert (pause.active, pause.remaining) == (False, 0.0)
    pause.start()
    clock.time += 4
    assert (pause.active, pause.remaining) == (True, 6.0)
    clock.time += 6
    assert (pause.active, pause.remaining) == (False, 0.0)


def test_a_pause_may_be_started_anew_with_another_length_and_ended_early() -> None:
    clock = Clock()
    pause = Cooldown(10, clock)
    pause.start()
    pause.start(2)
    clock.time += 2
    assert not pause.active
    pause.start()
    pause.end()
    assert not pause.active
