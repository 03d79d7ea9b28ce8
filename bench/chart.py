"""Curves over one time axis as an SVG document, a panel for each, readable on light and on dark ground."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, LEFT, RIGHT = 760, 64, 736
TOP, HIGH, BETWEEN, BELOW = 92, 100, 54, 46
"""The first panel's upper edge, a panel's height, the room between two, and below the last."""
GREY = "#777777"  # as readable on white as on GitHub's dark
MOST_TICKS = 5
NEARLY = 1.02  # a run of 9.9 minutes has its mark at 10

type Place = tuple[float, float]
"""From the left and from above."""


@dataclass(frozen=True)
class Curve:
    """What one panel shows: values from 0 up, over the chart's times."""

    name: str
    said: str
    """The finding in a few words, at the panel's right."""
    colour: str
    values: Sequence[float]
    trend: tuple[Place, Place] | None = None
    """A straight line from one (time, value) to another."""


@dataclass(frozen=True)
class Chart:
    """Curves over the same times, in minutes."""

    title: str
    said: str
    minutes: Sequence[float]
    curves: Sequence[Curve]
    shaded: float = 0.0
    """So many minutes at the start do not count."""

    @property
    def height(self) -> float:
        """Of the document."""
        return TOP + len(self.curves) * (HIGH + BETWEEN) - BETWEEN + BELOW

    def svg(self) -> str:
        """The document."""
        panels = [Panel(self, curve, TOP + number * (HIGH + BETWEEN)) for number, curve in enumerate(self.curves)]
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height:g}" role="img" fill="{GREY}"',
            ' font-family="system-ui, -apple-system, \'Segoe UI\', sans-serif" font-size="12">',
            f"<title>{self.title}: {self.said}</title>",
            text((LEFT, 24), self.title, size=16, weight=600),
            text((LEFT, 43), self.said),
            *(part for panel in panels for part in panel.parts()),
            *self.axis(),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def axis(self) -> Sequence[str]:
        """The minutes below the last panel."""
        base = self.height - BELOW
        marks = [each for each in ticks(self.minutes[-1], 10) if each <= self.minutes[-1] * NEARLY]
        return [text((self.x(each), base + 17), f"{each:g}", anchor="middle") for each in marks] + [
            text(((LEFT + RIGHT) / 2, base + 35), "minutes", anchor="middle")
        ]

    def x(self, minutes: float) -> float:
        """From the left."""
        return LEFT + min(minutes / self.minutes[-1], 1) * (RIGHT - LEFT)


@dataclass(frozen=True)
class Panel:
    """One curve's place on the paper."""

    chart: Chart
    curve: Curve
    above: float

    def parts(self) -> Sequence[str]:
        """Everything in it, the curve on top."""
        title = (LEFT, self.above - 12)
        return [
            text(title, self.curve.name, self.curve.colour, size=13, weight=600),
            text((RIGHT, self.above - 12), self.curve.said, anchor="end"),
            *self.grid(),
            *self.shade(),
            *self.graph(),
        ]

    def grid(self) -> Sequence[str]:
        """A line across for every round value."""
        found = []
        for value in ticks(self.most, MOST_TICKS):
            height = self.y(value)
            found.append(line((LEFT, height), (RIGHT, height), GREY, opacity=0.25 if value else 0.8))
            found.append(text((LEFT - 8, height + 4), f"{value:,g}", anchor="end"))
        return found

    def shade(self) -> Sequence[str]:
        """What does not count; the first panel says so for all."""
        if not self.chart.shaded:
            return []
        end = self.chart.x(self.chart.shaded)
        at = f'x="{LEFT}" y="{self.above}" width="{end - LEFT:.1f}" height="{HIGH}"'
        said = [text((end - 8, self.above + HIGH - 8), "warm-up", anchor="end", size=11)] if self.first else []
        return [f'<rect {at} fill="{GREY}" opacity="0.12"/>', *said]

    def graph(self) -> Sequence[str]:
        """The curve, the area below it, and its trend."""
        pairs = zip(self.chart.minutes, self.curve.values, strict=True)
        places = [(self.chart.x(minutes), self.y(value)) for minutes, value in pairs]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        base = self.above + HIGH
        area = f"{places[0][0]:.1f},{base} {path} {places[-1][0]:.1f},{base}"
        colour = self.curve.colour
        trend = []
        if self.curve.trend:
            (start, low), (end, high) = self.curve.trend
            trend = [line((self.chart.x(start), self.y(low)), (self.chart.x(end), self.y(high)), colour, dash="7 5")]
        return [
            f'<polygon points="{area}" fill="{colour}" opacity="0.15"/>',
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8" stroke-linejoin="round"/>',
            *trend,
        ]

    @property
    def first(self) -> bool:
        """Whether it is the uppermost."""
        return self.above == TOP

    @property
    def most(self) -> float:
        """The value at the upper edge."""
        return ticks(max(self.curve.values), MOST_TICKS)[-1] or 1.0

    def y(self, value: float) -> float:
        """From above."""
        return self.above + HIGH * (1 - value / self.most)


def ticks(most: float, count: int) -> Sequence[float]:
    """At most so many round values after 0, in equal steps, of which the last reaches `most`."""
    if most <= 0:
        return [0.0]
    least = most / count
    unit = 10.0 ** math.floor(math.log10(least))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= least)
    return [step * number for number in range(math.ceil(most / step) + 1)]


def line(start: Place, end: Place, colour: str, *, dash: str = "none", opacity: float = 1.0) -> str:
    """A straight line."""
    (x1, y1), (x2, y2) = start, end
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-dasharray="{dash}" opacity="{opacity:g}"/>'


def text(  # noqa: PLR0913 - a line of text has these
    at: Place, said: str, colour: str = GREY, *, anchor: str = "start", size: int = 12, weight: int = 400
) -> str:
    """A line of text."""
    x, y = at
    look = f'fill="{colour}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{said}</text>'
