from datetime import timedelta
from pathlib import Path

import pytest

from tools.insights.queries import QueryFileError, alerts, front_matter, queries

QUERY = """\
// title: A query
// tab: Overview
// order: 1
// chart: lines
// unit: ms
//
// How long
// does it take?
let function = "";  // all
let grain = 5m;
dependencies
| where name == "let user = x"
"""
ALERT = """\
// title: It burns
// window: PT15M
// threshold: 2.5
// unit: %
// minimum: 20
// severity: 1
// runbook: docs/operate.md#it-burns
//
// Something burns.
requests
| project value = 1.0, samples = 30
"""


def write(folder: Path, kind: str, text: str, name: str = "one") -> Path:
    (folder / kind).mkdir(exist_ok=True)
    (folder / kind / f"{name}.kql").write_text(text)
    return folder


def test_front_matter_ends_at_an_empty_comment_and_a_description_follows() -> None:
    values, about = front_matter(QUERY)
    assert values == {"title": "A query", "tab": "Overview", "order": "1", "chart": "lines", "unit": "ms"}
    assert about == "How long does it take?"


def test_a_query_has_the_name_of_its_file_and_its_parameters(tmp_path: Path) -> None:
    (query,) = queries(write(tmp_path, "queries", QUERY))
    assert (query.name, query.order, query.parameters) == ("one", 1, ("function", "grain"))
    assert query.text == QUERY


def test_queries_are_sorted_by_tab_and_position(tmp_path: Path) -> None:
    write(tmp_path, "queries", QUERY.replace("Overview", "Drift"), "a")
    write(tmp_path, "queries", QUERY.replace("order: 1", "order: 10"), "b")
    write(tmp_path, "queries", QUERY.replace("order: 1", "order: 9"), "c")
    assert [query.name for query in queries(tmp_path)] == ["c", "b", "a"]


def test_an_alert_s_query_excludes_rows_with_too_few_samples(tmp_path: Path) -> None:
    (alert,) = alerts(write(tmp_path, "alerts", ALERT))
    assert (alert.window, alert.threshold, alert.severity) == (timedelta(minutes=15), 2.5, 1)
    assert alert.query == f"{ALERT}| where samples >= 20\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("// title: A query\n", "", "title"),
        ("// order: 1", "// order: first", "order"),
        ("tab: Overview", "tab: Somewhere", "tab"),
        ("// unit: ms", "// colour: red", "colour"),
        ("// unit: ms", "// how long does it take", "empty comment"),
    ],
)
def test_a_file_with_invalid_front_matter_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    write(tmp_path, "queries", QUERY.replace(old, new))
    with pytest.raises(QueryFileError, match=rf"one\.kql: .*{message}"):
        queries(tmp_path)
