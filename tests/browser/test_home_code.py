"""The request as code, in tabs: what each shows runs, and responds what the page does."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pages import PASSWORD, USER, open_home, watched_page
from tests.services import Service
from tools.azurite import NODE

COMMANDS = {
    "curl": ["bash", "-c"],
    "Python": [sys.executable, "-c"],
    "JavaScript": [str(NODE), "--input-type=module", "--eval"],
}


@pytest.fixture
def page(line_context: BrowserContext, service: Service) -> Iterator[Page]:
    """The home page, before a login."""
    with watched_page(line_context, service.url) as page:
        yield open_home(page)


def shown(page: Page, language: str) -> str:
    page.get_by_role("tab", name=language).click()
    return page.locator(f"#code-{language.lower()} code").inner_text()


def output(command: Sequence[str]) -> str:
    environ = {"PATH": os.environ["PATH"], "EGL_ML_USER": USER, "EGL_ML_PASSWORD": PASSWORD}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=30).stdout


@pytest.mark.parametrize("language", COMMANDS)
def test_the_code_runs_as_it_stands_and_follows_the_form(page: Page, language: str) -> None:
    page.get_by_label("Body mass index", exact=True).fill("0.125")
    code = shown(page, language)
    assert "0.125" in code
    assert PASSWORD not in code.replace("EGL_ML_PASSWORD", "").replace("password", "")

    printed = output([*COMMANDS[language], code])
    [value] = json.loads(printed)["values"] if language == "curl" else numbers(printed)
    assert value == pytest.approx(float(expected(page)), rel=0.01)


def numbers(printed: str) -> list[float]:
    """Return the values of a response that Python or Node has printed."""
    inside = printed.partition("values")[2].partition("[")[2].partition("]")[0]
    return [float(inside)]


def expected(page: Page) -> str:
    """Log in, predict, and return the number on the page."""
    page.get_by_label("Name").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out").wait_for()
    page.get_by_role("button", name="Predict", exact=True).click()
    headline = page.locator("#prediction .headline-value")
    headline.wait_for()
    return headline.inner_text().replace(",", "")


def test_tabs_are_changed_by_the_arrow_keys(page: Page) -> None:
    page.get_by_role("tab", name="curl").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Python")).to_be_focused()
    expect(page.locator("#code-python")).to_be_visible()
    expect(page.locator("#code-curl")).to_be_hidden()


def test_an_invalid_value_leaves_the_last_valid_code(page: Page) -> None:
    before = shown(page, "curl")
    page.get_by_label("Body mass index", exact=True).fill("a lot")
    expect(page.locator("#code")).to_contain_text("The code has the last valid input.")
    assert shown(page, "curl") == before
