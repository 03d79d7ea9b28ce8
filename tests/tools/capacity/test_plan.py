"""The number of instances that a load needs, and the spare ones."""

from dataclasses import replace
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.capacity import hosting
from tools.capacity.plan import Kind, Load, Plan, max_rate, probability_of, smallest, smallest_plan
from tools.capacity.service_time import ServiceTime
from tools.errors import CapacityError

LOAD = Load(
    rate=500.0,
    service_time=ServiceTime.from_mean(0.050),
    cpu=0.001,
    concurrency=16,
    p99=0.300,
    availability=0.999,
    instance_availability=0.995,
    process_mb=200,
    request_mb=1,
)
KIND = Kind("one core", 1.0, 2_048, shared_queue=True)


def test_the_needed_instances_are_the_fewest_that_respond_in_time() -> None:
    plan = smallest_plan(LOAD, KIND)
    assert plan.in_time
    assert plan.needed == 2
    assert not replace(plan, needed=1).in_time


def test_there_is_at_least_one_spare_instance() -> None:
    assert smallest_plan(replace(LOAD, availability=0.5), KIND).instances == 3


def test_a_higher_availability_takes_more_spare_instances() -> None:
    loads = [replace(LOAD, rate=5_000.0, availability=availability) for availability in (0.9, 0.999, 0.999999)]
    plans = [smallest_plan(load, KIND) for load in loads]
    spare = [plan.instances - plan.needed for plan in plans]
    assert spare == sorted(spare)
    assert spare[0] < spare[-1]


@given(needed=st.integers(1, 20), spare=st.integers(0, 5), availability=st.floats(0.5, 0.9999))
def test_instances_fail_independently_of_each_other(needed: int, spare: int, availability: float) -> None:
    total = needed + spare
    expected = sum(
        comb(total, up) * availability**up * (1 - availability) ** (total - up) for up in range(needed, total + 1)
    )
    assert probability_of(needed, total, availability) == pytest.approx(expected)


@given(rate=st.floats(1, 20_000), factor=st.floats(1, 5))
def test_a_higher_load_never_needs_fewer(rate: float, factor: float) -> None:
    low, high = (smallest_plan(replace(LOAD, rate=rate), KIND) for rate in (rate, rate * factor))
    assert low.needed <= high.needed


def test_a_queue_for_each_instance_needs_at_least_as_many_as_one_queue_for_all() -> None:
    separate = replace(KIND, shared_queue=False)
    for rate in (100.0, 1_000.0, 10_000.0):
        load = replace(LOAD, rate=rate, p99=0.250)
        assert smallest_plan(load, separate).needed >= smallest_plan(load, KIND).needed


def test_cores_that_cannot_keep_up_leave_places_empty() -> None:
    busy = replace(LOAD, cpu=0.010)  # a fifth of the 50 ms: five requests fill a core
    assert Plan(busy, KIND, 1).places == 5
    assert Plan(LOAD, KIND, 1).places == 16


def test_a_quarter_of_a_core_takes_four_times_as_long_for_the_same_work() -> None:
    quarter = replace(KIND, cores=0.25)
    busy = replace(LOAD, cpu=0.010)
    assert Plan(busy, quarter, 1).queue.service_time.mean == pytest.approx(0.080)
    assert Plan(busy, quarter, 1).places == 2


def test_a_percentile_that_even_an_idle_instance_misses_has_no_plan() -> None:
    with pytest.raises(CapacityError, match="p99 is 228 ms without any waiting"):
        smallest_plan(replace(LOAD, p99=0.100), KIND)


def test_requests_that_do_not_fit_into_memory_have_no_plan() -> None:
    with pytest.raises(CapacityError, match="2,600 MB do not fit"):
        smallest_plan(replace(LOAD, request_mb=150), KIND)


@given(expected=st.integers(1, 100_000))
def test_the_smallest_number_that_is_enough_is_found(expected: int) -> None:
    assert smallest(lambda number: number >= expected) == expected


def test_a_search_without_a_result_ends() -> None:
    with pytest.raises(CapacityError):
        smallest(lambda number: False)


def test_the_highest_rate_of_an_instance_is_in_time_and_a_higher_one_is_not() -> None:
    rate = max_rate(LOAD, KIND)
    assert Plan(replace(LOAD, rate=rate), KIND, 1).in_time
    assert not Plan(replace(LOAD, rate=rate * 1.01), KIND, 1).in_time


def test_a_pod_has_memory_for_the_process_its_requests_and_the_host() -> None:
    kind = hosting.pod(0.5, LOAD.memory_mb)
    assert (kind.cores, kind.memory_mb) == (0.5, 512)
    assert not kind.shared_queue
