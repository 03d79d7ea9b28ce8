"""Latency over instances: the points of the curve, and bars of them for a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tools.capacity.plan import Plan

MOST_POINTS = 12
BAR = 40


@dataclass(frozen=True)
class Point:
    """Latencies, in seconds, with so many instances."""

    instances: int
    p50: float
    p99: float


def points(plan: Plan) -> Sequence[Point]:
    """The curve round a plan: from the first number of instances that keeps up to well beyond the needed one."""
    first = plan.needed
    while first > 1 and replace(plan, needed=first - 1).queue.use < 1:
        first -= 1
    last = max(plan.instances, plan.needed + (plan.needed - first), first + 3)
    step = max(1, (last - first) // (MOST_POINTS - 1))
    counts = sorted({*range(first, last + 1, step), plan.needed})
    return [_point(replace(plan, needed=count)) for count in counts]


def _point(plan: Plan) -> Point:
    return Point(plan.needed, plan.queue.percentile(0.5), plan.queue.percentile(0.99))


def top(curve: Sequence[Point], plan: Plan) -> float:
    """Where the picture ends, in seconds: what is far too slow need not be seen whole."""
    return min(max(point.p99 for point in curve), 3 * plan.load.p99)


def bars(curve: Sequence[Point], plan: Plan) -> str:
    """The curve for a terminal: a line for each number of instances, p50 in full, p99 behind it."""
    scale = BAR / top(curve, plan)
    lines = [f"  {plan.kind.name}: latency over instances, █ p50 ░ p99, wanted {plan.load.p99 * 1000:,.0f} ms"]
    if curve[0].instances > 1:
        lines.append(f"  {curve[0].instances - 1:>7,} the line would grow without end")
    for point in curve:
        full, whole = (min(BAR, round(each * scale)) for each in (point.p50, point.p99))
        mark = "◂ needed" if point.instances == plan.needed else ""
        lines.append(
            f"  {point.instances:>7,} {'█' * full}{'░' * (whole - full)} "
            f"{point.p50 * 1000:,.0f} / {point.p99 * 1000:,.0f} ms {mark}".rstrip()
        )
    return "\n".join(lines)
