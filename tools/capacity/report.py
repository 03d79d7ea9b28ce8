"""What the tool prints: the plans side by side, growth, and the settings to paste."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tools.capacity import hosting
from tools.capacity.errors import CapacityError
from tools.capacity.hosting import Prices
from tools.capacity.plan import Kind, Load, Plan, most, plan

TIMES = (1, 10, 100, 1_000)


def head(load: Load) -> str:
    """The question."""
    service = load.service
    return (
        f"{load.rate:,g} requests/s that take {_ms(service.mean)} (p99 {_ms(service.percentile(0.99))}), "
        f"{_ms(load.cpu)} of them CPU; wanted: p99 under {_ms(load.p99)} for {load.availability * 100:g} % of the time"
    )


def table(plans: Mapping[Kind, Plan | CapacityError], cheapest: Plan, prices: Prices) -> str:
    """A line for each kind of instance; the cheapest Flex one is marked."""
    lines = [_row("", "instances", "places", "use", "p50", "p99", "memory", "a month")]
    for kind, found in plans.items():
        if isinstance(found, CapacityError):
            lines.append(f"  {kind.name:<17} none: {found}")
            continue
        queue = found.queue
        row = _row(
            kind.name,
            f"{found.needed:,} + {found.instances - found.needed:,}",
            f"{found.places}",
            f"{queue.use * 100:.0f} %",
            _ms(queue.percentile(0.5)),
            _ms(queue.percentile(0.99)),
            f"{found.load.memory_mb:,.0f} MB",
            f"{hosting.monthly(found, prices):,.0f}",
        )
        lines.append(f"{row} ◂" if found == cheapest else row)
    return "\n".join(lines)


def _row(name: str, *cells: str) -> str:
    widths = (11, 6, 5, 9, 9, 9, 10)
    return f"  {name:<17}" + " ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def growth(now: Plan, pulls: float) -> str:
    """The marked plan at many times the load: its instances, and how much of each limit it takes; `!` is too much."""
    plans = [plan(replace(now.load, rate=now.load.rate * times), now.kind) for times in TIMES]
    used = [{limit.name: limit.share for limit in hosting.limits(then, pulls)} for then in plans]
    lines = [
        ("times the load", [f"{times:,} " for times in TIMES]),
        ("instances", [f"{then.instances:,} " for then in plans]),
        *((name, [_share(each[name]) for each in used]) for name in used[-1]),
    ]
    return "\n".join(f"  {name:<55}{''.join(f'{cell:>10}' for cell in cells)}".rstrip() for name, cells in lines)


def _share(share: float) -> str:
    return f"{share * 100:,.0f} %{'!' if share > 1 else ' '}"


def settings(flex: Plan, pods: Plan | CapacityError) -> str:
    """What to paste, and where."""
    size = {
        "instanceMemoryMB": flex.kind.memory_mb,
        "perInstanceConcurrency": flex.places,
        "maximumInstanceCount": hosting.maximum(flex),
    }
    blocks = ["  infra/sizes.json", *(f"    {line}" for line in json.dumps(size, indent=2)[2:-2].splitlines())]
    return "\n".join([*blocks, *(_overlay(pods) if isinstance(pods, Plan) else ())])


def _overlay(pods: Plan) -> Sequence[str]:
    """The numbers of an overlay: a pod is added when those that are there have as much as each can take."""
    rate = most(pods.load, pods.kind)
    return [
        "  infra/k8s/overlays/.../scaled-object.yaml",
        "    minReplicaCount: 2",
        f"    maxReplicaCount: {hosting.maximum(pods)}",
        "  infra/k8s/overlays/.../interceptor-route.yaml",
        f"    concurrency: {{targetValue: {max(1, int(rate * pods.queue.service.mean))}}}",
        f"    requestRate: {{targetValue: {max(1, int(rate))}}}",
        "  infra/k8s/overlays/.../deployment.yaml",
        f"    requests: {{cpu: {round(pods.kind.cores * 1000)}m, memory: {pods.kind.memory_mb}Mi}}",
        f"    limits: {{memory: {pods.kind.memory_mb * 2}Mi}}",
    ]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.{0 if seconds >= 0.1 else 1}f} ms"
