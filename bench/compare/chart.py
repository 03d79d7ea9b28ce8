"""Three figures of every server as bars: an SVG document, readable on light and on dark ground."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from bench.compare.figures import Result
from bench.compare.machine import About
from bench.compare.subjects import Kind, Server
from tools.capacity.svg import GREY, Position, line, text

WIDTH, LABELS, MARGIN = 880, 250, 16
ABOVE, ROW, BAR, GROUP = 92, 26, 14, 42
"""Where the first row is, a row's height, a bar's, and what a new group adds for its name."""
LONGEST = 138.0
CUT = 12.0
"""From the end of a bar that leaves the scale to the gap that says so."""
OWN = "#e2571e"
FILLS = {
    Kind.SERVICE: f'fill="{OWN}"',
    Kind.PEER: f'fill="{GREY}" fill-opacity="0.75"',
    Kind.FLOOR: f'fill="{GREY}" fill-opacity="0.15" stroke="{GREY}" stroke-dasharray="3 2"',
}
GROUPS = {Kind.PEER: "peers", Kind.FLOOR: "floors: less work than a service has; bars beyond the scale are cut"}


@dataclass(frozen=True)
class Panel:
    """One figure of all servers, side by side with the other panels."""

    title: str
    better: str
    figure: str
    left: float
    decimals: int = 0

    def top(self, results: Sequence[Result]) -> float:
        """The figure at the end of the scale: the greatest of those that do the whole work."""
        whole = [each.median(self.figure) or 0.0 for each in results if each.subject.kind is not Kind.FLOOR]
        every = [each.median(self.figure) or 0.0 for each in results]
        return max(whole, default=0.0) or max(every, default=0.0) or 1.0

    def head(self) -> Iterator[str]:
        """What it shows, and which way is good."""
        yield text((self.left, 62), self.title, size=14)
        yield text((self.left, 78), self.better, size=11)

    def bar(self, result: Result, above: float, top: float) -> Iterator[str]:
        """A server's bar with its figure."""
        if (value := result.median(self.figure)) is None:
            return
        length = min(value / top, 1.0) * LONGEST
        size = f'x="{self.left:.1f}" y="{above:.1f}" width="{max(length, 1):.1f}" height="{BAR}"'
        yield f'<rect {size} rx="2" {FILLS[result.subject.kind]}/>'
        if value > top:
            yield from gap((self.left + length - CUT, above))
        yield text((self.left + length + 6, above + BAR - 3), f"{value:,.{self.decimals}f}", colour(result))


PANELS = (
    Panel("Cold start, s", "shorter is better", "cold_start_s", LABELS, 2),
    Panel("Requests/s, 16 clients", "longer is better", "requests_per_s", LABELS + 212),
    Panel("Memory, MB", "shorter is better", "memory_mb", LABELS + 424),
)


def svg(results: Sequence[Result], about: About) -> str:
    """The document."""
    shown = [each for each in results if isinstance(each.subject, Server)]
    places, height = arranged(shown)
    said = "The same model behind each server, one row a request"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" fill="{GREY}"',
        ' font-family="system-ui, sans-serif" font-size="12">',
        f"<style>text[fill='{OWN}'] {{ font-weight: 700 }}</style>",
        f"<title>{said}</title>",
        text((MARGIN, 28), said, size=16),
        *(part for panel in PANELS for part in panel.head()),
        *(part for result, above in zip(shown, places, strict=True) for part in label(result, above)),
        *names(shown, places),
    ]
    for panel in PANELS:
        top = panel.top(shown)
        parts += [part for result, above in zip(shown, places, strict=True) for part in panel.bar(result, above, top)]
    return "\n".join([*parts, text((MARGIN, height - 16), escape(f"{about}; medians"), size=11), "</svg>"]) + "\n"


def arranged(results: Sequence[Result]) -> tuple[Sequence[float], float]:
    """How far from above each row is, and the height of the paper."""
    places, above, kind = [], float(ABOVE), Kind.SERVICE
    for result in results:
        if result.subject.kind is not kind:
            kind, above = result.subject.kind, above + GROUP
        places.append(above)
        above += ROW
    return places, above + 44


def names(results: Sequence[Result], places: Sequence[float]) -> Iterator[str]:
    """The name of each group, over its first row."""
    told = set()
    for result, above in zip(results, places, strict=True):
        kind = result.subject.kind
        if kind in GROUPS and kind not in told:
            told.add(kind)
            yield line((MARGIN, above - 34), (WIDTH - MARGIN, above - 34), GREY, dash="1 3")
            yield text((MARGIN, above - 14), GROUPS[kind], size=11)


def label(result: Result, above: float) -> Iterator[str]:
    """Whose row it is, and why there are no bars in it."""
    yield text((MARGIN, above + BAR - 3), escape(result.subject.title), colour(result), size=13)
    if result.failure:
        yield text((LABELS, above + BAR - 3), escape(f"not measured: {result.failure}"[:90]))


def gap(at: Position) -> Iterator[str]:
    """Two strokes across a bar: it goes on beyond the scale."""
    x, y = at
    for shift in (0.0, 4.0):
        yield line((x + shift, y + BAR + 3), (x + shift + 4, y - 3), GREY)


def colour(result: Result) -> str:
    """This service's own, grey for all others."""
    return OWN if result.subject.kind is Kind.SERVICE else GREY
