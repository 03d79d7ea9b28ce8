"""The .kql files of monitoring/: questions for the dashboards, and alerts. Front matter on top, then the query.

    // title: Latency of the feature calls
    // tab: Overview
    //
    // How long does a feature call take?
    let function = "";  // one function's name; empty for all
    dependencies | ...

Front matter is lines of `// name: value`; below an empty comment stands what is asked, in words. The `let` of a
parameter is where the workbook, and the local page, put the reader's choice. As it stands a file can be pasted into
the portal, whose time picker bounds what it reads.
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
PARAMETERS = ("function", "user", "operation", "grain")
LET = re.compile(rf'^let ({"|".join(PARAMETERS)}) = ("[^"\n]*"|\d+[smhd]);', re.MULTILINE)
NAMED = re.compile(r"// (\w+): (.+)")

Tab = Literal["Overview", "User flow", "Errors", "What changed", "Drift", "Choices"]
"""Where a question is shown; the questions of `Choices` fill the parameters' lists."""
TABS: Sequence[str] = get_args(Tab)
type Chart = Literal["lines", "bars", "compare", "table", "story", "timeline", "choices"]
"""`bars` are stacked over time, `compare` stands bars side by side; `choices` are a parameter's values."""


class QuestionError(ValueError):
    """A file is not as it should be; the text names it and says what to change."""


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question, and how the dashboards show its answer."""

    name: str
    """The file's name without its suffix."""
    title: str
    about: str
    """What is asked, in words."""
    tab: Tab
    order: int
    """The place in the tab, from 1."""
    chart: Chart
    unit: str = ""
    span: timedelta | None = None
    """How far back it looks, whatever time range the reader chose: for what changes slowly. ISO 8601 in the file."""
    empty: str = "Nothing in this time range."
    """What to say when there is no answer."""
    text: str
    """The whole file."""

    @property
    def parameters(self) -> Sequence[str]:
        """What the reader may choose."""
        return tuple(found[1] for found in LET.finditer(self.text))


class Alert(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule. Its query answers rows with the columns `value` and `samples`.

    It fires when a row's value is `threshold` or more and rests on at least `minimum` samples.
    """

    name: str
    title: str
    about: str
    window: timedelta
    """How far back the query looks; ISO 8601 in the file, as Azure has it."""
    threshold: float
    unit: str
    minimum: int
    severity: Literal[0, 1, 2, 3, 4]
    """0 critical, 1 error, 2 warning, 3 informational, 4 verbose."""
    runbook: str
    """What to read when it fires, from the repository's root."""
    text: str

    @property
    def query(self) -> str:
        """The query as a rule runs it: too few samples answer nothing."""
        return f"{self.text.rstrip()}\n| where samples >= {self.minimum}\n"


def questions(folder: Path = MONITORING) -> Sequence[Question]:
    """All questions, by tab and place in it. Raises QuestionError."""
    found = (_read(path, Question) for path in folder.glob("queries/*.kql"))
    return sorted(found, key=lambda each: (TABS.index(each.tab), each.order))


def alerts(folder: Path = MONITORING) -> Sequence[Alert]:
    """All alerts, the most severe first. Raises QuestionError."""
    found = (_read(path, Alert) for path in folder.glob("alerts/*.kql"))
    return sorted(found, key=lambda each: (each.severity, each.name))


def front_matter(text: str) -> tuple[Mapping[str, str], str]:
    """The named values on top of a file, and the words below them. Raises QuestionError for a line that is neither."""
    comment = list(takewhile(lambda line: line.startswith("//"), text.splitlines()))
    end = comment.index("//") if "//" in comment else len(comment)
    found = [(line, NAMED.fullmatch(line)) for line in comment[:end]]
    for line, named in found:
        if not named:
            raise QuestionError(f"{line!r} is not `// name: value`; an empty comment ends the front matter.")
    about = " ".join(line.removeprefix("//").strip() for line in comment[end + 1 :])
    return {named[1]: named[2].strip() for _, named in found if named}, about


def _read[T: (Question, Alert)](path: Path, kind: type[T]) -> T:
    text = path.read_text(encoding="utf-8")
    try:
        values, about = front_matter(text)
        return msgspec.convert({**values, "name": path.stem, "about": about, "text": text}, kind, strict=False)
    except (msgspec.ValidationError, QuestionError) as error:
        raise QuestionError(f"{path.name}: {error}") from None
