"""The models that people have: nearly all are served without scikit-learn, and every tree, forest and pipeline is."""

import re

import pytest

from bench.models.__main__ import PAGE, SECTION, Result, line, measure, table
from bench.models.subjects import Subject, subjects
from tests.tools.model.estimators import linear, numbers

SUBJECT = Subject("Plain", "regressors", linear(), *numbers())


def test_a_line_has_the_runtime_the_difference_and_both_times() -> None:
    assert line(Result(SUBJECT, "numpy", 2e-15, 2e-6, 70e-6)) == "| Plain | numpy | 2e-15 | 2 | 70 |"
    assert line(Result(SUBJECT, "refused", reason="no")) == "| Plain | refused | | | |"


def test_the_share_without_scikit_learn_stands_above_the_tables() -> None:
    text = table([Result(SUBJECT, "numpy"), Result(SUBJECT, "scikit-learn", reason="it is too new")])
    assert text.startswith("1 of 2 models (50%) are served without scikit-learn.\n")
    assert "- Plain: it is too new" in text


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of estimators that scikit-learn will remove
def test_the_page_has_a_line_for_every_group() -> None:
    section = SECTION.search(PAGE.read_text(encoding="utf-8"))
    assert section is not None
    groups = re.findall(r"^\| (\w+) \| served by", section[0], re.MULTILINE)
    assert groups == list(dict.fromkeys(subject.group for subject in subjects()))


@pytest.mark.more
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_nearly_every_model_is_served_without_scikit_learn() -> None:
    results = [result for subject in subjects() if (result := measure(subject))]
    needed = [result for result in results if result.runtime in ("scikit-learn", "refused")]
    assert not [result.subject.name for result in needed if result.subject.must_have_graph]
    assert len(needed) <= 0.05 * len(results)
