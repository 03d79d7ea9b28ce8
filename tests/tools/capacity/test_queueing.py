"""The queue, compared with known values, with exact results for one place, and with a simulation."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.capacity.simulation import simulate
from tools.capacity.queueing import Queue, erlang_c
from tools.capacity.service_time import ServiceTime

EXPONENTIAL = ServiceTime.from_mean(0.050)
CONSTANT = ServiceTime.from_mean(0.050, 0.050)


def textbook(places: int, offered: Fraction) -> Fraction:
    """Erlang's formula as in textbooks, without rounding."""
    waiting = offered**places / math.factorial(places) * places / (places - offered)
    return waiting / (sum(offered**k / math.factorial(k) for k in range(places)) + waiting)


@pytest.mark.parametrize(
    ("places", "offered", "waiting"),
    [(1, 0.3, 0.3), (2, 1, 1 / 3), (3, 2, 4 / 9), (2, 1.5, 9 / 14), (5, 4, 0.5541), (10, 8, 0.4092)],
)
def test_the_values_are_those_of_erlang_s_tables(places: int, offered: float, waiting: float) -> None:
    assert erlang_c(places, offered) == pytest.approx(waiting, abs=5e-5)


@given(places=st.integers(1, 60), use=st.integers(1, 99))
def test_the_recursion_is_the_textbook_s_formula(places: int, use: int) -> None:
    offered = Fraction(use, 100) * places
    assert erlang_c(places, float(offered)) == pytest.approx(float(textbook(places, offered)))


def test_ten_thousand_places_do_not_overflow() -> None:
    assert 0 < erlang_c(10_000, 9_900.0) < 1


@pytest.mark.parametrize("use", [0.2, 0.5, 0.9])
def test_one_place_is_the_m_m_1_queue(use: float) -> None:
    queue = Queue(use / 0.050, 1, EXPONENTIAL)
    rate = (1 - use) / 0.050  # the response time is exponential with this rate
    assert queue.mean == pytest.approx(1 / rate, rel=0.01)
    for share in (0.5, 0.9, 0.99):
        assert queue.percentile(share) == pytest.approx(-math.log(1 - share) / rate, rel=0.02)


@pytest.mark.parametrize("use", [0.2, 0.5, 0.9])
def test_one_place_with_a_constant_time_is_the_m_d_1_queue(use: float) -> None:
    queue = Queue(use / 0.050, 1, CONSTANT)
    assert queue.mean == pytest.approx(0.050 + use * 0.050 / (2 * (1 - use)))


def test_without_load_a_response_takes_the_service_time() -> None:
    queue = Queue(0.001, 8, ServiceTime.from_mean(0.050, 0.120))
    assert queue.mean == pytest.approx(0.050)
    assert queue.percentile(0.99) == pytest.approx(0.120, rel=0.02)


@pytest.mark.parametrize("rate", [20.0, 25.0])
def test_a_queue_that_grows_without_end_has_no_figures(rate: float) -> None:
    queue = Queue(rate, 1, EXPONENTIAL)
    assert (queue.mean, queue.percentile(0.5), queue.share_above(60.0)) == (math.inf, math.inf, 1.0)


@given(places=st.integers(1, 40), rate=st.floats(1, 700), extra=st.integers(1, 20))
def test_more_places_are_never_slower(places: int, rate: float, extra: int) -> None:
    fewer, queue = (Queue(rate, count, EXPONENTIAL) for count in (places, places + extra))
    if fewer.use < 0.99:
        assert queue.mean <= fewer.mean
        assert queue.percentile(0.99) <= fewer.percentile(0.99) * (1 + 1e-5)


@given(places=st.integers(1, 40), use=st.floats(0.05, 0.9))
def test_a_constant_service_time_never_means_more_waiting(places: int, use: float) -> None:
    rate = use * places / 0.050
    assert Queue(rate, places, CONSTANT).mean <= Queue(rate, places, EXPONENTIAL).mean


@pytest.mark.parametrize("service_time", [EXPONENTIAL, CONSTANT], ids=["exponential", "constant"])
@pytest.mark.parametrize(("rate", "places"), [(60.0, 4), (190.0, 12)])
def test_a_simulation_agrees(service_time: ServiceTime, rate: float, places: int) -> None:
    queue = Queue(rate, places, service_time)
    times = sorted(simulate(queue, 20_000))
    assert sum(times) / len(times) == pytest.approx(queue.mean, rel=0.1)
    assert times[len(times) // 2] == pytest.approx(queue.percentile(0.5), rel=0.1)
    assert times[int(len(times) * 0.99)] == pytest.approx(queue.percentile(0.99), rel=0.25)
