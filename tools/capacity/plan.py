"""The number of instances that a load needs."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from tools.capacity.queueing import Queue
from tools.capacity.service_time import ServiceTime
from tools.errors import CapacityError

MAX_USE = 0.9  # above it, a load only a tenth higher than planned makes the queue grow without end
MAX_INSTANCES = 1_000_000
PRECISION = 1e-3


@dataclass(frozen=True, kw_only=True)
class Load:
    """The requests to the service, and the targets for its responses."""

    rate: float
    """Requests per second."""
    service_time: ServiceTime
    cpu: float
    """CPU time of a request in seconds, as a part of its service time."""
    concurrency: int
    """Requests that an instance may work on at a time."""
    p99: float
    """Seconds in which 99 % of the requests must have their response."""
    availability: float
    """Share of the time in which `p99` must be met."""
    instance_availability: float
    """Share of the time in which one instance works: without restarts, updates and node failures."""
    process_mb: float
    """Memory of an instance's process without requests."""
    request_mb: float
    """Additional memory of each request under way."""

    @property
    def memory_mb(self) -> float:
        """The memory of an instance with as many requests as it may have."""
        return self.process_mb + self.concurrency * self.request_mb


@dataclass(frozen=True)
class Kind:
    """A kind of instance."""

    name: str
    cores: float
    memory_mb: int
    shared_queue: bool
    """True: requests wait in one queue for all instances (Flex Consumption's front end sends none to a full one).
    False: each request goes to a random instance and waits there (a Kubernetes Service)."""


@dataclass(frozen=True)
class Plan:
    """A load on a number of instances of one kind."""

    load: Load
    kind: Kind
    needed: int
    """With fewer instances, responses are late."""

    @property
    def places(self) -> int:
        """Requests that an instance works on at a time: the allowed number, or fewer when they fill its cores."""
        service_time = service_time_on(self.kind, self.load)
        return max(1, min(self.load.concurrency, int(self.kind.cores * service_time.mean / self.load.cpu + 1e-9)))

    @cached_property
    def queue(self) -> Queue:
        """The queue in front of all needed instances, or of one of them."""
        rate, places = self.load.rate, self.places
        service_time = service_time_on(self.kind, self.load)
        if self.kind.shared_queue:
            return Queue(rate, places * self.needed, service_time)
        return Queue(rate / self.needed, places, service_time)

    @property
    def in_time(self) -> bool:
        """Whether the plan meets the load's p99, with some room."""
        return self.queue.use <= MAX_USE and self.queue.share_above(self.load.p99) <= 0.01

    @cached_property
    def instances(self) -> int:
        """The needed instances and at least one spare: enough to meet the load's availability when instances fail."""
        total = self.needed + 1
        while probability_of(self.needed, total, self.load.instance_availability) < self.load.availability:
            total += 1
        return total


def smallest_plan(load: Load, kind: Kind) -> Plan:
    """Return the plan with the fewest instances that respond in time. Raises CapacityError when there is none."""
    if load.memory_mb > kind.memory_mb:
        raise CapacityError(f"{load.memory_mb:,.0f} MB do not fit")
    idle_p99 = service_time_on(kind, load).percentile(0.99)
    if idle_p99 >= load.p99:
        raise CapacityError(f"p99 is {idle_p99 * 1000:,.0f} ms without any waiting")
    return Plan(load, kind, smallest(lambda count: Plan(load, kind, count).in_time))


def max_rate(load: Load, kind: Kind) -> float:
    """Return the highest rate, in requests per second, at which one instance alone responds in time."""
    low, high = 0.0, Plan(load, kind, 1).places / service_time_on(kind, load).mean
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        low, high = (middle, high) if Plan(replace(load, rate=middle), kind, 1).in_time else (low, middle)
    return low


def smallest(is_enough: Callable[[int], bool]) -> int:
    """Return the smallest number that is enough; every larger one must be enough too. Raises CapacityError."""
    high = 1
    while not is_enough(high):
        high *= 2
        if high > MAX_INSTANCES:
            raise CapacityError("a million instances are not enough")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def service_time_on(kind: Kind, load: Load) -> ServiceTime:
    """Return the service time on this kind of instance: on a part of a core, the CPU work takes longer."""
    return load.service_time.longer(load.cpu * (1 / min(kind.cores, 1) - 1))


def probability_of(needed: int, total: int, availability: float) -> float:
    """Return the probability that at least `needed` of `total` instances work (binomial distribution)."""
    return sum(
        math.exp(
            math.lgamma(total + 1)
            - math.lgamma(failed + 1)
            - math.lgamma(total - failed + 1)
            + (total - failed) * math.log(availability)
            + (failed * math.log1p(-availability) if failed else 0)
        )
        for failed in range(total - needed + 1)
    )
