"""Waiting for a free place: the M/M/c queue, corrected for service times that are not exponential.

Requests arrive at random (a Poisson process: many independent clients), wait in one queue, and go to the first of
`places` that becomes free. The share that waits, and how long, is Erlang's formula: A. K. Erlang, "Solution of some
Problems in the Theory of Probabilities" (1917); L. Kleinrock, Queueing Systems I (1975), §3.5. Service times that vary
less mean less waiting, by the factor (1 + variation) / 2: A. O. Allen, Probability, Statistics and Queueing Theory
(1990), §5.3 after Cunneen.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tools.capacity.service_time import ServiceTime

PRECISION = 1e-6


def erlang_c(places: int, offered: float) -> float:
    """Return the share of requests that must wait, for `offered` = rate × mean service time < `places`."""
    blocked = 1.0  # Erlang B, by its recursion, which neither overflows nor loses digits
    for place in range(1, places + 1):
        blocked = offered * blocked / (place + offered * blocked)
    return blocked / (1 - offered / places * (1 - blocked))


@dataclass(frozen=True)
class Queue:
    """`rate` requests per second for `places`, each of which works on one request at a time."""

    rate: float
    places: int
    service_time: ServiceTime

    @property
    def use(self) -> float:
        """The share of the places that is busy. From 1 on, the queue grows without end and every response is late."""
        return self.rate * self.service_time.mean / self.places

    @cached_property
    def waiting(self) -> float:
        """The share of requests that must wait."""
        return erlang_c(self.places, self.use * self.places)

    @cached_property
    def decay(self) -> float:
        """The rate, per second, at which the waiting time's tail falls: P(wait > t) = waiting × exp(-decay × t)."""
        return 2 * (1 - self.use) * self.places / self.service_time.mean / (1 + self.service_time.variation)

    @property
    def mean(self) -> float:
        """The mean time from arrival to response, in seconds."""
        return self.service_time.mean + self.waiting / self.decay if self.use < 1 else math.inf

    def share_above(self, seconds: float) -> float:
        """Return the share of requests whose response takes longer than this, waiting included."""
        if self.use >= 1:
            return 1.0
        left = seconds - self.service_time.times
        return float(np.where(left < 0, 1.0, self.waiting * np.exp(-self.decay * np.maximum(left, 0))).mean())

    def percentile(self, share: float) -> float:
        """Return the time from arrival to response, in seconds, that this share of the requests stays under."""
        if self.use >= 1:
            return math.inf
        low, high = 0.0, self.service_time.percentile(1) + 1 / self.decay
        while self.share_above(high) > 1 - share:
            high *= 2
        while high - low > PRECISION * high:
            middle = (low + high) / 2
            low, high = (middle, high) if self.share_above(middle) > 1 - share else (low, middle)
        return high
