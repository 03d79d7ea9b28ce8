"""The results of all rounds as Markdown: the figures of each subject, and the ratios that the project promises."""

import datetime as dt
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.compare.catalogue import Subject
from bench.compare.measure import Figures
from bench.compare.ratios import Ratio, median_and_range

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
- Memory: PSS of all processes after 1,000 predictions, or five seconds of them. Installed: packages and their byte
  code, without Python; LightGBM is among them.
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


def report(results: Sequence[Result], command: str, ratios: Sequence[Ratio]) -> str:
    """Return the whole text: machine and command, figures, ratios, notes and versions."""
    tables = [figures(results), ratio_table(results, ratios)]
    parts = [machine(), f"    {command}", *tables, NOTES.strip(), versions(results)]
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


def ratio_table(results: Sequence[Result], ratios: Sequence[Ratio]) -> str:
    """Return a row for each ratio. A subject that failed does not count, with none of its rounds."""
    valid = [result for result in results if not result.failure]
    names = [result.subject.name for result in valid]
    rounds = [dict(zip(names, row, strict=True)) for row in zip(*(result.rounds for result in valid), strict=True)]
    head = ["this service's", "median (least–greatest)", "target", ""]
    return table([head, *(ratio.cells(ratio.values(rounds)) for ratio in ratios)])


def versions(results: Sequence[Result]) -> str:
    """Return the versions of all packages in a line; a package is named twice where two environments differ."""
    return f"Versions: {', '.join(sorted({package for result in results for package in result.packages}))}."


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table with names on the left and figures on the right; the first row is its head."""
    rule = ["---", *["---:"] * (len(rows[0]) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (rows[0], rule, *rows[1:]))
