"""The page's CSV: what any spreadsheet writes is read, and what is written any program reads."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import watched
from tests.services import Service

READ = "async (text) => (await import('/assets/x/csv.js')).parseCsv(text)"
WRITE = "async ([header, rows, how]) => (await import('/assets/x/csv.js'))[how](header, rows)"


@pytest.fixture(scope="module")
def module(chromium: Browser, service: Service, tokens: Mapping[str, str]) -> Iterator[Page]:
    """A page that can import the module: the manifest, which has no script of its own."""
    for page in watched(chromium, service, tokens[service.url]):
        page.goto("/model")
        yield page


def read(module: Page, text: str) -> Any:
    return module.evaluate(READ, text)


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
def test_it_reads_what_people_have(module: Page, text: str, header: list[str], rows: list[list[str]]) -> None:
    found = read(module, text)
    assert (found["header"], found["rows"]) == (header, rows)


def test_it_reads_back_what_python_writes_however_odd(module: Page) -> None:
    rows = [["a", "b"], ['"', ",;\t"], ["\n", "\r\n"], ["", " x "], ["Łódź", "'"]]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    found = read(module, text.getvalue())
    assert [found["header"], *found["rows"]] == rows


@pytest.mark.parametrize("how", ["formatCsv", "formatSpreadsheetCsv"])
def test_python_reads_back_what_it_writes(module: Page, how: str) -> None:
    header, rows = ["a", "b;c"], [['say "hi"', "x\ny"], [" padded ", 1.5], [None, "Łódź"]]
    text = module.evaluate(WRITE, [header, rows, how])
    found = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert found == [header, ['say "hi"', "x\ny"], [" padded ", "1.5"], ["", "Łódź"]]


def test_a_spreadsheet_is_told_that_it_is_utf_8(module: Page) -> None:
    assert module.evaluate(WRITE, [["ł"], [], "formatSpreadsheetCsv"]).startswith("\ufeff")
    assert not module.evaluate(WRITE, [["l"], [], "formatSpreadsheetCsv"]).startswith("\ufeff")


@pytest.mark.parametrize("cell", ["=A1", "+A1", "-A1", "@A1", "\tA1", "\rA1", "-1+1", "=1"])
def test_a_cell_that_would_be_a_formula_is_made_a_text(module: Page, cell: str) -> None:
    text = module.evaluate(WRITE, [["a"], [[cell]], "formatSpreadsheetCsv"])
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == [f"'{cell}"]


@pytest.mark.parametrize("cell", ["-1", "+1.5", "-.5e-3", "1e9", "a=b", "x-y"])
def test_numbers_and_plain_texts_stay_as_they_are(module: Page, cell: str) -> None:
    assert module.evaluate(WRITE, [["a"], [[cell]], "formatSpreadsheetCsv"]) == f"a\r\n{cell}\r\n"
