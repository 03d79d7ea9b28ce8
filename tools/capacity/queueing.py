"""Waiting for a free place: the M/M/c queue, corrected for service times that are not exponential.

Requests arrive at random (a Poisson process: many clients that know nothing of each other), wait in one line, and take
the first of `places` that gets free. Who waits, and how long, is Erlang's: A. K. Erlang, "Solution of some Problems in
the Theory of Probabilities" (1917); L. Kleinrock, Queueing Systems I (1975), §3.5. Steadier service means less waiting,
by the factor (1 + variation) / 2: A. O. Allen, Probability, Statistics and Queueing Theory (1990), §5.3 after Cunneen.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tools.capacity.service import Service

CLOSE_ENOUGH = 1e-6


def erlang_c(places: int, offered: float) -> float:
    """The share of requests that must wait, for `offered` = rate × mean service time < `places`."""
    blocked = 1.0  # Erlang B, by its recursion, which neither overflows nor loses digits
    for place in range(1, places + 1):
        blocked = offered * blocked / (place + offered * blocked)
    return blocked / (1 - offered / places * (1 - blocked))


@dataclass(frozen=True)
class Queue:
    """`rate` requests per second for `places`, each of which works on one at a time."""

    rate: float
    places: int
    service: Service

    @property
    def use(self) -> float:
        """The share of the places that is busy; from 1 on the line grows without end, and no answer comes in time."""
        return self.rate * self.service.mean / self.places

    @cached_property
    def waiting(self) -> float:
        """The share of requests that must wait."""
        return erlang_c(self.places, self.use * self.places)

    @cached_property
    def pace(self) -> float:
        """How fast the chance of waiting longer falls, per second: P(wait > t) = waiting × exp(-pace × t)."""
        return 2 * (1 - self.use) * self.places / self.service.mean / (1 + self.service.variation)

    @property
    def mean(self) -> float:
        """The mean time from arrival to answer, in seconds."""
        return self.service.mean + self.waiting / self.pace if self.use < 1 else math.inf

    def longer_than(self, seconds: float) -> float:
        """The share of requests whose answer takes longer than that, waiting included."""
        if self.use >= 1:
            return 1.0
        left = seconds - self.service.times
        return float(np.where(left < 0, 1.0, self.waiting * np.exp(-self.pace * np.maximum(left, 0))).mean())

    def percentile(self, share: float) -> float:
        """The time from arrival to answer, in seconds, that this share of the requests stays under."""
        if self.use >= 1:
            return math.inf
        low, high = 0.0, self.service.percentile(1) + 1 / self.pace
        while self.longer_than(high) > 1 - share:
            high *= 2
        while high - low > CLOSE_ENOUGH * high:
            middle = (low + high) / 2
            low, high = (middle, high) if self.longer_than(middle) > 1 - share else (low, middle)
        return high
