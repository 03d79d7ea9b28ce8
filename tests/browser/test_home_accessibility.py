"""Accessibility of the home page, in light and dark colours and on a phone."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.pages import (
    DESKTOP,
    Scheme,
    expect_no_sideways_scrolling,
    find_violations,
    log_in,
    open_batch,
    open_home,
    predict,
    predict_rows,
    press_predict,
    watched_page,
)
from tests.services import Service


def show_invalid_value(page: Page) -> None:
    open_home(page)
    page.get_by_label("Body mass index", exact=True).fill("a lot")
    press_predict(page)


def show_prediction_with_warning(page: Page) -> None:
    log_in(open_home(page))
    page.get_by_label("Body mass index", exact=True).fill("0.5")
    predict(page)


def show_batch(page: Page) -> None:
    predict_rows(log_in(open_batch(page)), "x\n0.1\n9\n\nno,\n")
    page.locator("#batch table").wait_for()


VIEWS: dict[str, Callable[[Page], object]] = {
    "home": open_home,
    "invalid value": show_invalid_value,
    "warning": show_prediction_with_warning,
    "batch": show_batch,
}


@pytest.fixture(scope="module", params=VIEWS.values(), ids=VIEWS)
def view(request: pytest.FixtureRequest, line_context: BrowserContext, service: Service) -> Iterator[Page]:
    """The home page in one of its states."""
    with watched_page(line_context, service.url) as page:
        page.emulate_media(reduced_motion="reduce")
        request.param(page)
        yield page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(view: Page, scheme: Scheme) -> None:
    view.set_viewport_size(DESKTOP)
    assert find_violations(view, scheme) == []


def test_a_phone_needs_no_sideways_scrolling(view: Page) -> None:
    expect_no_sideways_scrolling(view)


def test_light_colours_are_light_and_dark_colours_are_dark(page: Page) -> None:
    open_home(page)
    assert brightness(page, "light") > 230
    assert brightness(page, "dark") < 30


def brightness(page: Page, scheme: Scheme) -> float:
    page.emulate_media(color_scheme=scheme)
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in colour.strip("rgb()").split(",")) / 3
