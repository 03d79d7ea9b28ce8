"""The workbook is generated from exactly the query files."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.errors import GenerateError
from tools.generate.workbook import PATH, from_queries, workbook
from tools.insights.queries import TABS, queries

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def book() -> Any:
    return workbook(queries())


def tabs_and_items(book: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every query of the workbook, with its tab."""
    for group in book["items"]:
        if group["type"] == 12:
            for item in group["content"]["items"]:
                yield group["conditionalVisibility"]["value"], item


def test_the_workbook_has_exactly_the_query_files(book: Any) -> None:
    expected = [(query.tab, query.name) for query in queries() if query.tab != "Choices"]
    assert [(tab, item["name"]) for tab, item in tabs_and_items(book)] == expected


def test_the_five_charts_come_first(book: Any) -> None:
    names = [item["name"] for _, item in tabs_and_items(book)][:5]
    assert names == ["prediction-latency", "feature-latency", "model-latency", "feature-errors", "model-errors"]


def test_a_query_differs_from_its_file_only_in_its_parameters(book: Any) -> None:
    texts = {query.name: query.text for query in queries()}
    for _, item in tabs_and_items(book):
        pairs = zip(item["content"]["query"].splitlines(), texts[item["name"]].splitlines(), strict=True)
        assert all(line.startswith("let ") for generated, line in pairs if generated != line)


def test_the_reader_s_choices_are_escaped(book: Any) -> None:
    (user_flow,) = [item for _, item in tabs_and_items(book) if item["name"] == "user-flow"]
    assert 'let user = "{User:escapejson}";' in user_flow["content"]["query"]
    (chart,) = [item for _, item in tabs_and_items(book) if item["name"] == "traffic"]
    assert "let grain = {TimeRange:grain};" in chart["content"]["query"]


def test_a_query_has_the_reader_s_time_range_unless_it_has_its_own(book: Any) -> None:
    for _, item in tabs_and_items(book):
        own = item["content"].get("timeContextFromParameter") != "TimeRange"
        assert own == (item["name"] in ("answers-drift", "inputs-drift"))
        if own:
            assert item["content"]["timeContext"] == {"durationMs": 7 * 24 * 3600 * 1000}


def test_the_tabs_set_the_parameter_of_their_groups(book: Any) -> None:
    (links,) = [item["content"]["links"] for item in book["items"] if item["type"] == 11]
    assert [link["subTarget"] for link in links] == [tab for tab in TABS if tab != "Choices"]
    groups = [item["conditionalVisibility"] for item in book["items"] if item["type"] == 12]
    assert [group["value"] for group in groups] == [link["subTarget"] for link in links]
    assert {group["parameterName"] for group in groups} == {link["cellValue"] for link in links}


def test_the_same_files_give_the_same_workbook() -> None:
    assert from_queries(ROOT) == from_queries(ROOT)
    assert json.loads(from_queries(ROOT)[PATH])["version"] == "Notebook/1.0"


def test_a_file_without_its_title_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "monitoring" / "queries"
    folder.mkdir(parents=True)
    (folder / "one.kql").write_text("// tab: Overview\n//\n// What?\nrequests\n")
    with pytest.raises(GenerateError, match=r"one\.kql"):
        from_queries(tmp_path)
