"""The local Application Insights after real traffic: charts, alerts, a user's requests, and a timeline per request."""

import json
import re
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.accounts import ROWS, Client, traffic
from tests.browser.pages import (
    DESKTOP,
    PHONE,
    Scheme,
    expect_no_sideways_scrolling,
    find_violations,
    isolated_page,
    new_context,
    watched_page,
)
from tests.features.feast_server import feast_server
from tests.services import serving
from tests.telemetry_samples import envelope, invocation
from tools.insights.child import running as running_insights

CHARTS = {
    "prediction-latency": {"p50", "p95", "p99"},
    "feature-latency": {"p50", "p95", "p99"},
    "model-latency": {"p50", "p95", "p99"},
    "feature-errors": {"error_rate"},
    "model-errors": {"error_rate"},
}
HOSTILE = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
REFRESH_MS = 5_000
NOT_LIVE = "range=custom"
"""A custom range is not refreshed, so the page runs its queries only once. Without times it is the last hour."""
READ_TOPS = "elements => elements.map((element) => element.getBoundingClientRect().top)"
COUNT_LINES = """cells => cells.flatMap((cell) => {
    const words = [];
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        for (const { 0: word, index } of node.data.matchAll(/[\\p{L}\\p{N}_]+/gu)) {
            const range = document.createRange();
            range.setStart(node, index);
            range.setEnd(node, index + word.length);
            const tops = [...range.getClientRects()].map(({ top }) => Math.round(top));
            words.push([word, new Set(tops).size]);
        }
    }
    return words;
})"""
"""Return every word of some elements, with the number of lines that it is on."""
VIEWS = {
    "user flow": f"user-flow?{NOT_LIVE}&user=abi",
    "errors": f"errors?{NOT_LIVE}",
    "what changed": f"what-changed?{NOT_LIVE}",
    "drift": f"drift?{NOT_LIVE}",
    "challenger": f"challenger?{NOT_LIVE}",
}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """The client that sent the traffic, with a list of its calls."""
    with httpx.Client(timeout=20) as http:
        yield Client(http)


@pytest.fixture(scope="module")
def insights_url(
    client: Client, line_settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The local Application Insights with the telemetry of traffic with every kind of error."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with running_insights(port) as connection, feast_server(ROWS) as store:
        settings = {
            **line_settings,
            "APPLICATIONINSIGHTS_CONNECTION_STRING": connection,
            "FEATURES_SOURCE": "feast",
            "FEATURES_URL": f"{store.url}?view=patients&entity=patient",
            "TMPDIR": str(tmp_path_factory.mktemp("telemetry")),
        }
        with serving(settings) as service:
            client.http.base_url = httpx.URL(service.url)
            traffic(client, store)
        yield f"http://127.0.0.1:{port}"  # the service has ended, so all of its telemetry has arrived


@pytest.fixture(scope="module")
def insights_context(chromium: Browser, insights_url: str) -> Iterator[BrowserContext]:
    """The context of the pages."""
    context = new_context(chromium, insights_url)
    yield context
    context.close()


@pytest.fixture
def page(insights_context: BrowserContext, insights_url: str) -> Iterator[Page]:
    """A new page."""
    with watched_page(insights_context, insights_url) as page:
        yield page


@pytest.fixture
def page_alone(chromium: Browser, insights_url: str) -> Iterator[Page]:
    """A new page with a clock of its own."""
    with isolated_page(chromium, insights_url) as page:
        page.clock.install()
        yield page


@pytest.fixture(scope="module")
def overview(insights_context: BrowserContext, insights_url: str) -> Iterator[Page]:
    """The overview with its results."""
    with watched_page(insights_context, insights_url) as page:
        yield open_view(page, f"overview?{NOT_LIVE}")


@pytest.fixture(scope="module", params=["overview", *VIEWS])
def view(request: pytest.FixtureRequest, insights_context: BrowserContext, insights_url: str) -> Iterator[Page]:
    """One of the pages with its results."""
    if request.param == "overview":
        yield request.getfixturevalue("overview")
        return
    with watched_page(insights_context, insights_url) as page:
        yield open_view(page, VIEWS[request.param])


def open_view(page: Page, address: str) -> Page:
    page.goto(f"/#/{address}")
    page.locator("#status", has_text="Updated at").wait_for()
    return page


def search_user(page: Page, text: str) -> None:
    field = page.get_by_label("User", exact=True)
    field.fill(text)
    field.press("Enter")


def send_item(page: Page, item: Any) -> None:
    """Send one more telemetry item."""
    headers = {"Content-Type": "application/json"}
    response = page.request.post("/v2.1/track", data=json.dumps([envelope(item)]), headers=headers)
    assert response.status == 200


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_of_the_overview_has_data(overview: Page, name: str) -> None:
    series = overview.locator(f"#panel-{name} svg [data-series]")
    expect(series).to_have_count(len(CHARTS[name]))
    assert {line.get_attribute("data-series") for line in series.all()} == CHARTS[name]
    assert all(int(line.get_attribute("data-points") or 0) > 0 for line in series.all())


def test_the_five_charts_come_first_and_the_first_one_is_visible(overview: Page) -> None:
    panels = overview.locator(".panel").all()
    assert len(panels) == 8
    assert [panel.get_attribute("id") for panel in panels[:5]] == [f"panel-{name}" for name in CHARTS]
    expect(overview.locator("#panel-prediction-latency svg")).to_be_in_viewport(ratio=1)


def test_a_legend_has_the_unit_once(page: Page) -> None:
    open_view(page, VIEWS["drift"])
    expect(page.locator("#panel-outside .legend li").first).to_have_text(re.compile(r"^outside ?last [\d.]+ %$"))


def test_every_alert_shows_its_state(overview: Page) -> None:
    expect(overview.locator(".alert")).to_have_count(7)
    expect(overview.locator(".alert", has_text="Predictions fail")).to_contain_text("ok")
    expect(overview.locator(".alert", has_text="Feature pulls fail")).to_contain_text("too few samples")


def test_a_chart_can_be_shown_as_a_table_and_as_its_query(overview: Page) -> None:
    panel = overview.locator("#panel-model-latency")
    panel.get_by_role("button", name="table").click()
    expect(panel.locator("th")).to_have_text(["time", "p50", "p95", "p99"])
    panel.get_by_role("button", name="query").click()
    expect(panel.locator("pre")).to_contain_text("percentile(ms, 95)")
    panel.get_by_role("button", name="query").click()
    expect(panel.locator("svg")).to_be_visible()


def test_a_search_for_a_user_shows_their_requests_the_newest_first(page: Page, client: Client) -> None:
    page.goto("/")
    search_user(page, "abi")
    calls = [call for call in client.calls if call.user == "abi"]
    page.locator(".flow-request").first.wait_for()
    expect(page.locator(".flow-request")).to_have_count(len(calls))
    links = [link.get_attribute("href") for link in page.locator(".flow-request .id").all()]
    assert links == [f"#/request/{call.request_id}" for call in reversed(calls)]
    expect(page.locator(".flow-request details").first).to_have_attribute("open", "")
    expect(page.locator(".summary").first).to_contain_text(f"abi sent {len(calls)} requests")


def test_a_request_opens_to_its_steps_in_order(page: Page, client: Client) -> None:
    page.goto("/#/user-flow?user=abi")
    call = next(call for call in client.calls if call.timing.get("features"))
    request = page.locator(".flow-request", has=page.locator(f'[href="#/request/{call.request_id}"]'))
    request.locator("strong").click()
    expect(request.locator(".part .name")).to_have_text(
        ["auth", "decode", "features", re.compile("^features.fetch from"), "model", "encode"]
    )


def test_an_open_request_stays_open_when_the_page_refreshes(page_alone: Page) -> None:
    page_alone.goto("/#/user-flow?user=abi")
    request = page_alone.locator(".flow-request", has=page_alone.locator(".badge.good")).nth(3)
    request.locator("strong").click()
    expect(request.locator(".part").first).to_be_visible()
    with page_alone.expect_response("**/api/questions/user-flow?**"):
        page_alone.clock.fast_forward(REFRESH_MS)
    expect(request.locator(".part").first).to_be_visible()


def test_a_request_has_a_timeline_with_its_own_address(page: Page, client: Client) -> None:
    failed = next(call for call in client.calls if call.status >= 500)
    page.goto(f"/#/request/{failed.request_id}")
    page.locator(".timeline .row").first.wait_for()
    names = page.locator(".timeline .row .name").all_inner_texts()
    assert names[:2] == ["predict, the host's view", "predict"]
    assert {"auth", "decode", "features"} < set(names)
    expect(page.locator(".span.call.failed")).to_have_count(1)
    expect(page.locator(".properties")).to_contain_text(failed.outcome)


def test_a_search_for_a_request_id_shows_its_timeline(page: Page, client: Client) -> None:
    page.goto("/#/user-flow")
    search_user(page, client.calls[-1].request_id)
    page.locator(".timeline", has_text=client.calls[-1].request_id).wait_for()


def test_new_telemetry_appears_without_a_reload(page_alone: Page) -> None:
    page_alone.goto("/#/user-flow?user=newcomer")
    page_alone.get_by_text("No requests of newcomer").wait_for()
    send_item(page_alone, invocation("predict", at=datetime.now(UTC), user="newcomer"))
    page_alone.clock.fast_forward(REFRESH_MS)
    page_alone.locator(".flow-request").wait_for()


def test_markup_in_a_user_name_is_shown_as_text(page: Page) -> None:
    send_item(page, invocation("predict", at=datetime.now(UTC), user=HOSTILE))
    page.goto("/#/user-flow")
    page.locator("#recent-users").get_by_role("button", name="<img").click()
    page.locator(".summary", has_text=f"{HOSTILE} sent 1 request").wait_for()
    page.locator(".flow-request .id").click()
    page.locator(".timeline", has_text=HOSTILE).wait_for()
    assert page.locator("main img, main script").count() == 0
    assert "hacked" not in page.title()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(view: Page, scheme: Scheme) -> None:
    view.set_viewport_size(DESKTOP)
    assert find_violations(view, scheme) == []


def test_a_phone_needs_no_sideways_scrolling(view: Page) -> None:
    expect_no_sideways_scrolling(view)


def test_no_short_word_of_a_table_is_broken_on_a_phone(view: Page) -> None:
    view.set_viewport_size(PHONE)
    lines = view.locator("td").evaluate_all(COUNT_LINES)
    assert {text: count for text, count in lines if count > 1 and len(text) < 40} == {}


def test_the_names_of_the_alerts_begin_on_one_line(overview: Page) -> None:
    overview.set_viewport_size(DESKTOP)
    tops = overview.locator(".alert .name").evaluate_all(READ_TOPS)
    lights = overview.locator(".alert .light").evaluate_all(READ_TOPS)
    assert (len(set(tops)), len(set(lights))) == (1, 1)


def test_the_filters_are_in_two_columns_on_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    open_view(page, "errors?range=60")
    fields = [page.locator(f"#filters [name={name}]") for name in ("range", "function", "user")]
    boxes = [field.evaluate("field => field.getBoundingClientRect().toJSON()") for field in fields]
    assert boxes[0]["top"] == boxes[1]["top"]
    assert (boxes[0]["left"], boxes[0]["width"]) == (boxes[2]["left"], boxes[2]["width"])


def test_the_challenger_s_page_without_one_names_the_way_to_it(
    insights_context: BrowserContext, insights_url: str
) -> None:
    with watched_page(insights_context, insights_url) as page:
        open_view(page, VIEWS["challenger"])
        expect(page.locator("#panel-challenger-agreement")).to_contain_text("No challenger scored a request.")
