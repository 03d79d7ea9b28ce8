"""The printed report: the plans side by side, the growth, and the settings to paste."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tools.capacity import hosting
from tools.capacity.hosting import Prices
from tools.capacity.plan import Kind, Load, Plan, max_rate, smallest_plan
from tools.errors import CapacityError

MULTIPLES = (1, 10, 100, 1_000)


def head(load: Load) -> str:
    """Return the load and its targets, in one line."""
    service_time = load.service_time
    return (
        f"{load.rate:,g} requests/s that take {_ms(service_time.mean)} (p99 {_ms(service_time.percentile(0.99))}), "
        f"{_ms(load.cpu)} of them CPU; target: p99 under {_ms(load.p99)} for {load.availability * 100:g} % of the time"
    )


def table(plans: Mapping[Kind, Plan | CapacityError], cheapest: Plan, prices: Prices) -> str:
    """Return a line for each kind of instance; the cheapest Flex plan is marked."""
    lines = [_row("", "instances", "places", "use", "p50", "p99", "memory", "a month")]
    for kind, plan in plans.items():
        if isinstance(plan, CapacityError):
            lines.append(f"  {kind.name:<17} none: {plan}")
        else:
            lines.append(f"{_plan_row(plan, prices)} ◂" if plan == cheapest else _plan_row(plan, prices))
    return "\n".join(lines)


def _plan_row(plan: Plan, prices: Prices) -> str:
    return _row(
        plan.kind.name,
        f"{plan.needed:,} + {plan.instances - plan.needed:,}",
        f"{plan.places}",
        f"{plan.queue.use * 100:.0f} %",
        _ms(plan.queue.percentile(0.5)),
        _ms(plan.queue.percentile(0.99)),
        f"{plan.load.memory_mb:,.0f} MB",
        f"{hosting.monthly(plan, prices):,.0f}",
    )


def _row(name: str, *cells: str) -> str:
    widths = (11, 6, 5, 9, 9, 9, 10)
    return f"  {name:<17}" + " ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def growth(plan: Plan, pulls: float) -> str:
    """Return the plan at multiples of its load: the instances, and the used share of each limit; `!` exceeds it."""
    plans = [smallest_plan(replace(plan.load, rate=plan.load.rate * multiple), plan.kind) for multiple in MULTIPLES]
    shares = [{limit.name: limit.share for limit in hosting.limits(grown, pulls)} for grown in plans]
    lines = [
        ("times the load", [f"{multiple:,} " for multiple in MULTIPLES]),
        ("instances", [f"{grown.instances:,} " for grown in plans]),
        *((name, [_share(by_limit[name]) for by_limit in shares]) for name in shares[-1]),
    ]
    return "\n".join(f"  {name:<55}{''.join(f'{cell:>10}' for cell in cells)}".rstrip() for name, cells in lines)


def _share(share: float) -> str:
    return f"{share * 100:,.0f} %{'!' if share > 1 else ' '}"


def settings(flex: Plan, pods: Plan | CapacityError) -> str:
    """Return the settings to paste, and the files they belong in."""
    size = {
        "instanceMemoryMB": flex.kind.memory_mb,
        "perInstanceConcurrency": flex.places,
        "maximumInstanceCount": hosting.maximum(flex),
    }
    lines = ["  infra/sizes.json", *(f"    {line}" for line in json.dumps(size, indent=2)[2:-2].splitlines())]
    return "\n".join([*lines, *(_overlay(pods) if isinstance(pods, Plan) else ())])


def _overlay(pods: Plan) -> Sequence[str]:
    """Return the numbers of an overlay. KEDA adds a pod when every pod has as many requests as it can take."""
    rate = max_rate(pods.load, pods.kind)
    return [
        "  infra/k8s/overlays/.../scaled-object.yaml",
        "    minReplicaCount: 2",
        f"    maxReplicaCount: {hosting.maximum(pods)}",
        "  infra/k8s/overlays/.../interceptor-route.yaml",
        f"    concurrency: {{targetValue: {max(1, int(rate * pods.queue.service_time.mean))}}}",
        f"    requestRate: {{targetValue: {max(1, int(rate))}}}",
        "  infra/k8s/overlays/.../deployment.yaml",
        f"    requests: {{cpu: {round(pods.kind.cores * 1000)}m, memory: {pods.kind.memory_mb}Mi}}",
        f"    limits: {{memory: {pods.kind.memory_mb * 2}Mi}}",
    ]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.{0 if seconds >= 0.1 else 1}f} ms"
