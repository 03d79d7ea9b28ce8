"""The batch tab of the home page: CSV in; a table, a histogram and CSV out."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.pages import DESKTOP, PHONE, log_in, open_batch, predict_rows, watched_page
from tests.services import Service

MAX_ROWS = 10_000
READ_FILLING = "meters => meters.map(({ value, max }) => value / max)"
PASTE = """(box, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def batch_page(line_context: BrowserContext, service: Service) -> Iterator[Page]:
    """The batch tab after the login. Every test replaces the rows and the results of the one before."""
    with watched_page(line_context, service.url) as page:
        yield log_in(open_batch(page))


def wait_for_results(page: Page) -> str:
    """Wait until the page has moved the focus from the button to the new results."""
    page.locator("#batch h2:focus").wait_for()
    return page.get_by_role("region", name="Results").inner_text()


def download_csv(page: Page) -> list[list[str]]:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_ten_thousand_rows_are_predicted_and_shown_200_at_a_time(batch_page: Page, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id,x\n" + "".join(f"p{i},{i / MAX_ROWS / 5}\n" for i in range(MAX_ROWS)))
    batch_page.locator("#file").set_input_files(path)
    expect(batch_page.get_by_text("rows.csv is ready: 10,000 rows.")).to_be_visible()
    expect(batch_page.locator("#csv")).to_have_value("")  # a browser would need seconds to lay out so many lines
    batch_page.get_by_role("button", name="Predict all").click()
    assert "10,000 predictions in" in wait_for_results(batch_page)
    expect(batch_page.locator("#batch tbody tr")).to_have_count(200)
    batch_page.get_by_role("button", name="Show 200 more").click()
    expect(batch_page.locator("#batch tbody tr")).to_have_count(400)
    table = download_csv(batch_page)
    assert len(table) == MAX_ROWS + 1
    assert table[-1][:2] == [f"p{MAX_ROWS - 1}", str((MAX_ROWS - 1) / MAX_ROWS / 5)]
    assert float(table[-1][2]) == pytest.approx(200 * (MAX_ROWS - 1) / MAX_ROWS / 5 + 150)


def test_classes_are_counted(batch_page: Page) -> None:
    predict_rows(batch_page, "x\n-0.1\n0\n0.01\n0.2\n")
    wait_for_results(batch_page)
    expect(batch_page.locator("#batch .class-counts .value")).to_have_text(["1 · 25 %", "2 · 50 %", "1 · 25 %"])
    assert batch_page.locator("#batch meter").evaluate_all(READ_FILLING) == [0.25, 0.5, 0.25]
    expect(batch_page.get_by_role("img", name="Histogram of 4 predictions from 130 to 190.")).to_be_visible()


def test_the_histogram_keeps_its_size_of_text_when_the_width_changes(batch_page: Page) -> None:
    predict_rows(batch_page, "x\n-0.1\n0\n0.01\n0.2\n")
    wait_for_results(batch_page)
    histogram = batch_page.get_by_role("img", name="Histogram of 4 predictions")
    wide = histogram.get_attribute("width")
    batch_page.set_viewport_size(PHONE)
    expect(histogram).not_to_have_attribute("width", wide or "")
    width, scale = histogram.evaluate("svg => [svg.getBoundingClientRect().width, svg.getScreenCTM().a]")
    batch_page.set_viewport_size(DESKTOP)
    assert (width < PHONE["width"], scale) == (True, pytest.approx(1, abs=0.01))


def test_semicolons_decimal_commas_and_quotes_are_read(batch_page: Page) -> None:
    predict_rows(batch_page, '\ufeffname;x\r\n"Müller; ""Jo""";0,05\r\n')
    wait_for_results(batch_page)
    expect(batch_page.get_by_role("cell", name='Müller; "Jo"')).to_be_visible()
    expect(batch_page.get_by_role("cell", name="160", exact=True)).to_be_visible()


def test_invalid_rows_are_reported_and_the_others_predicted(batch_page: Page) -> None:
    predict_rows(batch_page, "x,note\n0.1,ok\n,empty\nmany,text\n9,far\n")
    results = wait_for_results(batch_page)
    assert "2 predictions in" in results
    assert "1 row outside the training data" in results
    batch_page.get_by_text("2 rows without a prediction").click()
    expect(batch_page.get_by_text("Row 2: x is missing")).to_be_visible()
    expect(batch_page.get_by_text("Row 3: x must be a number")).to_be_visible()
    assert [row[3:] for row in download_csv(batch_page)] == [
        ["class", "outside_range", "problem"],
        ["Class2", "", ""],
        ["", "", "x is missing"],
        ["", "", "x must be a number"],
        ["Class2", "x", ""],
    ]


def test_a_download_contains_no_formulas(batch_page: Page) -> None:
    cells = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "-0.5", "plain"]
    rows = "".join(f'0.1,"{cell}"\n' for cell in cells)
    predict_rows(batch_page, f"x,=HYPERLINK()\n{rows}")
    wait_for_results(batch_page)
    table = download_csv(batch_page)
    assert table[0][1] == "'=HYPERLINK()"
    assert [row[1] for row in table[1:]] == [f"'{cell}" for cell in cells[:4]] + ["-0.5", "plain"]


def test_markup_in_a_cell_is_shown_as_text(batch_page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    predict_rows(batch_page, f"x,{hostile}\n0.1,{hostile}\n")
    wait_for_results(batch_page)
    expect(batch_page.get_by_role("cell", name=hostile)).to_be_visible()
    expect(batch_page.locator("#batch img")).to_have_count(0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Choose a file or paste rows."),
        ("y\n1\n", "Missing column: “x”."),
        ("x\n", "There are no rows below the header."),
        ("x\nmany\n", "No row is valid. Row 1: x must be a number."),
        ("x,x\n1,2\n", "Two columns have the name “x”."),
        ('x\n"1\n', "A quotation mark is not closed"),
    ],
    ids=["nothing", "another column", "no rows", "no numbers", "duplicate column", "open quote"],
)
def test_a_text_that_cannot_be_sent_gets_a_message(batch_page: Page, text: str, message: str) -> None:
    predict_rows(batch_page, text)
    expect(batch_page.locator("#batch [role=alert]")).to_contain_text(message)


@pytest.mark.parametrize("edit", ["a file", "the examples"])
def test_results_go_away_with_new_rows(batch_page: Page, edit: str) -> None:
    predict_rows(batch_page, "x\n0.1\n")
    wait_for_results(batch_page)
    if edit == "a file":
        batch_page.locator("#file").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"x\n0.2\n"})
    else:
        batch_page.get_by_role("button", name="Use the examples").click()
    expect(batch_page.get_by_role("region", name="Results")).to_have_count(0)


def test_a_message_goes_away_when_the_rows_change(batch_page: Page) -> None:
    predict_rows(batch_page, "")
    expect(batch_page.locator("#batch [role=alert]")).to_be_visible()
    batch_page.get_by_label("Or paste rows").fill("x")
    expect(batch_page.locator("#batch [role=alert]")).to_be_hidden()


def test_the_results_of_rows_that_changed_meanwhile_are_not_shown(batch_page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    batch_page.route("**/predict_class", hold)
    predict_rows(batch_page, "x\n0.1\n")
    button = batch_page.get_by_role("button", name="Predict all")
    expect(button).to_have_attribute("aria-busy", "true")
    batch_page.get_by_label("Or paste rows").fill("x\n0.2\n")
    held[0].continue_()
    batch_page.unroute("**/predict_class", hold)
    expect(button).not_to_have_attribute("aria-busy", "true")
    expect(batch_page.get_by_role("region", name="Results")).to_have_count(0)


def test_the_error_of_rows_that_changed_meanwhile_is_not_shown(batch_page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    batch_page.route("**/predict_class", hold)
    predict_rows(batch_page, "x\n0.1\n")
    button = batch_page.get_by_role("button", name="Predict all")
    expect(button).to_have_attribute("aria-busy", "true")
    batch_page.get_by_label("Or paste rows").fill("x\n0.2\n")
    held[0].fulfill(status=503, json={"detail": "Of other rows."})
    batch_page.unroute("**/predict_class", hold)
    expect(button).not_to_have_attribute("aria-busy", "true")
    expect(batch_page.locator("#batch [role=alert]")).to_be_hidden()


def test_too_many_rows_can_be_pasted_and_get_a_message(batch_page: Page) -> None:
    batch_page.get_by_label("Or paste rows").evaluate(PASTE, "x\n" + "0.1234\n" * (MAX_ROWS + 1))
    expect(batch_page.get_by_text("The pasted text is ready: 10,001 rows.")).to_be_visible()
    batch_page.get_by_role("button", name="Predict all").click()
    expect(batch_page.locator("#batch [role=alert]")).to_contain_text("There are 10,001 rows. The limit is 10,000.")


def test_rows_that_are_sent_before_the_login_are_predicted_after_it(page: Page) -> None:
    predict_rows(open_batch(page), "x\n0.1\n")
    log_in(page)
    assert "1 prediction in" in wait_for_results(page)


def test_a_column_with_nearly_the_right_name_is_named(batch_page: Page) -> None:
    predict_rows(batch_page, "body mass indx,y\n1,2\n")
    expect(batch_page.locator("#batch [role=alert]")).to_contain_text(
        "Missing column: “x”. The file has “body mass indx”: did you mean “x”?"
    )


def test_results_of_rows_that_have_changed_go_away(batch_page: Page) -> None:
    predict_rows(batch_page, "x\n0.1\n")
    batch_page.locator("#batch tbody tr").first.wait_for()
    batch_page.get_by_label("Or paste rows").fill("x\n0.2\n")
    expect(batch_page.locator("#batch tbody tr")).to_have_count(0)
