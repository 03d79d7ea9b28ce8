"""How long a request takes when it waits for nothing and nobody: its service time, as a distribution."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tools.capacity.errors import CapacityError

SAMPLES = 1_000
LN_100 = math.log(100)


@dataclass(frozen=True)
class Service:
    """Service times in seconds, each as likely as the others: measured ones, or a distribution's quantiles."""

    times: NDArray[np.float64] = field(repr=False)

    @classmethod
    def measured(cls, times: Sequence[float]) -> Self:
        """The times that were measured, in seconds."""
        return cls(np.sort(np.asarray(times, dtype=np.float64)))

    @classmethod
    def given(cls, mean: float, p99: float | None = None) -> Self:
        """A mean, and the 99th percentile where it is known, in seconds: a floor that every request takes, and an
        exponential tail above it. Without one there is no floor, which is the M/M/c model and errs on the safe side.

        Raises CapacityError when no such distribution has this percentile.
        """
        if p99 is not None and not mean <= p99 <= mean * LN_100:
            raise CapacityError(
                f"A p99 of {p99 * 1000:g} ms does not go with a mean of {mean * 1000:g} ms: it must be from that to "
                f"{mean * LN_100 * 1000:.0f} ms. Measure instead: --url."
            )
        tail = mean if p99 is None else (p99 - mean) / (LN_100 - 1)
        shares = (np.arange(SAMPLES) + 0.5) / SAMPLES
        times = mean - tail - tail * np.log1p(-shares)
        return cls(times * (mean / times.mean()))

    @cached_property
    def mean(self) -> float:
        """Seconds."""
        return float(self.times.mean())

    @cached_property
    def variation(self) -> float:
        """The squared coefficient of variation: 0 for a constant, 1 for an exponential distribution."""
        return float(self.times.var()) / self.mean**2

    def longer(self, seconds: float) -> "Service":
        """The same, each request that much longer."""
        return Service(self.times + seconds) if seconds else self

    def percentile(self, share: float) -> float:
        """The time, in seconds, that this share of the requests stays under."""
        return float(np.quantile(self.times, share))
