"""What can be rented, what a month of it costs, and which limit of it comes first.

Sizes, quotas and limits are those of Microsoft's pages "Flex Consumption plan hosting", "Azure Monitor service limits"
and "Scalability targets for Table storage". Prices are examples (US East, pay as you go): give your region's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tools.capacity.plan import Kind, Plan

FLEX = (
    Kind("Flex 512 MB", 0.25, 512, shared_line=True),
    Kind("Flex 2,048 MB", 1.0, 2_048, shared_line=True),
    Kind("Flex 4,096 MB", 2.0, 4_096, shared_line=True),
)
LEAST_MAXIMUM, MOST_INSTANCES = 40, 1_000  # what maximumInstanceCount may be
HEADROOM = 2  # scaling stops at so many times the instances: a burst is not the plan
MONTH_SECONDS = 730 * 3600
HOST_MB = 272  # what Azure gives each Flex instance on top, for the Functions host; a pod has to bring it along
LEAST_BILLED = 1.0  # seconds that Flex bills for however short a use of an instance


@dataclass(frozen=True, kw_only=True)
class Prices:
    """In whatever currency, without free grants."""

    gb_second: float = 0.000026
    """Flex Consumption, on demand."""
    million: float = 0.40
    """Flex Consumption: a million executions."""
    core_hour: float = 0.048
    """Kubernetes: a core of a node."""
    gb_hour: float = 0.0053
    """Kubernetes: a GB of a node's memory."""


def pod(cores: float, memory_mb: float) -> Kind:
    """A pod with so much of a node's cores, and memory for a process of that size and the host, in steps of 256 MB."""
    return Kind(f"Kubernetes {cores:g} CPU", cores, math.ceil((memory_mb + HOST_MB) / 256) * 256, shared_line=False)


def flex(plan: Plan) -> bool:
    """Whether the plan is one for Flex Consumption."""
    return plan.kind in FLEX


def monthly(plan: Plan, prices: Prices) -> float:
    """A month of this load without a pause. On Flex a spare instance costs nothing until it is used."""
    gb = plan.kind.memory_mb / 1024
    if not flex(plan):
        return plan.instances * (plan.kind.cores * prices.core_hour + gb * prices.gb_hour) * MONTH_SECONDS / 3600
    load = plan.load
    busy = load.rate / plan.needed * max(plan.queue.service.mean, LEAST_BILLED)
    active = plan.needed * -math.expm1(-busy)
    return MONTH_SECONDS * (active * gb * prices.gb_second + load.rate / 1e6 * prices.million)


def maximum(plan: Plan) -> int:
    """Where scaling should stop."""
    room = plan.instances * HEADROOM
    return min(max(room, LEAST_MAXIMUM), MOST_INSTANCES) if flex(plan) else room


@dataclass(frozen=True)
class Limit:
    """Something that ends before the wish for more does."""

    name: str
    used: float
    allowed: float

    @property
    def share(self) -> float:
        """How much of it is used; from 1 on it is passed."""
        return self.used / self.allowed


def limits(plan: Plan, pulls: float) -> Sequence[Limit]:
    """What a plan uses of what there is, the scarcest first; `pulls` is the entities pulled for a request."""
    rate = plan.load.rate
    found = [Limit("Application Insights: 32,000 items a second", rate * (3 if pulls else 2), 32_000)]
    if pulls:
        found.append(Limit("Table Storage: 20,000 entities a second and account", rate * pulls, 20_000))
    if flex(plan):
        found += [
            Limit("Flex: 250 cores a region and subscription", plan.instances * plan.kind.cores, 250),
            Limit("Flex: 1,000 instances an app", plan.instances, MOST_INSTANCES),
        ]
    return sorted(found, key=lambda limit: -limit.share)
