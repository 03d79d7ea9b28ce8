"""Steps on the docs page that tests share."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import PASSWORD, USER

PREDICT = "#operations-default-predict"


def open_predict(page: Page, path: str = "/docs") -> Page:
    """Open the docs page, and there the operation /predict."""
    page.emulate_media(reduced_motion="reduce")
    page.goto(path)
    page.locator(f"{PREDICT} .opblock-summary-control").click()
    page.locator(f"{PREDICT} textarea").wait_for()
    return page


def open_authorization(page: Page) -> Page:
    """Open the dialog of Authorize."""
    page.get_by_role("button", name="Authorize").click()
    page.get_by_label("username:").wait_for()
    return page


def authorize(page: Page) -> Page:
    """Log in as the user of the tests, and close the dialog."""
    open_authorization(page)
    page.get_by_label("username:").fill(USER)
    page.get_by_label("password:").fill(PASSWORD)
    page.get_by_role("button", name="Apply given OAuth2 credentials").click()
    expect(page.get_by_role("heading", name="Authorized")).to_be_visible()
    page.locator(".btn-done").first.click()
    return page


def execute_predict(page: Page) -> Locator:
    """Execute /predict with its example, and return the table with the response."""
    page.locator(f"{PREDICT} .execute").click()
    response = page.locator(f"{PREDICT} .live-responses-table")
    expect(response.locator(".response .response-col_status")).to_have_text("200")
    return response
