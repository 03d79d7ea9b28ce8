"""Kinds of instances, their monthly costs, and the limits of the platforms.

Sizes, quotas and limits come from Microsoft's pages "Flex Consumption plan hosting", "Azure Monitor service limits"
and "Scalability targets for Table storage". The prices are examples (US East, pay as you go): set those of your region.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tools.capacity.plan import Kind, Plan

FLEX = (
    Kind("Flex 512 MB", 0.25, 512, shared_queue=True),
    Kind("Flex 2,048 MB", 1.0, 2_048, shared_queue=True),
    Kind("Flex 4,096 MB", 2.0, 4_096, shared_queue=True),
)
MIN_MAXIMUM, MAX_MAXIMUM = 40, 1_000  # the values that Flex Consumption allows for maximumInstanceCount
HEADROOM = 2  # scaling stops at this multiple of the planned instances, so that a burst has room
MONTH_SECONDS = 730 * 3600
HOST_MB = 272  # Azure adds this much to each Flex instance for the Functions host; a pod has to include it
MIN_BILLED_SECONDS = 1.0  # Flex bills at least this long for each use of an instance


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Prices in any one currency, without free grants."""

    gb_second: float = 0.000026
    """Flex Consumption, on demand."""
    million: float = 0.40
    """Flex Consumption: a million executions."""
    core_hour: float = 0.048
    """Kubernetes: a core of a node."""
    gb_hour: float = 0.0053
    """Kubernetes: a GB of a node's memory."""


def pod(cores: float, memory_mb: float) -> Kind:
    """Return a pod with these cores and with memory for the process and the host, in steps of 256 MB."""
    return Kind(f"Kubernetes {cores:g} CPU", cores, math.ceil((memory_mb + HOST_MB) / 256) * 256, shared_queue=False)


def is_flex(plan: Plan) -> bool:
    """Return whether the plan is for Flex Consumption."""
    return plan.kind in FLEX


def monthly(plan: Plan, prices: Prices) -> float:
    """Return the price of a month of this load without a pause. On Flex a spare instance is free until it is used."""
    gb = plan.kind.memory_mb / 1024
    if not is_flex(plan):
        return plan.instances * (plan.kind.cores * prices.core_hour + gb * prices.gb_hour) * MONTH_SECONDS / 3600
    rate = plan.load.rate
    busy = rate / plan.needed * max(plan.queue.service_time.mean, MIN_BILLED_SECONDS)
    active = plan.needed * -math.expm1(-busy)
    return MONTH_SECONDS * (active * gb * prices.gb_second + rate / 1e6 * prices.million)


def maximum(plan: Plan) -> int:
    """Return the number of instances at which scaling should stop."""
    with_headroom = plan.instances * HEADROOM
    return min(max(with_headroom, MIN_MAXIMUM), MAX_MAXIMUM) if is_flex(plan) else with_headroom


@dataclass(frozen=True)
class Limit:
    """A limit of the platform, and how much of it a plan uses."""

    name: str
    used: float
    allowed: float

    @property
    def share(self) -> float:
        """The used share; above 1 the limit is exceeded."""
        return self.used / self.allowed


def limits(plan: Plan, pulls: float) -> Sequence[Limit]:
    """Return the limits that apply to a plan, the tightest first; `pulls` is the entities read for a request."""
    rate = plan.load.rate
    limits = [Limit("Application Insights: 32,000 items a second", rate * (3 if pulls else 2), 32_000)]
    if pulls:
        limits.append(Limit("Table Storage: 20,000 entities a second and account", rate * pulls, 20_000))
    if is_flex(plan):
        limits += [
            Limit("Flex: 250 cores a region and subscription", plan.instances * plan.kind.cores, 250),
            Limit("Flex: 1,000 instances an app", plan.instances, MAX_MAXIMUM),
        ]
    return sorted(limits, key=lambda limit: -limit.share)
