"""How many instances a load needs."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from tools.capacity.errors import CapacityError
from tools.capacity.queueing import Queue
from tools.capacity.service import Service

MOST_USE = 0.9  # beyond it a load that is a tenth higher than planned has no end
MOST_INSTANCES = 1_000_000
CLOSE_ENOUGH = 1e-3


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is asked of the service, and what of its answers."""

    rate: float
    """Requests per second."""
    service: Service
    cpu: float
    """Seconds of a core's time that a request takes, of the service time."""
    concurrency: int
    """Requests that an instance may work on at a time."""
    p99: float
    """Seconds that 99 % of the answers must stay under."""
    availability: float
    """The share of the time for which that must hold."""
    instance_availability: float
    """The share of the time for which one instance works: restarts, updates and node failures taken off."""
    process_mb: float
    """What an instance's process needs without requests."""
    request_mb: float
    """What each request needs while it is worked on."""

    @property
    def memory_mb(self) -> float:
        """What an instance needs with as many requests as it may have."""
        return self.process_mb + self.concurrency * self.request_mb


@dataclass(frozen=True)
class Kind:
    """A kind of instance."""

    name: str
    cores: float
    memory_mb: int
    shared_line: bool
    """Whether requests wait in one line for all instances (Flex Consumption's front end sends none to a full one), or
    each is sent to one at random and waits there (a Kubernetes Service)."""


@dataclass(frozen=True)
class Plan:
    """A load on so many instances of a kind."""

    load: Load
    kind: Kind
    needed: int
    """Instances without which the answers are late."""

    @property
    def places(self) -> int:
        """Requests that an instance works on at a time: as many as it may, unless its cores keep up with fewer."""
        service = stretched(self.load, self.kind)
        return max(1, min(self.load.concurrency, int(self.kind.cores * service.mean / self.load.cpu + 1e-9)))

    @cached_property
    def queue(self) -> Queue:
        """The line in front of the needed instances, or of one of them."""
        rate, places = self.load.rate, self.places
        service = stretched(self.load, self.kind)
        if self.kind.shared_line:
            return Queue(rate, places * self.needed, service)
        return Queue(rate / self.needed, places, service)

    @property
    def good(self) -> bool:
        """Whether the answers are in time."""
        return self.queue.use <= MOST_USE and self.queue.longer_than(self.load.p99) <= 0.01

    @cached_property
    def instances(self) -> int:
        """The needed ones and as many spare as it takes, one at least, for enough of them to work nearly always."""
        total = self.needed + 1
        while working(total, self.needed, self.load.instance_availability) < self.load.availability:
            total += 1
        return total


def plan(load: Load, kind: Kind) -> Plan:
    """The fewest instances that answer in time. Raises CapacityError when there are none."""
    if load.memory_mb > kind.memory_mb:
        raise CapacityError(f"{load.memory_mb:,.0f} MB do not fit")
    alone = stretched(load, kind)
    if alone.percentile(0.99) >= load.p99:
        raise CapacityError(f"p99 is {alone.percentile(0.99) * 1000:,.0f} ms without any waiting")
    needed = least(lambda count: Plan(load, kind, count).good)
    return Plan(load, kind, needed)


def most(load: Load, kind: Kind) -> float:
    """The requests per second up to which one instance, by itself, answers in time."""
    low, high = 0.0, Plan(load, kind, 1).places / stretched(load, kind).mean
    while high - low > CLOSE_ENOUGH * high:
        middle = (low + high) / 2
        low, high = (middle, high) if Plan(replace(load, rate=middle), kind, 1).good else (low, middle)
    return low


def least(good: Callable[[int], bool]) -> int:
    """The least number for which it is good, which it then is for all above. Raises CapacityError."""
    high = 1
    while not good(high):
        high *= 2
        if high > MOST_INSTANCES:
            raise CapacityError("a million instances are not enough")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if good(middle) else (middle, high)
    return high


def stretched(load: Load, kind: Kind) -> Service:
    """The service time on this kind of instance: a part of a core takes longer for the same work."""
    return load.service.longer(load.cpu * (1 / min(kind.cores, 1) - 1))


def working(total: int, needed: int, each: float) -> float:
    """The chance that `needed` of `total` instances work, when each works for this share of the time (binomial)."""
    down = total - needed
    return sum(
        math.exp(
            math.lgamma(total + 1)
            - math.lgamma(failed + 1)
            - math.lgamma(total - failed + 1)
            + (total - failed) * math.log(each)
            + (failed * math.log1p(-each) if failed else 0)
        )
        for failed in range(down + 1)
    )
