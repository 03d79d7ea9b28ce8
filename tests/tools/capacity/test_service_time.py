"""Service times: from a mean and a percentile, or measured."""

import math

import pytest

from tools.capacity.service_time import ServiceTime
from tools.errors import CapacityError


def test_a_mean_alone_is_an_exponential_distribution() -> None:
    service_time = ServiceTime.from_mean(0.050)
    assert service_time.mean == pytest.approx(0.050)
    assert service_time.variation == pytest.approx(1, rel=0.02)
    assert service_time.percentile(0.99) == pytest.approx(0.050 * math.log(100), rel=0.02)


@pytest.mark.parametrize("p99", [0.050, 0.060, 0.120, 0.230])
def test_a_distribution_has_the_mean_and_the_percentile(p99: float) -> None:
    service_time = ServiceTime.from_mean(0.050, p99)
    assert service_time.mean == pytest.approx(0.050)
    assert service_time.percentile(0.99) == pytest.approx(p99, rel=0.02)


def test_a_constant_time_does_not_vary() -> None:
    assert ServiceTime.from_mean(0.050, 0.050).variation == pytest.approx(0)


@pytest.mark.parametrize("p99", [0.049, 0.24])
def test_a_percentile_that_does_not_fit_the_mean_is_refused(p99: float) -> None:
    with pytest.raises(CapacityError, match=r"does not fit a mean of 50 ms: it must be between that and 230 ms"):
        ServiceTime.from_mean(0.050, p99)


def test_measured_times_are_used_unchanged() -> None:
    service_time = ServiceTime.from_measurements([0.3, 0.1, 0.2])
    assert service_time.mean == pytest.approx(0.2)
    assert service_time.percentile(1) == 0.3
    assert service_time.percentile(0.5) == 0.2


def test_a_longer_service_time_varies_less() -> None:
    service_time = ServiceTime.from_mean(0.050)
    assert service_time.longer(0.050).mean == pytest.approx(0.100)
    assert service_time.longer(0.050).variation == pytest.approx(service_time.variation / 4)
