"""The batch tab: CSV in, a table, a histogram and CSV out."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import logged_in, opened

MANY = 10_000


def batch(page: Page, text: str) -> Page:
    """The page after it was asked about pasted rows."""
    logged_in(opened(page, "/#batch"))
    page.get_by_label("Or paste rows").fill(text)
    page.get_by_role("button", name="Predict all").click()
    return page


def results(page: Page) -> str:
    page.get_by_role("region", name="Results").get_by_role("heading").wait_for()
    return page.get_by_role("region", name="Results").inner_text()


def downloaded(page: Page) -> list[list[str]]:
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()
    text = Path(saved.value.path()).read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_ten_thousand_rows_from_a_file_are_answered_and_two_hundred_laid_out(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id,x\n" + "".join(f"p{i},{i / MANY / 5}\n" for i in range(MANY)))
    logged_in(opened(page, "/#batch"))
    page.evaluate(
        """() => new PerformanceObserver((list) => (window.longest = Math.max(window.longest || 0,
        ...list.getEntries().map((each) => each.duration)))).observe({ type: "longtask" })"""
    )
    page.locator("#file").set_input_files(path)
    expect(page.get_by_text("rows.csv is ready: 10,000 rows.")).to_be_visible()
    page.get_by_role("button", name="Predict all").click()
    assert "10,000 predictions in" in results(page)
    expect(page.locator("#batch tbody tr")).to_have_count(200)
    page.get_by_role("button", name="Show 200 more").click()
    expect(page.locator("#batch tbody tr")).to_have_count(400)
    table = downloaded(page)
    assert len(table) == MANY + 1
    assert table[-1][:2] == [f"p{MANY - 1}", str((MANY - 1) / MANY / 5)]
    assert float(table[-1][2]) == pytest.approx(200 * (MANY - 1) / MANY / 5 + 150)
    assert page.evaluate("window.longest || 0") < 1_000


def test_the_classes_are_counted(page: Page) -> None:
    batch(page, "x\n-0.1\n0\n0.01\n0.2\n")
    results(page)
    counts = page.locator("#batch .class-counts .value").all_inner_texts()
    assert [each.partition(" ")[0] for each in counts] == ["1", "2", "1"]
    expect(page.get_by_role("img", name="Histogram of 4 predictions from 130 to 190.")).to_be_visible()


def test_semicolons_decimal_commas_and_quotes_are_read(page: Page) -> None:
    batch(page, '\ufeffname;x\r\n"Müller; ""Jo""";0,05\r\n')
    results(page)
    expect(page.get_by_role("cell", name='Müller; "Jo"')).to_be_visible()
    expect(page.get_by_role("cell", name="160", exact=True)).to_be_visible()


def test_rows_that_cannot_be_asked_about_are_told_and_the_others_answered(page: Page) -> None:
    batch(page, "x,note\n0.1,ok\n,empty\nmany,text\n9,far\n")
    told = results(page)
    assert "2 predictions in" in told
    assert "1 row outside the training range" in told
    page.get_by_text("2 rows without a prediction").click()
    expect(page.get_by_text("Row 2: x is missing")).to_be_visible()
    expect(page.get_by_text("Row 3: x must be a number")).to_be_visible()
    assert [row[3:] for row in downloaded(page)] == [
        ["class", "outside_range", "problem"],
        ["Class2", "", ""],
        ["", "", "x is missing"],
        ["", "", "x must be a number"],
        ["Class2", "x", ""],
    ]


def test_what_is_downloaded_holds_no_formula(page: Page) -> None:
    cells = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "-0.5", "plain"]
    rows = "".join(f'0.1,"{cell}"\n' for cell in cells)
    batch(page, f"x,=HYPERLINK()\n{rows}")
    results(page)
    table = downloaded(page)
    assert table[0][1] == "'=HYPERLINK()"
    assert [row[1] for row in table[1:]] == [f"'{cell}" for cell in cells[:4]] + ["-0.5", "plain"]


def test_markup_in_a_cell_is_shown_as_text(page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    batch(page, f"x,{hostile}\n0.1,{hostile}\n")
    results(page)
    expect(page.get_by_role("cell", name=hostile)).to_be_visible()
    expect(page.locator("#batch img")).to_have_count(0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Missing column: “x”."),
        ("y\n1\n", "Missing column: “x”."),
        ("x\n", "There are no rows below the header."),
        ("x\nmany\n", "No row is valid. Row 1: x must be a number."),
        ("x,x\n1,2\n", "Two columns have the name “x”."),
        ('x\n"1\n', "A quotation mark is not closed"),
    ],
    ids=["nothing", "another column", "no rows", "no numbers", "twice", "open quote"],
)
def test_what_cannot_be_read_is_told_in_a_sentence(page: Page, text: str, told: str) -> None:
    batch(page, text)
    expect(page.locator("#batch [role=alert]")).to_contain_text(told)


def test_more_rows_than_a_request_takes_can_be_pasted_and_are_told(page: Page) -> None:
    logged_in(opened(page, "/#batch"))
    page.get_by_label("Or paste rows").evaluate(
        """(box, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true }));
        }""",
        "x\n" + "0.1234\n" * (MANY + 1),
    )
    expect(page.get_by_text("The pasted text is ready: 10,001 rows.")).to_be_visible()
    page.get_by_role("button", name="Predict all").click()
    told = page.locator("#batch [role=alert]")
    expect(told).to_contain_text("There are 10,001 rows. The limit is 10,000.")


def test_rows_that_are_asked_about_before_logging_in_are_not_lost(page: Page) -> None:
    opened(page, "/#batch")
    page.get_by_label("Or paste rows").fill("x\n0.1\n")
    page.get_by_role("button", name="Predict all").click()
    logged_in(page)
    assert "1 prediction in" in results(page)
