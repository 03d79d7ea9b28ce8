"""The .kql files of monitoring/: queries of the dashboards, and alerts. Each has front matter, then the query.

    // title: Latency of the feature calls
    // tab: Overview
    //
    // How long does a feature call take?
    let function = "";  // one function's name; empty for all
    dependencies | ...

Front matter is lines of `// name: value`. An empty comment ends it, and a description follows. The workbook and the
local page replace the `let` of a parameter with the reader's choice. The file as it is can be pasted into the portal,
where the time picker limits the items.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import Literal, get_args

import msgspec
from msgspec import Struct

MONITORING = Path(__file__).parent.parent.parent / "monitoring"
PARAMETERS = ("function", "user", "only", "around", "operation", "grain")
LET = re.compile(rf'^let ({"|".join(PARAMETERS)}) = ("[^"\n]*"|\d+[smhd]);', re.MULTILINE)
FRONT_MATTER = re.compile(r"// (\w+): (.+)")

Tab = Literal["Overview", "User flow", "Errors", "What changed", "Drift", "Challenger", "Choices"]
"""The tab of a query; the queries of `Choices` fill the parameters' lists."""
TABS: Sequence[str] = get_args(Tab)
type Chart = Literal["lines", "bars", "compare", "table", "story", "timeline", "choices"]
"""`bars` are stacked over time; `compare` shows bars side by side; `choices` are the values of a parameter."""


class QueryFileError(ValueError):
    """A file is invalid; the text names it and what to change."""


class Query(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One query, and how the dashboards show its result."""

    name: str
    """The file's name without its suffix."""
    title: str
    about: str
    """The description."""
    tab: Tab
    order: int
    """The position in the tab, from 1."""
    chart: Chart
    unit: str = ""
    span: timedelta | None = None
    """A time range of its own, whatever the reader chooses: for slow changes. ISO 8601 in the file."""
    empty: str = "Nothing in this time range."
    """The text for an empty result."""
    text: str
    """The whole file."""

    @property
    def parameters(self) -> Sequence[str]:
        """The parameters that the reader can choose."""
        return tuple(let[1] for let in LET.finditer(self.text))


class Alert(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule. Its query returns rows with the columns `value` and `samples`.

    It fires when a row's value is at least `threshold` and comes from at least `minimum` samples.
    """

    name: str
    title: str
    about: str
    window: timedelta
    """The time range of the query; ISO 8601 in the file, as in Azure."""
    threshold: float
    unit: str
    minimum: int
    severity: Literal[0, 1, 2, 3, 4]
    """0 critical, 1 error, 2 warning, 3 informational, 4 verbose."""
    runbook: str
    """The chapter to read when it fires, from the repository's root."""
    text: str

    @property
    def query(self) -> str:
        """The query as a rule runs it: without the rows that have too few samples."""
        return f"{self.text.rstrip()}\n| where samples >= {self.minimum}\n"


def queries(folder: Path = MONITORING) -> Sequence[Query]:
    """Return all queries, by tab and position. Raises QueryFileError."""
    queries = (_read(path, Query) for path in folder.glob("queries/*.kql"))
    return sorted(queries, key=lambda query: (TABS.index(query.tab), query.order))


def alerts(folder: Path = MONITORING) -> Sequence[Alert]:
    """Return all alerts, the most severe first. Raises QueryFileError."""
    alerts = (_read(path, Alert) for path in folder.glob("alerts/*.kql"))
    return sorted(alerts, key=lambda alert: (alert.severity, alert.name))


def front_matter(text: str) -> tuple[Mapping[str, str], str]:
    """Return the values at the top of a file, and its description. Raises QueryFileError for any other line."""
    comment = list(takewhile(lambda line: line.startswith("//"), text.splitlines()))
    end = comment.index("//") if "//" in comment else len(comment)
    values = {}
    for line in comment[:end]:
        match = FRONT_MATTER.fullmatch(line)
        if not match:
            raise QueryFileError(f"{line!r} is not `// name: value`; an empty comment ends the front matter.")
        values[match[1]] = match[2].strip()
    return values, " ".join(line.removeprefix("//").strip() for line in comment[end + 1 :])


def _read[T: (Query, Alert)](path: Path, kind: type[T]) -> T:
    text = path.read_text(encoding="utf-8")
    try:
        values, about = front_matter(text)
        return msgspec.convert({**values, "name": path.stem, "about": about, "text": text}, kind, strict=False)
    except (msgspec.ValidationError, QueryFileError) as error:
        raise QueryFileError(f"{path.name}: {error}") from None
