"""The CSV module of the home page: it reads the CSV of any spreadsheet and writes CSV for any program."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.pages import watched_page
from tests.services import Service

PARSE = "async (text) => (await import('/assets/x/csv.js')).parseCsv(text)"
FORMAT = "async ([header, rows, name]) => (await import('/assets/x/csv.js'))[name](header, rows)"


@pytest.fixture(scope="module")
def module(line_context: BrowserContext, service: Service) -> Iterator[Page]:
    """A page without scripts that can import the module."""
    with watched_page(line_context, service.url) as page:
        page.goto("/model")
        yield page


def parse(module: Page, text: str) -> tuple[list[str], list[list[str]]]:
    table = module.evaluate(PARSE, text)
    return table["header"], table["rows"]


def format_csv(module: Page, header: list[str], rows: list[Any], name: str = "formatSpreadsheetCsv") -> str:
    return str(module.evaluate(FORMAT, [header, rows, name]))


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        ("a,b\n1,2\n", ["a", "b"], [["1", "2"]]),
        ("a,b\r\n1,2", ["a", "b"], [["1", "2"]]),
        ("a,b\r1,2\r", ["a", "b"], [["1", "2"]]),
        ("a;b\n1,5;2\n", ["a", "b"], [["1,5", "2"]]),
        ("a\tb\n1\t2\n", ["a", "b"], [["1", "2"]]),
        ("\ufeffa\n1\n", ["a"], [["1"]]),
        (' a ,"b,c"\n1,"x\ny"\n', ["a", "b,c"], [["1", "x\ny"]]),
        ('"a;b;c",d\n1,2\n', ["a;b;c", "d"], [["1", "2"]]),
        ('a\n"say ""hi"""\n', ["a"], [['say "hi"']]),
        ('a,b\n"x"y,\n', ["a", "b"], [["xy", ""]]),
        ("a,b\n,\n", ["a", "b"], [["", ""]]),
        ("a,b\n1,", ["a", "b"], [["1", ""]]),
        ("a,b\n\n  \n1,2\n\n", ["a", "b"], [["1", "2"]]),
        ("a,b\n1\n1,2,3\n", ["a", "b"], [["1"], ["1", "2", "3"]]),
    ],
)
def test_every_usual_form_of_csv_is_read(module: Page, text: str, header: list[str], rows: list[list[str]]) -> None:
    assert parse(module, text) == (header, rows)


def test_csv_of_python_is_read_with_special_characters(module: Page) -> None:
    rows = [["a", "b"], ['"', ",;\t"], ["\n", "\r\n"], ["", " x "], ["Łódź", "'"]]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    header, *others = rows
    assert parse(module, text.getvalue()) == (header, others)


@pytest.mark.parametrize("name", ["formatCsv", "formatSpreadsheetCsv"])
def test_python_reads_the_written_csv(module: Page, name: str) -> None:
    header, rows = ["a", "b;c"], [['say "hi"', "x\ny"], [" padded ", 1.5], [None, "Łódź"]]
    text = format_csv(module, header, rows, name)
    assert read(text) == [header, ['say "hi"', "x\ny"], [" padded ", "1.5"], ["", "Łódź"]]


def test_only_a_text_with_special_characters_has_a_byte_order_mark(module: Page) -> None:
    assert format_csv(module, ["ł"], []).startswith("\ufeff")
    assert not format_csv(module, ["l"], []).startswith("\ufeff")


@pytest.mark.parametrize("cell", ["=A1", "+A1", "-A1", "@A1", "\tA1", "\rA1", "-1+1", "=1"])
def test_a_formula_becomes_a_text(module: Page, cell: str) -> None:
    assert read(format_csv(module, ["a"], [[cell]]))[1] == [f"'{cell}"]


@pytest.mark.parametrize("cell", ["-1", "+1.5", "-.5e-3", "1e9", "a=b", "x-y"])
def test_numbers_and_plain_texts_stay_unchanged(module: Page, cell: str) -> None:
    assert format_csv(module, ["a"], [[cell]]) == f"a\r\n{cell}\r\n"
