"""Latency over the number of instances: the points of the curve, and bars of them for a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tools.capacity.plan import Plan

MAX_POINTS = 12
BAR_WIDTH = 40


@dataclass(frozen=True)
class Point:
    """The latencies, in seconds, with a number of instances."""

    instances: int
    p50: float
    p99: float


def points(plan: Plan) -> Sequence[Point]:
    """Return the curve around a plan: from the fewest instances that keep up to well above the needed ones."""
    first = plan.needed
    while first > 1 and replace(plan, needed=first - 1).queue.use < 1:
        first -= 1
    last = max(plan.instances, plan.needed + (plan.needed - first), first + 3)
    step = max(1, (last - first) // (MAX_POINTS - 1))
    counts = sorted({*range(first, last + 1, step), plan.needed})
    return [_point(replace(plan, needed=count)) for count in counts]


def _point(plan: Plan) -> Point:
    return Point(plan.needed, plan.queue.percentile(0.5), plan.queue.percentile(0.99))


def top(curve: Sequence[Point], plan: Plan) -> float:
    """Return the end of the scale, in seconds. Latencies far above the target are cut off."""
    return min(max(point.p99 for point in curve), 3 * plan.load.p99)


def bars(curve: Sequence[Point], plan: Plan) -> str:
    """Return the curve for a terminal: a line for each number of instances, with p50 solid and p99 behind it."""
    scale = BAR_WIDTH / top(curve, plan)
    lines = [f"  {plan.kind.name}: latency over instances, █ p50 ░ p99, target {plan.load.p99 * 1000:,.0f} ms"]
    if curve[0].instances > 1:
        lines.append(f"  {curve[0].instances - 1:>7,} too few: the queue grows without end")
    lines += [_bar(point, scale, needed=point.instances == plan.needed) for point in curve]
    return "\n".join(lines)


def _bar(point: Point, scale: float, *, needed: bool) -> str:
    solid, whole = (min(BAR_WIDTH, round(seconds * scale)) for seconds in (point.p50, point.p99))
    latencies = f"{point.p50 * 1000:,.0f} / {point.p99 * 1000:,.0f} ms"
    mark = "◂ needed" if needed else ""
    return f"  {point.instances:>7,} {'█' * solid}{'░' * (whole - solid)} {latencies} {mark}".rstrip()
