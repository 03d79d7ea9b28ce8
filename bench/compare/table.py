"""The figures as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.compare.figures import Result
from bench.compare.machine import About
from bench.compare.ratios import Outcome

NOTES = (
    "Medians (least–greatest) of all rounds; in each round every server had its turn.",
    "Cold start: from the start of the process to its first right prediction, on all cores, with a token issued before "
    "and the files in the page cache.",
    "Load: the server on the first core, the client on the last. LitServe has several processes and loses about half "
    "of its requests/s on one core.",
    "Memory: PSS of all processes after 1,000 predictions. Installed: packages and their byte code, without Python.",
)


@dataclass(frozen=True)
class Column:
    """A figure's name, its heading, and its decimals."""

    figure: str
    heading: str
    decimals: int = 0
    scale: float = 1.0

    def shown(self, value: float) -> str:
        """A figure as people read it."""
        return f"{value * self.scale:,.{self.decimals}f}"

    def cell(self, result: Result) -> str:
        """The median, with the range where there is one."""
        values = result.values(self.figure)
        if not values:
            return "–"
        middle, least, most = map(self.shown, (result.median(self.figure) or 0.0, min(values), max(values)))
        return middle if least == most else f"{middle} ({least}–{most})"


COLUMNS = (
    Column("cold_start_s", "cold start s", 2),
    Column("p50_ms", "p50 ms, 1 client", 2),
    Column("p99_ms", "p99 ms", 2),
    Column("requests_per_s", "requests/s, 16 clients"),
    Column("rows_per_s_1000", "rows/s in 1,000s, thousands", 0, 1e-3),
    Column("rows_per_s_10000", "rows/s in 10,000s, thousands", 0, 1e-3),
    Column("memory_mb", "memory MB"),
)


def report(results: Sequence[Result], outcomes: Sequence[Outcome], about: About) -> str:
    """All of it: the circumstances, the figures, the ratios, the notes and the versions."""
    circumstances = f"{about}\n\n    {about.command}"
    notes = "\n".join(f"- {note}" for note in NOTES)
    return "\n\n".join([circumstances, figures(results), ratios(outcomes), notes, versions(results)])


def figures(results: Sequence[Result]) -> str:
    """A row for each subject; one that failed says why."""
    head = ["", *(column.heading for column in COLUMNS), "installed MB"]
    return "\n".join([row(head), rule(len(head)), *(row(cells(result)) for result in results)])


def cells(result: Result) -> Sequence[str]:
    """What is told of one subject."""
    installed = "–" if result.installed_mb is None else f"{result.installed_mb:,.0f}"
    if result.failure:
        reason = f"not measured: {escaped(result.failure)}"
        return [result.subject.title, reason, *[""] * (len(COLUMNS) - 1), installed]
    return [result.subject.title, *(column.cell(result) for column in COLUMNS), installed]


def versions(results: Sequence[Result]) -> str:
    """A line for each environment: what the peer asks for, and what matters in all of them."""
    told = {each.subject.environment: each.versions for each in results if each.versions}
    lines = (", ".join(f"{name} {version}" for name, version in sorted(every.items())) for every in told.values())
    return "\n".join(f"- `{name}`: {line}" for name, line in zip(told, lines, strict=True))


def ratios(outcomes: Sequence[Outcome]) -> str:
    """A row for each ratio."""
    head = ["this service's", "median (least–greatest)", "target", ""]
    return "\n".join([row(head), rule(len(head)), *(row(judged(each)) for each in outcomes)])


def judged(outcome: Outcome) -> Sequence[str]:
    """What is told of one ratio."""
    title, target = outcome.ratio.title, str(outcome.ratio.target)
    if outcome.median is None:
        return [title, "not measured", target, ""]
    verdict = {True: "kept", False: "NOT kept", None: ""}[outcome.kept]
    return [title, f"{outcome.median:.2f} ({min(outcome.values):.2f}–{max(outcome.values):.2f})", target, verdict]


def row(cells: Sequence[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def rule(columns: int) -> str:
    """The line under the head: names to the left, figures to the right."""
    return row(["---", *["---:"] * (columns - 1)])


def escaped(text: str) -> str:
    """A text that fits into a cell."""
    return " ".join(text.split()).replace("|", "\\|")
