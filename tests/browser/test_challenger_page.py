"""The challenger's page with telemetry of two models whose predictions differ by a known number."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import (
    DESKTOP,
    PHONE,
    Scheme,
    expect_no_sideways_scrolling,
    find_violations,
    new_context,
    watched_page,
)
from tests.telemetry_samples import challenged, envelope, several
from tools.insights.child import running as running_insights
from tools.ports import next_free

LOWER = -10.0
"""Challenger minus champion, in each request."""
PATH = "/#/challenger?range=60"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The dashboards' address, with twenty requests of the last minutes that both models scored."""
    port = next_free(20_000)
    with running_insights(port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Scheme:
    scheme: Scheme = request.param
    return scheme


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(chromium: Browser, url: str, scheme: Scheme, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page in a width and a colour scheme."""
    context = new_context(chromium, url)
    with watched_page(context, url) as page:
        page.set_viewport_size(request.param)
        page.emulate_media(color_scheme=scheme)
        send_scores(page)
        page.goto(f"{url}{PATH}")
        yield page
    context.close()


def send_scores(page: Page) -> None:
    start = datetime.now(UTC) - timedelta(minutes=5)
    answered = several(20, at=start, every=10.0, model_version="v1", instances=1, prediction_mean=100.0)
    facts = {"difference_mean": LOWER, "difference_abs_mean": 10.0, "difference_abs_max": 10.0}
    scores = [challenged(each, champion_mean=100.0, challenger_mean=90.0, **facts) for each in answered]
    items = [envelope(item) for item in (*answered, *scores)]
    headers = {"Content-Type": "application/json"}
    assert page.request.post("/v2.1/track", data=json.dumps(items), headers=headers).status == 200


def test_the_page_shows_how_far_the_models_are_apart_below_zero_too(page: Page, scheme: Scheme) -> None:
    chart = page.locator("#panel-challenger-difference svg")
    expect(page.locator("#panel-challenger-difference .legend")).to_contain_text("−10")
    bottom = chart.locator(".grid text").first
    expect(bottom).to_contain_text("−")
    bottom_of = "(svg, part) => svg.querySelector(part).getBoundingClientRect().bottom"
    below, axis = chart.evaluate(f"svg => ['.line path', '.grid'].map(part => ({bottom_of})(svg, part))")
    assert below <= axis + 1
    expect(page.locator("#panel-challenger-most-different a").first).to_be_visible()
    expect_no_sideways_scrolling(page)
    assert find_violations(page, scheme) == []
