"""The results of all rounds as Markdown: the figures of each subject, and the ratios that the project promises."""

import datetime as dt
import os
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import ge, gt, le, lt
from pathlib import Path
from typing import NamedTuple

from bench.compare.catalogue import PEERS, Subject
from bench.compare.measure import Figures

SERVICE = "service"
SIGNS: Mapping[str, Callable[[float, float], bool]] = {"<": lt, "≤": le, ">": gt, "≥": ge}
COLUMNS = (
    ("cold_start_s", "cold start s", 2, 1.0),
    ("p50_ms", "p50 ms, 1 client", 2, 1.0),
    ("p99_ms", "p99 ms", 2, 1.0),
    ("requests_per_s", "requests/s, 16 clients", 0, 1.0),
    ("rows_per_s_1000", "rows/s in 1,000s, thousands", 0, 1e-3),
    ("rows_per_s_10000", "rows/s in 10,000s, thousands", 0, 1e-3),
    ("memory_mb", "memory MB", 0, 1.0),
)
"""A figure's name, its heading, its decimals and a factor."""
NOTES = """
- Medians (least–greatest) of all rounds; in each round every server had its turn.
- Cold start: from the start of the process to its first right prediction, on all cores, with a token issued before and
  the files in the page cache.
- Load: the server on the first core, the client on the last. LitServe has several processes and loses about half of its
  requests/s on one core.
- Memory: PSS of all processes after 1,000 predictions. Installed: packages and their byte code, without Python.
"""


@dataclass
class Result:
    """A subject, its rounds so far, and the reason why there are no more of them, if it failed."""

    subject: Subject
    rounds: list[Figures] = field(default_factory=list)
    failure: str = ""
    installed_mb: float | None = None
    packages: Sequence[str] = ()
    """With their versions."""


class Ratio(NamedTuple):
    """A figure of this service divided by the same of others, with a target or without one."""

    title: str
    figure: str
    best: Callable[[Iterable[float]], float]
    """Chooses from the others' figures: the least or the greatest."""
    others: Sequence[str]
    sign: str = ""
    limit: float = 0.0

    def values(self, rounds: Sequence[Mapping[str, Figures]]) -> Sequence[float]:
        """Return the ratio in each round that has both sides of it; a round has figures by subject's name."""
        values = []
        for by_name in rounds:
            others = [by_name[name][self.figure] for name in self.others if self.figure in by_name.get(name, {})]
            if others and self.figure in by_name.get(SERVICE, {}):
                values.append(by_name[SERVICE][self.figure] / self.best(others))
        return values

    def cells(self, values: Sequence[float]) -> Sequence[str]:
        """Return the row of the table: title, values, target, and whether the median reaches it."""
        shown = median_and_range(values, 2) if values else "not measured"
        target, verdict = f"{self.sign} {self.limit:g}" if self.sign else "–", ""
        if values and self.sign:
            verdict = "reached" if SIGNS[self.sign](statistics.median(values), self.limit) else "missed"
        return [self.title, shown, target, verdict]


PEER_NAMES = [peer.name for peer in PEERS]
COLD, REQUESTS, BATCHES = "cold_start_s", "requests_per_s", "rows_per_s_10000"
RATIOS = (
    Ratio("cold start ÷ fastest peer's", COLD, min, PEER_NAMES, "≤", 0.5),
    Ratio("cold start ÷ `import sklearn.linear_model` alone", COLD, min, ["import"], "<", 1),
    Ratio("requests/s, 16 clients ÷ fastest peer's", REQUESTS, max, PEER_NAMES, ">", 1),
    Ratio("requests/s, 16 clients ÷ constant through the same host", REQUESTS, max, ["constant"]),
    Ratio("rows/s, batches of 10,000 ÷ bare decode + predict + encode", BATCHES, max, ["in-process"], "≥", 0.7),
    Ratio("rows/s, batches of 10,000 ÷ the same over HTTP", BATCHES, max, ["bare"]),
    Ratio("memory ÷ FastAPI's", "memory_mb", min, ["fastapi"], "≤", 0.6),
)
"""All peers load scikit-learn."""


def report(results: Sequence[Result], command: str) -> str:
    """Return the whole text: machine and command, figures, ratios, notes and versions."""
    parts = [machine(), f"    {command}", figures(results), ratios(results), NOTES.strip(), versions(results)]
    return "\n\n".join(parts)


def machine() -> str:
    """Return processor, cores, Python and today's date in a line."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    processor, date = next(names, platform.machine()), dt.datetime.now(dt.UTC).date().isoformat()
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}, {date}"


def figures(results: Sequence[Result]) -> str:
    """Return a row for each subject; one that failed has the reason."""
    rows = [["", *(heading for _, heading, _, _ in COLUMNS), "installed MB"]]
    for result in results:
        cells = []
        for name, _, decimals, factor in COLUMNS:
            values = [figures[name] * factor for figures in result.rounds if name in figures]
            cells.append(median_and_range(values, decimals) if values else "–")
        if result.failure:
            reason = " ".join(result.failure.split()).replace("|", "\\|")
            cells = [f"not measured: {reason}", *[""] * (len(COLUMNS) - 1)]
        installed = "–" if result.installed_mb is None else f"{result.installed_mb:,.0f}"
        rows.append([result.subject.title, *cells, installed])
    return table(rows)


def ratios(results: Sequence[Result]) -> str:
    """Return a row for each ratio. A subject that failed does not count, with none of its rounds."""
    valid = [result for result in results if not result.failure]
    names = [result.subject.name for result in valid]
    rounds = [dict(zip(names, row, strict=True)) for row in zip(*(result.rounds for result in valid), strict=True)]
    head = ["this service's", "median (least–greatest)", "target", ""]
    return table([head, *(ratio.cells(ratio.values(rounds)) for ratio in RATIOS)])


def versions(results: Sequence[Result]) -> str:
    """Return the versions of all packages in a line; a package is named twice where two environments differ."""
    return f"Versions: {', '.join(sorted({package for result in results for package in result.packages}))}."


def median_and_range(values: Sequence[float], decimals: int) -> str:
    """Return the median with the least and the greatest value, where they look different."""
    numbers = (statistics.median(values), min(values), max(values))
    median, least, greatest = (f"{number:,.{decimals}f}" for number in numbers)
    return median if least == greatest else f"{median} ({least}–{greatest})"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table with names on the left and figures on the right; the first row is its head."""
    rule = ["---", *["---:"] * (len(rows[0]) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (rows[0], rule, *rows[1:]))
