"""The docs page: Authorize works, a request of the page gets a response, each problem has an example, and the page is
accessible.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.conftest import service_settings
from tests.browser.docs import PREDICT, authorize, execute_predict, open_authorization, open_predict
from tests.browser.pages import (
    DESKTOP,
    PASSWORD,
    USER,
    Scheme,
    expect_no_sideways_scrolling,
    find_violations,
    isolated_page,
    watched_page,
)
from tests.browser.wide_models import dump_wide
from tests.services import Service, serving


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


@pytest.fixture
def dialog(page: Page) -> Page:
    """The docs page with the dialog of Authorize open."""
    return open_authorization(open_predict(page))


def test_the_dialog_opens_on_the_user_name_and_enter_logs_in(dialog: Page) -> None:
    expect(dialog.get_by_label("username:")).to_be_focused()
    dialog.keyboard.type(USER)
    dialog.keyboard.press("Tab")
    dialog.keyboard.type(PASSWORD)
    dialog.keyboard.press("Enter")
    expect(dialog.get_by_role("heading", name="Authorized")).to_be_visible()
    expect(dialog.locator(".btn-done").first).to_be_focused()
    dialog.keyboard.press("Enter")
    expect(dialog.get_by_role("dialog")).to_have_count(0)
    expect(execute_predict(dialog)).to_contain_text("162.3")


@pytest.mark.parametrize("size", [{"width": 390, "height": 844}, {"width": 1440, "height": 900}], ids=["phone", "wide"])
def test_the_dialog_has_a_margin_and_its_buttons_begin_where_the_fields_do(dialog: Page, size: ViewportSize) -> None:
    dialog.set_viewport_size(size)
    read_box = "element => element.getBoundingClientRect().toJSON()"
    places = (".modal-ux", "#oauth_username", ".auth-btn-wrapper .authorize")
    box, field, button = (dialog.locator(place).first.evaluate(read_box) for place in places)
    dialog.set_viewport_size(DESKTOP)
    assert min(box["x"], size["width"] - box["x"] - box["width"]) >= 15
    assert button["x"] == pytest.approx(field["x"], abs=1)


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_tab_stays_inside_the_dialog(dialog: Page, key: str) -> None:
    visited = set()
    for _ in range(12):
        dialog.keyboard.press(key)
        assert dialog.evaluate("document.activeElement.closest('.modal-ux') !== null")
        visited.add(dialog.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert {"oauth_username", "oauth_password", "Authorize", "Close"} <= visited


def test_escape_closes_the_dialog_and_the_focus_returns(dialog: Page) -> None:
    dialog.keyboard.press("Escape")
    expect(dialog.get_by_role("dialog")).to_have_count(0)
    expect(dialog.get_by_role("button", name="Authorize")).to_be_focused()


def test_the_dialog_names_the_demo_login_where_there_is_one(page: Page) -> None:
    open_predict(page)
    page.evaluate("document.body.dataset.demo = 'abi'")
    open_authorization(page)
    expect(page.get_by_role("dialog").get_by_text("Demo login: abi with password password.")).to_be_visible()


def test_no_demo_login_is_named_elsewhere(dialog: Page) -> None:
    expect(dialog.get_by_text("Demo login")).to_have_count(0)


def test_every_status_of_predict_shows_a_real_example(docs: Page) -> None:
    responses = docs.locator(f"{PREDICT} .responses-table .response")
    examples = {
        response.get_attribute("data-code"): response.locator("code.language-json").inner_text()
        for response in responses.all()
    }
    assert set(examples) == {"200", "400", "401", "413", "415", "422", "500", "502", "503"}
    assert '"string"' not in "".join(examples.values())
    assert '"pointer": "/instances/0/x"' in examples["422"]
    unauthorized = responses.locator("xpath=self::*[@data-code='401']")
    unauthorized.get_by_role("combobox").select_option(label="A bearer token is needed")
    expect(unauthorized).to_contain_text("/problems/unauthorized")


def test_the_examples_are_readable_on_a_phone(docs: Page) -> None:
    docs.set_viewport_size({"width": 390, "height": 844})
    for example in docs.locator(f"{PREDICT} .responses-table pre").all():
        box = example.bounding_box()
        assert box
        assert box["width"] > 300


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


@pytest.fixture(scope="module")
def wide(users: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service with 200 features, whose names have 120 characters."""
    folder = tmp_path_factory.mktemp("wide")
    path = dump_wide(folder, 200, 120)
    with serving({**service_settings(users, folder), "MODEL_MANIFEST": str(path)}) as running:
        yield running


@pytest.mark.parametrize("width", [390, 1440])
def test_long_names_do_not_make_the_page_wider(chromium: Browser, wide: Service, width: int) -> None:
    with isolated_page(chromium, wide.url) as page:
        page.set_viewport_size({"width": width, "height": 900})
        open_predict(page)
        expect(page.locator(f"{PREDICT} .responses-table")).to_contain_text("/instances/0/f0xx")
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
