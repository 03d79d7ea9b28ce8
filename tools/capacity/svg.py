"""The curve as an SVG document, readable on light and on dark ground."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.capacity.curve import Point, top
from tools.capacity.plan import Plan

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, ABOVE, BASE = 72, 596, 48, 268
GREY, P50, P99, WANTED = "#808080", "#0e9aa7", "#8b5cf6", "#e2571e"

type Place = tuple[float, float]
"""From the left and from above."""


@dataclass(frozen=True)
class Scale:
    """Where instances and seconds are on the paper."""

    least: int
    most: int
    top: float

    def x(self, instances: int) -> float:
        """From the left."""
        return LEFT + (instances - self.least) / max(self.most - self.least, 1) * (RIGHT - LEFT)

    def y(self, seconds: float) -> float:
        """From above; what is beyond the paper ends at its edge."""
        return BASE - min(seconds / self.top, 1) * (BASE - ABOVE)


def svg(curve: Sequence[Point], plan: Plan) -> str:
    """The document: p50 and p99 over instances, the wanted p99, and the number that is needed."""
    scale = Scale(curve[0].instances, curve[-1].instances, top(curve, plan))
    said = f"{plan.kind.name}: latency over instances at {plan.load.rate:,g} requests/s"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" fill="{GREY}"',
        ' font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{said}</title>",
        text((LEFT, 24), said, size=14),
        *axis(curve, scale),
        *wanted(plan, scale),
        *graph(curve, scale, "p99", P99, lambda point: point.p99),
        *graph(curve, scale, "p50", P50, lambda point: point.p50),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def axis(curve: Sequence[Point], scale: Scale) -> Sequence[str]:
    """The line at the bottom, with a number for each point."""
    numbers = [text((scale.x(p.instances), BASE + 18), f"{p.instances:,}", anchor="middle") for p in curve]
    return [
        line((LEFT, BASE), (RIGHT, BASE), GREY),
        text((LEFT - 8, BASE + 4), "0 ms", anchor="end"),
        *numbers,
        text(((LEFT + RIGHT) / 2, HEIGHT - 10), "instances", anchor="middle"),
    ]


def wanted(plan: Plan, scale: Scale) -> Sequence[str]:
    """What was asked for, across, and what it takes, upright."""
    height, needed = scale.y(plan.load.p99), scale.x(plan.needed)
    return [
        line((LEFT, height), (RIGHT, height), WANTED, dash="6 4"),
        text((LEFT - 8, height + 4), f"{plan.load.p99 * 1000:,.0f} ms", WANTED, anchor="end"),
        line((needed, ABOVE - 8), (needed, BASE), GREY, dash="2 4"),
        text((needed + 5, ABOVE), "needed"),
    ]


def graph(
    curve: Sequence[Point], scale: Scale, name: str, colour: str, value: Callable[[Point], float]
) -> Sequence[str]:
    """One line through the points, with its name at the end."""
    places = [(scale.x(point.instances), scale.y(value(point))) for point in curve]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}',
        text((RIGHT + 8, places[-1][1] + 4), name, colour),
    ]


def line(start: Place, end: Place, colour: str, dash: str = "none") -> str:
    """A straight line."""
    (x1, y1), (x2, y2) = start, end
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-dasharray="{dash}"/>'


def text(at: Place, said: str, colour: str = GREY, *, anchor: str = "start", size: int = 12) -> str:
    """A line of text."""
    x, y = at
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" font-size="{size}">{said}</text>'
