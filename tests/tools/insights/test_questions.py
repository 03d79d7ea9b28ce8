from datetime import timedelta
from pathlib import Path

import pytest

from tools.insights.questions import QuestionError, alerts, front_matter, questions

QUESTION = """\
// title: A question
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


def written(folder: Path, kind: str, text: str, name: str = "one") -> Path:
    (folder / kind).mkdir(exist_ok=True)
    (folder / kind / f"{name}.kql").write_text(text)
    return folder


def test_front_matter_ends_at_an_empty_comment_and_the_words_below_are_put_together() -> None:
    values, about = front_matter(QUESTION)
    assert values == {"title": "A question", "tab": "Overview", "order": "1", "chart": "lines", "unit": "ms"}
    assert about == "How long does it take?"


def test_a_question_is_named_by_its_file_and_knows_its_parameters(tmp_path: Path) -> None:
    (question,) = questions(written(tmp_path, "queries", QUESTION))
    assert (question.name, question.order, question.parameters) == ("one", 1, ("function", "grain"))
    assert question.text == QUESTION


def test_questions_come_by_tab_and_place(tmp_path: Path) -> None:
    written(tmp_path, "queries", QUESTION.replace("Overview", "Drift"), "a")
    written(tmp_path, "queries", QUESTION.replace("order: 1", "order: 10"), "b")
    written(tmp_path, "queries", QUESTION.replace("order: 1", "order: 9"), "c")
    assert [each.name for each in questions(tmp_path)] == ["c", "b", "a"]


def test_an_alert_s_query_leaves_out_what_rests_on_too_few_samples(tmp_path: Path) -> None:
    (alert,) = alerts(written(tmp_path, "alerts", ALERT))
    assert (alert.window, alert.threshold, alert.severity) == (timedelta(minutes=15), 2.5, 1)
    assert alert.query == f"{ALERT}| where samples >= 20\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("// title: A question\n", "", "title"),
        ("// order: 1", "// order: first", "order"),
        ("tab: Overview", "tab: Somewhere", "tab"),
        ("// unit: ms", "// colour: red", "colour"),
        ("// unit: ms", "// how long does it take", "empty comment"),
    ],
)
def test_a_file_with_other_front_matter_is_refused_by_name(tmp_path: Path, old: str, new: str, said: str) -> None:
    written(tmp_path, "queries", QUESTION.replace(old, new))
    with pytest.raises(QuestionError, match=rf"one\.kql: .*{said}"):
        questions(tmp_path)
