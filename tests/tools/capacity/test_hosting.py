"""The price of a plan, and the limits that it meets."""

from dataclasses import replace

import pytest

from tools.capacity import hosting
from tools.capacity.hosting import FLEX, Prices
from tools.capacity.plan import Load, Plan
from tools.capacity.service_time import ServiceTime

LOAD = Load(
    rate=100.0,
    service_time=ServiceTime.from_mean(0.050),
    cpu=0.001,
    concurrency=16,
    p99=0.500,
    availability=0.999,
    instance_availability=0.995,
    process_mb=200,
    request_mb=1,
)
SMALL, MEDIUM, LARGE = FLEX
MONTH = 730 * 3600


def test_a_busy_flex_instance_costs_its_memory_and_its_executions() -> None:
    price = hosting.monthly(Plan(LOAD, MEDIUM, 1), Prices(gb_second=1.0, million=0.0))
    assert price == pytest.approx(MONTH * 2)
    price = hosting.monthly(Plan(LOAD, MEDIUM, 1), Prices(gb_second=0.0, million=1.0))
    assert price == pytest.approx(MONTH * 100 / 1e6)


def test_a_rare_request_is_billed_for_a_second() -> None:
    rare = replace(LOAD, rate=0.001)
    price = hosting.monthly(Plan(rare, MEDIUM, 1), Prices(gb_second=1.0, million=0.0))
    assert price == pytest.approx(MONTH * 2 * 0.001, rel=0.01)


def test_a_pod_costs_all_the_time_and_so_does_its_spare() -> None:
    plan = Plan(LOAD, hosting.pod(0.5, 216), 3)
    price = hosting.monthly(plan, Prices(core_hour=1.0, gb_hour=1.0))
    assert price == pytest.approx(plan.instances * 730 * (0.5 + 0.5))
    assert plan.instances == 4


@pytest.mark.parametrize(("needed", "maximum"), [(1, 40), (39, 84), (900, 1_000)])
def test_scaling_stops_at_what_flex_consumption_allows(needed: int, maximum: int) -> None:
    assert hosting.maximum(Plan(LOAD, MEDIUM, needed)) == maximum


def test_the_tightest_limit_comes_first() -> None:
    cores = hosting.limits(Plan(LOAD, LARGE, 200), 0)
    assert cores[0].name.startswith("Flex: 250 cores")
    assert cores[0].share > 1
    pulls = hosting.limits(Plan(LOAD, SMALL, 1), 1_000)
    assert pulls[0].name.startswith("Table Storage")
    assert pulls[0].share == pytest.approx(5)
    telemetry = hosting.limits(Plan(LOAD, hosting.pod(1, 216), 100), 0)
    assert telemetry[0].name.startswith("Application Insights")
    assert not any("Flex" in limit.name for limit in telemetry)
