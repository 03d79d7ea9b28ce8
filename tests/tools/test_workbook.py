import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.generate.errors import GenerateError
from tools.generate.workbook import PATH, from_queries, workbook
from tools.insights.questions import TABS, questions

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def book() -> Any:
    return workbook(questions())


def shown(book: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every question of the workbook, with its tab."""
    for group in book["items"]:
        if group["type"] == 12:
            for item in group["content"]["items"]:
                yield group["conditionalVisibility"]["value"], item


def test_the_workbook_is_made_of_exactly_the_files(book: Any) -> None:
    expected = [(each.tab, each.name) for each in questions() if each.tab != "Choices"]
    assert [(tab, item["name"]) for tab, item in shown(book)] == expected


def test_the_five_charts_come_first(book: Any) -> None:
    names = [item["name"] for _, item in shown(book)][:5]
    assert names == ["prediction-latency", "feature-latency", "model-latency", "feature-errors", "model-errors"]


def test_a_query_differs_from_its_file_only_where_the_reader_chooses(book: Any) -> None:
    texts = {each.name: each.text for each in questions()}
    for _, item in shown(book):
        pairs = zip(item["content"]["query"].splitlines(), texts[item["name"]].splitlines(), strict=True)
        assert all(given.startswith("let ") for made, given in pairs if made != given)


def test_the_reader_s_choices_are_put_into_the_query_escaped(book: Any) -> None:
    (story,) = [item for _, item in shown(book) if item["name"] == "user-flow"]
    assert 'let user = "{User:escapejson}";' in story["content"]["query"]
    (chart,) = [item for _, item in shown(book) if item["name"] == "traffic"]
    assert "let grain = {TimeRange:grain};" in chart["content"]["query"]


def test_a_question_follows_the_reader_s_time_range_unless_it_has_its_own(book: Any) -> None:
    for _, item in shown(book):
        own = item["content"].get("timeContextFromParameter") != "TimeRange"
        assert own == (item["name"] in ("answers-drift", "inputs-drift"))
        if own:
            assert item["content"]["timeContext"] == {"durationMs": 7 * 24 * 3600 * 1000}


def test_the_tabs_set_the_parameter_that_their_groups_wait_for(book: Any) -> None:
    (links,) = [item["content"]["links"] for item in book["items"] if item["type"] == 11]
    assert [each["subTarget"] for each in links] == [tab for tab in TABS if tab != "Choices"]
    groups = [each["conditionalVisibility"] for each in book["items"] if each["type"] == 12]
    assert [each["value"] for each in groups] == [each["subTarget"] for each in links]
    assert {each["parameterName"] for each in groups} == {each["cellValue"] for each in links}


def test_the_same_files_make_the_same_workbook() -> None:
    assert from_queries(ROOT) == from_queries(ROOT)
    assert json.loads(from_queries(ROOT)[PATH])["version"] == "Notebook/1.0"


def test_a_file_without_its_title_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "monitoring" / "queries"
    folder.mkdir(parents=True)
    (folder / "one.kql").write_text("// tab: Overview\n//\n// What?\nrequests\n")
    with pytest.raises(GenerateError, match=r"one\.kql"):
        from_queries(tmp_path)
