"""Steps that the tests of the pages share: open a page and watch it, log in, predict, check the accessibility."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

import jwt
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, ViewportSize, expect

LOGIN = ("abi", "password")
USER, PASSWORD = LOGIN
EXPIRED_TOKEN = jwt.encode({"sub": USER, "exp": 1_000_000_000}, "a key of somebody else, with enough bytes")

TIMEOUT_MS = 20_000
"""Limit of every wait: far more than a page needs, also on a busy machine."""
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
PATHS_WITH_ERRORS = ("/token", "/predict", "/predict_class")
"""Paths whose error responses are part of the tests."""
ABORTED = "net::ERR_ABORTED"
"""Failure of a request whose page is closed before the response."""
RULES_OF_COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe whose result depends on the colour scheme."""

Scheme = Literal["light", "dark"]


def new_context(browser: Browser, url: str) -> BrowserContext:
    """Return a browser context with its own cache and cookies for the pages of one service."""
    context = browser.new_context(base_url=url, viewport=DESKTOP, color_scheme="light")
    context.set_default_timeout(TIMEOUT_MS)
    return context


@contextmanager
def isolated_page(browser: Browser, url: str) -> Iterator[Page]:
    """Open a watched page in a context of its own: for tests that change the clock, or measure the cache."""
    context = new_context(browser, url)
    with watched_page(context, url) as page:
        yield page
    context.close()


@contextmanager
def watched_page(context: BrowserContext, url: str) -> Iterator[Page]:
    """Open a page that must have no error on its console, no failed request and no request to another host."""
    page = context.new_page()
    problems: list[str] = []

    def check_message(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            problems.append(message.text)

    def check_response(response: Response) -> None:
        parts = urlsplit(response.url)
        if parts.scheme != "blob" and f"{parts.scheme}://{parts.netloc}" != url:
            problems.append(f"request to another host: {response.url}")
        if response.status >= 400 and parts.path not in PATHS_WITH_ERRORS:
            problems.append(f"status {response.status} of {parts.path}")

    def check_failure(request: Request) -> None:
        if request.failure != ABORTED:
            problems.append(f"failed: {request.url} {request.failure}")

    page.on("console", check_message)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("response", check_response)
    page.on("requestfailed", check_failure)
    yield page
    page.close()
    assert problems == []


def open_home(page: Page, path: str = "/") -> Page:
    """Open the home page and wait until it is ready."""
    page.goto(path)
    page.locator("#predictions").wait_for()
    return page


def open_batch(page: Page) -> Page:
    """Open the batch tab of the home page."""
    open_home(page, "/#batch")
    page.locator("#csv").wait_for()
    return page


def log_in(page: Page) -> Page:
    """Log in as the user of the tests."""
    page.get_by_label("Name").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out").wait_for()
    return page


def press_predict(page: Page) -> None:
    """Press Predict, without waiting for the result."""
    page.get_by_role("button", name="Predict", exact=True).click()


def predict(page: Page) -> Page:
    """Press Predict and wait for the curve."""
    press_predict(page)
    page.locator("#chart .line.main").wait_for()
    return page


def predict_rows(page: Page, text: str) -> Page:
    """Paste rows into the batch form and press Predict all."""
    page.get_by_label("Or paste rows").fill(text)
    page.get_by_role("button", name="Predict all").click()
    return page


def find_violations(page: Page, scheme: Scheme) -> list[Any]:
    """Return what axe finds: all rules in light colours, and in dark colours the rules that depend on colours."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if scheme == "dark":
        options["runOnly"] = {"type": "rule", "values": RULES_OF_COLOURS}
    violations = Axe().run(page, options=options).response["violations"]
    return [(violation["id"], [node["target"] for node in violation["nodes"]]) for violation in violations]


def expect_no_sideways_scrolling(page: Page) -> None:
    """Check that the page is not wider than a phone."""
    page.set_viewport_size(PHONE)
    expect(page.locator("html")).to_have_js_property("scrollWidth", PHONE["width"])
