"""The docs page: Authorize works, a request of the page gets a response, and the page is accessible."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.docs import authorize, execute_predict, open_authorization, open_predict
from tests.browser.pages import DESKTOP, Scheme, expect_no_sideways_scrolling, find_violations, watched_page
from tests.services import Service


@pytest.fixture(scope="module")
def docs(line_context: BrowserContext, service: Service) -> Iterator[Page]:
    """The docs page with /predict open. Tests only read it."""
    with watched_page(line_context, service.url) as page:
        yield open_predict(page)


@pytest.fixture(scope="module", params=["closed", "open"])
def view(request: pytest.FixtureRequest, docs: Page) -> Iterator[Page]:
    """The docs page with the dialog of Authorize closed or open."""
    if request.param == "open":
        open_authorization(docs)
    yield docs
    if request.param == "open":
        docs.get_by_role("dialog").get_by_role("button", name="Close").first.click()


def test_authorize_and_execute_get_a_prediction(page: Page) -> None:
    response = execute_predict(authorize(open_predict(page)))
    expect(response).to_contain_text("162.3")


def test_the_page_lists_the_api_but_not_the_pages(docs: Page) -> None:
    paths = docs.locator(".opblock-summary-path").all_inner_texts()
    assert {"/token", "/predict", "/predict_class"} <= set(paths)
    assert not {"/", "/docs", "/assets/{path}"} & set(paths)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(view: Page, scheme: Scheme) -> None:
    view.set_viewport_size(DESKTOP)
    assert find_violations(view, scheme) == []


def test_a_phone_needs_no_sideways_scrolling(view: Page) -> None:
    expect_no_sideways_scrolling(view)
