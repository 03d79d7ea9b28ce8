"""Service times: given as a mean and a percentile, or measured."""

import math

import pytest

from tools.capacity.errors import CapacityError
from tools.capacity.service import Service


def test_a_mean_alone_is_an_exponential_distribution() -> None:
    service = Service.given(0.050)
    assert service.mean == pytest.approx(0.050)
    assert service.variation == pytest.approx(1, rel=0.02)
    assert service.percentile(0.99) == pytest.approx(0.050 * math.log(100), rel=0.02)


@pytest.mark.parametrize("p99", [0.050, 0.060, 0.120, 0.230])
def test_a_percentile_is_kept_beside_the_mean(p99: float) -> None:
    service = Service.given(0.050, p99)
    assert service.mean == pytest.approx(0.050)
    assert service.percentile(0.99) == pytest.approx(p99, rel=0.02)


def test_a_constant_time_does_not_vary() -> None:
    assert Service.given(0.050, 0.050).variation == pytest.approx(0)


@pytest.mark.parametrize("p99", [0.049, 0.24])
def test_a_percentile_that_goes_with_no_such_mean_is_refused(p99: float) -> None:
    with pytest.raises(CapacityError, match=r"does not go with a mean of 50 ms: it must be from that to 230 ms"):
        Service.given(0.050, p99)


def test_measured_times_are_taken_as_they_are() -> None:
    service = Service.measured([0.3, 0.1, 0.2])
    assert service.mean == pytest.approx(0.2)
    assert service.percentile(1) == 0.3
    assert service.percentile(0.5) == 0.2


def test_a_longer_service_varies_less_for_its_length() -> None:
    service = Service.given(0.050)
    assert service.longer(0.050).mean == pytest.approx(0.100)
    assert service.longer(0.050).variation == pytest.approx(service.variation / 4)
