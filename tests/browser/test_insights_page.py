"""The local dashboards after real traffic: charts with data, a user's story in order, readable for everyone."""

import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sklearn.linear_model import LinearRegression

from tests.accounts import ROWS, Client, traffic
from tests.browser.conftest import settings, watched
from tests.features.feast_server import feast_server
from tests.services import Service, serving
from tests.telemetry_samples import envelope, invocation
from tools.insights.beside import beside
from tools.model import adopt

CHARTS = {
    "prediction-latency": {"p50", "p95", "p99"},
    "feature-latency": {"p50", "p95", "p99"},
    "model-latency": {"p50", "p95", "p99"},
    "feature-errors": {"error_rate"},
    "model-errors": {"error_rate"},
}
HOSTILE = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
PHONE = {"width": 360, "height": 740}
PATIENCE_MS = 20_000  # a busy machine translates its first KQL slowly
PLACES = ("overview", "user-flow?user=abi", "errors", "what-changed", "drift")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Keeps account of what was sent."""
    with httpx.Client(timeout=20) as http:
        yield Client(http)


@pytest.fixture(scope="module")
def dashboards(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The local Application Insights, which was told of traffic with every kind of fault."""
    folder, kept = tmp_path_factory.mktemp("model"), tmp_path_factory.mktemp("kept")
    rows = pd.DataFrame({"x": np.linspace(-1, 1, 41)})
    line = LinearRegression().fit(rows.to_numpy(), 2 * rows["x"] + 1)
    adopt(line, rows, 2 * rows["x"] + 1, name="line", target="y", edges=(0.0, 2.0), folder=folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with beside(port) as connection, feast_server(ROWS) as store:
        told = {
            **settings(folder),
            "APPLICATIONINSIGHTS_CONNECTION_STRING": connection,
            "FEATURES_SOURCE": "feast",
            "FEATURES_URL": f"{store.url}?view=patients&entity=patient",
            "TMPDIR": str(kept),
        }
        with serving(told) as service:
            client.http.base_url = httpx.URL(service.url)
            traffic(client, store)
        yield Service(f"http://127.0.0.1:{port}", service.process)


@pytest.fixture
def page(chromium: Browser, dashboards: Service) -> Iterator[Page]:
    """A page of the dashboards, which must end without an error and without having asked another host."""
    expect.set_options(timeout=PATIENCE_MS)
    yield from watched(chromium, dashboards, "")
    expect.set_options(timeout=None)


def test_the_five_charts_have_data(page: Page) -> None:
    page.goto("/")
    for name, series in CHARTS.items():
        panel = page.locator(f"#panel-{name}")
        expect(panel.locator("[data-points]")).to_have_count(len(series))
        drawn = {each.get_attribute("data-series"): each for each in panel.locator("[data-points]").all()}
        assert set(drawn) == series
        assert all(int(each.get_attribute("data-points") or 0) > 0 for each in drawn.values())


def test_the_five_charts_come_first_and_the_first_is_on_the_first_screen(page: Page) -> None:
    page.goto("/")
    expect(page.locator(".panel")).to_have_count(7)
    assert [each.get_attribute("id") for each in page.locator(".panel").all()[:5]] == [
        f"panel-{name}" for name in CHARTS
    ]
    expect(page.locator("#panel-prediction-latency svg")).to_be_in_viewport(ratio=1)


def test_every_alert_shows_its_state(page: Page) -> None:
    page.goto("/")
    expect(page.locator(".alert")).to_have_count(5)
    expect(page.locator(".alert", has_text="Predictions fail")).to_contain_text("ok")
    expect(page.locator(".alert", has_text="Feature pulls fail")).to_contain_text("too few samples")


def test_a_user_is_searched_and_their_story_read_in_order(page: Page, client: Client) -> None:
    page.goto("/")
    page.get_by_label("User", exact=True).fill("abi")
    page.get_by_label("User", exact=True).press("Enter")
    mine = [each for each in client.calls if each.user == "abi"]
    expect(page.locator(".flow-request")).to_have_count(len(mine))
    links = [each.get_attribute("href") for each in page.locator(".flow-request .id").all()]
    assert links == [f"#/request/{each.request_id}" for each in mine]
    expect(page.locator(".summary").first).to_contain_text(f"abi sent {len(mine)} requests")


def test_a_request_of_the_story_unfolds_to_its_steps_in_order(page: Page, client: Client) -> None:
    page.goto("/#/user-flow?user=abi")
    pulled = next(each for each in client.calls if each.timing.get("features"))
    asked = page.locator(".flow-request", has=page.locator(f'[href="#/request/{pulled.request_id}"]'))
    asked.locator("strong").click()
    expect(asked.locator(".part .name")).to_have_text(
        ["auth", "decode", "features", re.compile("^features.fetch from"), "model", "encode"]
    )


def test_what_was_unfolded_stays_so_when_the_page_asks_again(page: Page) -> None:
    page.goto("/#/user-flow?user=abi")
    first = page.locator(".flow-request").nth(5)
    first.locator("strong").click()
    expect(first.locator(".part").first).to_be_visible()
    with page.expect_response("**/api/questions/user-flow?**", timeout=15_000):
        pass
    expect(first.locator(".part").first).to_be_visible()


def test_a_request_has_a_timeline_under_its_own_address(page: Page, client: Client) -> None:
    failed = next(each for each in client.calls if each.status >= 500)
    page.goto(f"/#/request/{failed.request_id}")
    expect(page.locator(".timeline .row")).not_to_have_count(0)
    rows = page.locator(".timeline .row .name").all_inner_texts()
    assert rows[:2] == ["predict, the host's view", "predict"]
    assert {"auth", "decode", "features"} < set(rows)
    expect(page.locator(".span.call.failed")).to_have_count(1)
    expect(page.locator(".properties")).to_contain_text(failed.outcome)


def test_a_request_id_in_the_search_box_leads_to_its_timeline(page: Page, client: Client) -> None:
    page.goto("/")
    page.get_by_label("User", exact=True).fill(client.calls[-1].request_id)
    page.get_by_label("User", exact=True).press("Enter")
    expect(page.locator(".timeline")).to_contain_text(client.calls[-1].request_id)


def test_a_chart_can_be_read_as_a_table_and_as_its_query(page: Page) -> None:
    page.goto("/")
    panel = page.locator("#panel-prediction-latency")
    panel.get_by_role("button", name="table").click()
    expect(panel.locator("th")).to_have_text(["time", "p50", "p95", "p99"])
    panel.get_by_role("button", name="query").click()
    expect(panel.locator("pre")).to_contain_text("percentile(duration, 95)")
    panel.get_by_role("button", name="query").click()
    expect(panel.locator("svg")).to_be_visible()


def test_the_page_shows_what_arrives_without_being_reloaded(page: Page) -> None:
    page.goto("/#/user-flow?user=newcomer")
    expect(page.locator("#panel-user-flow")).to_contain_text("No requests of newcomer")
    track(page, invocation("predict", at=datetime.now(UTC), user="newcomer"))
    expect(page.locator(".flow-request")).to_have_count(1, timeout=10_000)


def test_a_hostile_user_name_is_only_a_text(page: Page) -> None:
    track(page, invocation("predict", at=datetime.now(UTC), user=HOSTILE))
    page.goto("/#/user-flow")
    page.locator("#recent-users").get_by_role("button", name="<img").click()
    expect(page.locator(".summary").first).to_contain_text(f"{HOSTILE} sent 1 request")
    page.locator(".flow-request .id").click()
    expect(page.locator(".timeline")).to_contain_text(HOSTILE)
    assert page.locator("main img, main script").count() == 0
    assert "hacked" not in page.title()


def track(page: Page, item: Any) -> None:
    """Have one more item told."""
    headers = {"Content-Type": "application/json"}
    answer = page.request.post("/v2.1/track", data=json.dumps([envelope(item)]), headers=headers)
    assert answer.status == 200


@pytest.mark.parametrize("place", PLACES)
def test_axe_finds_nothing_in_light_and_dark(page: Page, place: str) -> None:
    settled(page, place)
    violations = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page).response["violations"]
        violations += [(scheme, each["id"], [node["target"] for node in each["nodes"]]) for each in found]
    assert violations == []


@pytest.mark.parametrize("place", PLACES)
def test_a_phone_needs_no_sideways_scrolling(page: Page, place: str) -> None:
    settled(page, place)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    expect(page.locator("html")).to_have_js_property("scrollWidth", PHONE["width"])


def settled(page: Page, place: str) -> None:
    """Open a place and wait for its first answers."""
    page.goto(f"/#/{place}")
    expect(page.locator("#status")).to_contain_text("Updated at")
