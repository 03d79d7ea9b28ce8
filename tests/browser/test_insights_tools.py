"""What an operator does on the dashboards: page through a busy user, open an alert, save, zoom, find a deployment."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.pages import expect_no_sideways_scrolling, find_violations, new_context, watched_page
from tests.telemetry_samples import envelope, event, invocation, several
from tools.insights.child import running as running_insights
from tools.ports import next_free

BUSY = 6_000
BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=50)
REASONS = '[{"feature":"bmi","reason":"not-a-number","count":3},{"feature":"","reason":"unknown-field","count":1}]'
REFUSED: dict[str, Any] = {"status": 422, "outcome": "invalid-instances"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The dashboards' address."""
    port = next_free(21_000)
    with running_insights(port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def telemetry(chromium: Browser, url: str) -> None:
    """Telemetry of a busy user, a refused request, a formula in a name, and a deployment in the middle."""
    busy = several(BUSY, at=BEGAN, every=0.4, steps={"auth": 0.5, "model": 4.0}, model_version="v1", instances=1)
    started = event("started", build="4b5eaad", model_version="v2", settings_hash="a")
    started.started = (BEGAN + timedelta(minutes=20)).timestamp()
    refused = invocation(at=BEGAN + timedelta(minutes=10), user="ben", bad_fields=4, bad_reasons=REASONS, **REFUSED)
    hostile = invocation(at=BEGAN, user="=cmd|calc", steps={"model": 9000.0})
    context = new_context(chromium, url)
    items = [*busy, started, refused, hostile]
    for start in range(0, len(items), 2_000):
        send(context.new_page(), items[start : start + 2_000])
    context.close()


def send(page: Page, items: Sequence[Any]) -> None:
    content = json.dumps([envelope(item) for item in items])
    response = page.request.post("/v2.1/track", data=content, headers={"Content-Type": "application/json"})
    assert response.status == 200


@pytest.fixture
def page(chromium: Browser, url: str, telemetry: None) -> Iterator[Page]:
    """A page of the dashboards."""
    context = new_context(chromium, url)
    with watched_page(context, url) as page:
        yield page
    context.close()


def test_a_busy_user_s_newest_requests_are_shown_and_the_others_are_reached(page: Page) -> None:
    page.goto("/#/user-flow?range=60&user=abi")
    expect(page.locator(".summary").first).to_contain_text("abi: the newest 200 of 6,000 requests")
    expect(page.locator(".flow-request")).to_have_count(200)
    around = (BEGAN + timedelta(minutes=20)).astimezone()
    page.get_by_label("Around").fill(f"{around:%Y-%m-%dT%H:%M:%S}")
    page.get_by_label("Around").press("Enter")
    expect(page.locator(".summary").first).to_contain_text("of 1,501 requests")
    assert "around=" in page.url


def test_failures_alone_can_be_shown(page: Page) -> None:
    page.goto("/#/user-flow?range=60&user=ben")
    page.get_by_label("Failures only").check()
    expect(page.locator(".flow-request")).to_have_count(1)
    assert parse_qs(page.url.partition("?")[2])["only"] == ["failures"]
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_label("Failures only")).to_be_hidden()
    assert "only=" not in page.url


def test_a_refused_request_shows_why(page: Page) -> None:
    page.goto("/#/user-flow?range=60&user=ben")
    page.locator(".flow-request .id").click()
    expect(page.locator(".properties")).to_contain_text(
        "bmi: not a number (3); a member that the model does not have: unknown field (1)"
    )


def test_a_deployment_is_a_line_on_the_charts_with_its_build(page: Page) -> None:
    page.goto("/#/overview?range=60")
    for panel in ("prediction-latency", "model-errors", "traffic"):
        line = page.locator(f"#panel-{panel} svg .deployment")
        expect(line).to_have_count(1)
        expect(line.locator("title")).to_contain_text("deployed: build 4b5eaad, model v2")
        expect(page.locator(f"#panel-{panel} .legend .deployment")).to_have_text("deployment")


def test_an_axis_has_its_unit_and_a_legend_says_which_value_it_shows(page: Page) -> None:
    page.goto("/#/overview?range=60")
    panel = page.locator("#panel-prediction-latency")
    expect(panel.locator("svg .unit")).to_have_text("ms")
    expect(panel.locator(".legend li").first).to_contain_text("last")


def test_a_column_has_its_unit_as_a_sign(page: Page) -> None:
    page.goto("/#/what-changed?range=60")
    heads = page.locator("#panel-what-changed th")
    for name in ("failed, %", "model p95, ms"):
        expect(heads.get_by_text(name, exact=True)).to_be_visible()


def test_negative_numbers_have_a_minus_sign(page: Page) -> None:
    page.goto("/#/overview?range=60")
    assert page.evaluate("import('/format.js').then(({ formatNumber }) => formatNumber(-4.991))") == "−4.99"


def test_an_alert_opens_its_query_its_result_and_what_to_do(page: Page) -> None:
    page.goto("/#/overview?range=60")
    page.locator("#alerts").get_by_role("link", name="Predictions fail").click()
    shown = page.locator("#alert-page")
    expect(shown.locator(".query")).to_contain_text("| where samples >= 20")
    expect(shown).to_contain_text("docs/operate.md#predictions-fail")
    expect(shown.locator(".chapter b").first).to_have_text("Meaning.")
    expect(shown.locator(".chapter")).not_to_contain_text("**")
    assert find_violations(page, "light") == []
    page.set_viewport_size({"width": 360, "height": 740})
    expect_no_sideways_scrolling(page)


def refresh(page: Page) -> None:
    """Let a minute pass, and wait until the page has shown what its queries return then."""
    status = page.locator("#status")
    expect(status).to_contain_text("Updated at")
    before = status.inner_text()
    page.clock.fast_forward(60_000)
    expect(status).not_to_have_text(before)


def test_an_alert_that_is_refreshed_keeps_the_selection_and_the_focus(page: Page) -> None:
    page.clock.install()
    page.goto("/#/alert/model-failures?range=60")
    query = page.locator("#alert-page .query")
    query.focus()
    query.evaluate("(each) => getSelection().selectAllChildren(each)")
    refresh(page)
    expect(query).to_be_focused()
    assert "| where samples >= 20" in page.evaluate("getSelection().toString()")


def test_what_a_keyboard_is_on_keeps_the_focus_through_a_refresh(page: Page) -> None:
    page.clock.install()
    page.goto("/#/user-flow?range=60&user=abi")
    alert = page.locator("#alerts").get_by_role("link", name="Predictions fail")
    user = page.locator("#recent-users").get_by_role("button", name="ben")
    for focused in (alert, user):
        focused.focus()
        refresh(page)
        expect(focused).to_be_focused()


def test_an_alert_that_fails_after_its_page_was_left_is_dropped(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.goto("/#/overview?range=60")
    page.locator("#panel-slowest tbody tr").first.wait_for()
    page.route("**/api/alerts/model-failures*", hold)
    page.locator("#alerts").get_by_role("link", name="Predictions fail").click()
    page.locator("#alert-page").wait_for(state="attached")
    with page.expect_request("**/api/questions/slowest*"):
        page.get_by_role("link", name="Overview").click()
    expect(page.locator("#panel-slowest")).to_be_visible()
    with page.expect_event("requestfinished", lambda request: "model-failures" in request.url):
        held[0].fulfill(body="no JSON")
    page.evaluate("fetch('/api/alerts').then((response) => response.json())")  # an error of the page is seen by then


def test_a_result_is_saved_as_csv_without_formulas(page: Page) -> None:
    page.goto("/#/overview?range=60")
    panel = page.locator("#panel-slowest")
    panel.locator("tbody tr").first.wait_for()
    with page.expect_download() as download:
        panel.get_by_role("button", name="save as CSV").click()
    assert download.value.suggested_filename.startswith("slowest ")
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    assert len(rows) == 20
    assert (rows[0]["user"], float(rows[0]["total_ms"])) == ("'=cmd|calc", 9000.0)


def test_a_range_drawn_on_a_chart_becomes_the_time_range(page: Page) -> None:
    page.goto("/#/overview?range=60")
    chart = page.locator("#panel-prediction-latency svg")
    page.locator("#alerts .alert").first.wait_for()
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=4)
    expect(chart.locator(".zoom")).to_be_visible()
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(chart.locator(".zoom")).to_be_hidden()
    assert "range=60" in page.url

    page.mouse.move(box["x"] + box["width"] * 0.4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=4)
    page.mouse.up()
    expect(page.get_by_label("Time")).to_have_value("custom")
    chosen = parse_qs(page.url.partition("?")[2])
    length = datetime.fromisoformat(chosen["until"][0]) - datetime.fromisoformat(chosen["since"][0])
    assert timedelta(minutes=10) < length < timedelta(minutes=16)
