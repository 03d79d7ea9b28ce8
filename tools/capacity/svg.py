"""The curve as an SVG document, readable on a light and on a dark background."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.capacity.curve import Point, top
from tools.capacity.plan import Plan

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 72, 596, 48, 268
GREY, P50, P99, TARGET = "#808080", "#0e9aa7", "#8b5cf6", "#e2571e"

type Position = tuple[float, float]
"""x from the left and y from the top."""


@dataclass(frozen=True)
class Scale:
    """Convert instances and seconds to positions in the picture."""

    first: int
    last: int
    top: float
    """The seconds at the upper edge."""

    def x(self, instances: int) -> float:
        """Return the position from the left."""
        return LEFT + (instances - self.first) / max(self.last - self.first, 1) * (RIGHT - LEFT)

    def y(self, seconds: float) -> float:
        """Return the position from the top; longer times end at the upper edge."""
        return BOTTOM - min(seconds / self.top, 1) * (BOTTOM - TOP)


def document(curve: Sequence[Point], plan: Plan) -> str:
    """Return the document: p50 and p99 over instances, the target, and the needed number."""
    scale = Scale(curve[0].instances, curve[-1].instances, top(curve, plan))
    title = f"{plan.kind.name}: latency over instances at {plan.load.rate:,g} requests/s"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" fill="{GREY}"',
        ' font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{title}</title>",
        text((LEFT, 24), title, size=14),
        *axis(curve, scale),
        *target(plan, scale),
        *graph(curve, scale, "p99", P99, lambda point: point.p99),
        *graph(curve, scale, "p50", P50, lambda point: point.p50),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def axis(curve: Sequence[Point], scale: Scale) -> Sequence[str]:
    """Return the horizontal axis, with a number for each point."""
    numbers = [text((scale.x(p.instances), BOTTOM + 18), f"{p.instances:,}", anchor="middle") for p in curve]
    return [
        line((LEFT, BOTTOM), (RIGHT, BOTTOM), GREY),
        text((LEFT - 8, BOTTOM + 4), "0 ms", anchor="end"),
        *numbers,
        text(((LEFT + RIGHT) / 2, HEIGHT - 10), "instances", anchor="middle"),
    ]


def target(plan: Plan, scale: Scale) -> Sequence[str]:
    """Return a horizontal line at the target latency and a vertical one at the needed instances."""
    y, x = scale.y(plan.load.p99), scale.x(plan.needed)
    return [
        line((LEFT, y), (RIGHT, y), TARGET, dash="6 4"),
        text((LEFT - 8, y + 4), f"{plan.load.p99 * 1000:,.0f} ms", TARGET, anchor="end"),
        line((x, TOP - 8), (x, BOTTOM), GREY, dash="2 4"),
        text((x + 5, TOP), "needed"),
    ]


def graph(
    curve: Sequence[Point], scale: Scale, name: str, colour: str, value: Callable[[Point], float]
) -> Sequence[str]:
    """Return one line through the points, with its name at the end."""
    positions = [(scale.x(point.instances), scale.y(value(point))) for point in curve]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in positions)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in positions)
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}',
        text((RIGHT + 8, positions[-1][1] + 4), name, colour),
    ]


def line(start: Position, end: Position, colour: str, dash: str = "none") -> str:
    """Return a straight line."""
    (x1, y1), (x2, y2) = start, end
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-dasharray="{dash}"/>'


def text(position: Position, content: str, colour: str = GREY, *, anchor: str = "start", size: int = 12) -> str:
    """Return a line of text."""
    x, y = position
    attributes = f'x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" font-size="{size}"'
    return f"<text {attributes}>{content}</text>"
