"""The service time: how long a request takes when it does not wait, as a distribution."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tools.errors import CapacityError

SAMPLES = 1_000
LN_100 = math.log(100)


@dataclass(frozen=True)
class ServiceTime:
    """Service times in seconds, all equally likely: measured ones, or the quantiles of a distribution."""

    times: NDArray[np.float64] = field(repr=False)

    @classmethod
    def from_measurements(cls, times: Sequence[float]) -> Self:
        """Return the distribution of measured times, in seconds."""
        return cls(np.sort(np.asarray(times, dtype=np.float64)))

    @classmethod
    def from_mean(cls, mean: float, p99: float | None = None) -> Self:
        """Return a distribution with this mean and 99th percentile, in seconds.

        It is a constant, which every request takes, and an exponential tail. Without a percentile the constant is 0:
        that is the M/M/c model, and rather too slow than too fast. Raises CapacityError when no such distribution has
        this percentile.
        """
        if p99 is not None and not mean <= p99 <= mean * LN_100:
            raise CapacityError(
                f"A p99 of {p99 * 1000:g} ms does not fit a mean of {mean * 1000:g} ms: it must be between that and "
                f"{mean * LN_100 * 1000:.0f} ms. Measure it: --url."
            )
        tail = mean if p99 is None else (p99 - mean) / (LN_100 - 1)
        shares = (np.arange(SAMPLES) + 0.5) / SAMPLES
        times = mean - tail - tail * np.log1p(-shares)
        return cls(times * (mean / times.mean()))

    @cached_property
    def mean(self) -> float:
        """The mean, in seconds."""
        return float(self.times.mean())

    @cached_property
    def variation(self) -> float:
        """The squared coefficient of variation: 0 for a constant, 1 for an exponential distribution."""
        return float(self.times.var()) / self.mean**2

    def longer(self, seconds: float) -> "ServiceTime":
        """Return the same distribution with every time longer by `seconds`."""
        return ServiceTime(self.times + seconds) if seconds else self

    def percentile(self, share: float) -> float:
        """Return the time, in seconds, that this share of the requests stays under."""
        return float(np.quantile(self.times, share))
