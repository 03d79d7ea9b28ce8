"""How many instances a load needs, and how many spare."""

from dataclasses import replace
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.capacity import hosting
from tools.capacity.errors import CapacityError
from tools.capacity.plan import Kind, Load, Plan, least, most, plan, working
from tools.capacity.service import Service

LOAD = Load(
    rate=500.0,
    service=Service.given(0.050),
    cpu=0.001,
    concurrency=16,
    p99=0.300,
    availability=0.999,
    instance_availability=0.995,
    process_mb=200,
    request_mb=1,
)
KIND = Kind("one core", 1.0, 2_048, shared_line=True)


def test_the_needed_instances_are_the_fewest_that_answer_in_time() -> None:
    found = plan(LOAD, KIND)
    assert found.good
    assert found.needed == 2
    assert not replace(found, needed=1).good


def test_one_instance_more_than_needed_is_the_least() -> None:
    assert plan(replace(LOAD, availability=0.5), KIND).instances == 3


def test_a_higher_availability_takes_more_spare_instances() -> None:
    spare = [plan(replace(LOAD, rate=5_000.0, availability=each), KIND) for each in (0.9, 0.999, 0.999999)]
    counts = [each.instances - each.needed for each in spare]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


@given(needed=st.integers(1, 20), spare=st.integers(0, 5), each=st.floats(0.5, 0.9999))
def test_instances_fail_independently_of_each_other(needed: int, spare: int, each: float) -> None:
    total = needed + spare
    expected = sum(comb(total, up) * each**up * (1 - each) ** (total - up) for up in range(needed, total + 1))
    assert working(total, needed, each) == pytest.approx(expected)


@given(rate=st.floats(1, 20_000), more=st.floats(1, 5))
def test_a_higher_load_never_needs_fewer(rate: float, more: float) -> None:
    assert plan(replace(LOAD, rate=rate), KIND).needed <= plan(replace(LOAD, rate=rate * more), KIND).needed


def test_a_line_for_each_instance_needs_at_least_as_many_as_one_for_all() -> None:
    alone = replace(KIND, shared_line=False)
    for rate in (100.0, 1_000.0, 10_000.0):
        load = replace(LOAD, rate=rate, p99=0.250)
        assert plan(load, alone).needed >= plan(load, KIND).needed


def test_cores_that_cannot_keep_up_leave_places_empty() -> None:
    busy = replace(LOAD, cpu=0.010)  # a fifth of the 50 ms: five requests fill a core
    assert Plan(busy, KIND, 1).places == 5
    assert Plan(LOAD, KIND, 1).places == 16


def test_a_quarter_of_a_core_takes_four_times_as_long_for_the_same_work() -> None:
    quarter = replace(KIND, cores=0.25)
    busy = replace(LOAD, cpu=0.010)
    assert Plan(busy, quarter, 1).queue.service.mean == pytest.approx(0.080)
    assert Plan(busy, quarter, 1).places == 2


def test_a_percentile_that_even_an_idle_instance_misses_has_no_plan() -> None:
    with pytest.raises(CapacityError, match="p99 is 228 ms without any waiting"):
        plan(replace(LOAD, p99=0.100), KIND)


def test_requests_that_do_not_fit_into_memory_have_no_plan() -> None:
    with pytest.raises(CapacityError, match="2,600 MB do not fit"):
        plan(replace(LOAD, request_mb=150), KIND)


@given(answer=st.integers(1, 100_000))
def test_the_least_good_number_is_found(answer: int) -> None:
    assert least(lambda number: number >= answer) == answer


def test_what_is_never_good_ends() -> None:
    with pytest.raises(CapacityError):
        least(lambda number: False)


def test_an_instance_takes_as_much_as_it_answers_in_time_and_no_more() -> None:
    rate = most(LOAD, KIND)
    assert Plan(replace(LOAD, rate=rate), KIND, 1).good
    assert not Plan(replace(LOAD, rate=rate * 1.01), KIND, 1).good


def test_a_pod_has_room_for_the_process_its_requests_and_the_host() -> None:
    kind = hosting.pod(0.5, LOAD.memory_mb)
    assert (kind.cores, kind.memory_mb) == (0.5, 512)
    assert not kind.shared_line
