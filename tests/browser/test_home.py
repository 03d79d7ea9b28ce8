"""The home page: the form, the prediction, the chart, and the timing."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.pages import log_in, open_home, predict, press_predict, watched_page
from tests.services import Service

PREDICTION = 200 * 0.0617 + 150
MAX_BYTES = 60_000
MAX_REQUESTS = 40
HOSTILE = "</script><img src=x onerror=hacked=1><script>hacked=1</script>{{title}}"


@pytest.fixture(scope="module")
def home(line_context: BrowserContext, service: Service) -> Iterator[Page]:
    """The home page before the login. Tests only read it: Chromium slows down a page behind another one."""
    with watched_page(line_context, service.url) as page:
        yield open_home(page)


@pytest.fixture(scope="module")
def predicted(line_context: BrowserContext, service: Service) -> Iterator[Page]:
    """The home page with a prediction. Tests only read it, as above."""
    with watched_page(line_context, service.url) as page:
        yield predict(log_in(open_home(page)))


def value_field(page: Page) -> str:
    return page.get_by_label("Body mass index", exact=True).input_value()


def test_the_page_describes_the_model(home: Page) -> None:
    expect(home).to_have_title("Progression · EGL ML")
    expect(home.get_by_role("heading", level=1)).to_have_text("Progression")
    about = home.locator("#about").inner_text()
    assert "A line, for the tests." in about
    assert "61 rows" in about
    assert "and one of 3 classes" in about


def test_the_description_needs_no_script(page: Page) -> None:
    page.route("**/home.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Progression")


def test_the_chart_shows_the_training_data_before_the_first_prediction(home: Page) -> None:
    points = home.locator("#chart .points path").get_attribute("d") or ""
    assert points.count("h0") == 61
    expect(home.locator("#chart .line")).to_have_count(0)


def test_the_form_starts_with_an_example_and_gets_its_prediction(predicted: Page) -> None:
    assert value_field(predicted) == "0.0617"
    number = predicted.locator("#prediction .headline-value").inner_text()
    assert float(number) == pytest.approx(PREDICTION, abs=0.05)
    expect(predicted.locator("#prediction .unit")).to_have_text("points")
    expect(predicted.locator("#prediction .class-label")).to_have_text("Class2")
    expect(predicted.locator("#chart circle.point")).to_have_count(1)


def test_the_chart_has_a_description_and_a_table(predicted: Page) -> None:
    description = predicted.locator("#chart svg").get_attribute("aria-label") or ""
    assert description.startswith("For Body mass index from −0.1 to 0.2, Progression goes from 130 to 190.")
    assert "Your prediction is 162.3 at 0.0617." in description
    predicted.get_by_text("Values of the curve").click()
    expect(predicted.locator("#chart tbody tr")).to_have_count(62)  # 61 even steps and the user's value


@pytest.mark.parametrize(
    ("name", "unit", "title"),
    [
        ("Weight", "kg", "Weight · kg"),
        ("Weight", "", "Weight"),
        ("Body mass index, standardised", "standardised (not kg/m²)", "Body mass index, standardised"),
    ],
)
def test_an_axis_title_repeats_no_word(home: Page, name: str, unit: str, title: str) -> None:
    code = "async (feature) => (await import('/assets/x/manifest.js')).displayNameWithUnit(feature)"
    assert home.evaluate(code, {"name": name, "unit": unit}) == title


def test_an_open_table_follows_the_next_prediction(page: Page) -> None:
    predict(log_in(open_home(page)))
    page.get_by_text("Values of the curve").click()
    page.get_by_label("Body mass index", exact=True).fill("0.5")
    press_predict(page)
    expect(page.locator("#chart tbody td").last).to_have_text("250")


def test_the_timing_lists_the_steps_of_the_request(predicted: Page) -> None:
    timing = predicted.locator("#timing")
    steps = timing.locator(".steps li").all_inner_texts()
    assert [step.partition("\n")[0] for step in steps][:2] == ["authentication", "decoding"]
    assert timing.locator(".step-bar rect").count() == len(steps)
    assert re.fullmatch("[0-9a-f]{32}", timing.locator("code").inner_text())
    expect(timing.get_by_role("link")).to_have_count(0)


def test_the_timing_links_to_the_local_dashboards_if_there_are_any(page: Page) -> None:
    log_in(open_home(page))
    page.evaluate("document.body.dataset.dashboard = 'http://localhost:7072'")
    predict(page)
    request_id = page.locator("#timing code").inner_text()
    link = page.get_by_role("link", name="Timeline")
    expect(link).to_have_attribute("href", f"http://localhost:7072/#/request/{request_id}")


def test_a_value_outside_the_training_range_gets_a_prediction_and_a_warning(page: Page) -> None:
    log_in(open_home(page))
    page.get_by_label("Body mass index", exact=True).fill("0.5")
    expect(page.get_by_text("Outside the training range −0.1 to 0.2.")).to_be_visible()
    predict(page)
    warning = page.locator("#prediction .note.warning")
    expect(warning).to_contain_text("Body mass index is outside the training range −0.1 to 0.2.")
    expect(page.locator("#prediction .headline-value")).to_have_text("250")
    expect(page.get_by_text("no training data")).to_be_visible()


@pytest.mark.parametrize(
    ("text", "message"),
    [("a lot", "This must be a number."), ("", "This is missing."), ("1e999", "This is too large for a number.")],
)
def test_an_invalid_value_gets_a_message_at_its_field(page: Page, text: str, message: str) -> None:
    field = open_home(page).get_by_label("Body mass index", exact=True)
    field.fill(text)
    press_predict(page)
    expect(page.locator(".field-error")).to_have_text(message)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")


def test_an_error_of_the_service_is_shown_at_its_field(page: Page) -> None:
    def send_text(route: Route) -> None:
        route.continue_(post_data='{"instances":[{"x":"0.1"}]}')

    log_in(open_home(page))
    page.route("**/predict_class", send_text)
    press_predict(page)
    expect(page.get_by_text("This must be a number.")).to_be_visible()


def test_a_prediction_fades_when_the_form_changes(page: Page) -> None:
    predict(log_in(open_home(page)))
    prediction = page.locator("#prediction")
    expect(prediction).not_to_have_class(re.compile("stale"))
    page.get_by_role("button", name="Next example").click()
    expect(prediction).to_have_class(re.compile("stale"))


def test_the_page_can_be_used_with_the_keyboard_alone(page: Page) -> None:
    open_home(page)
    keyboard = page.keyboard
    page.get_by_label("Name").focus()
    keyboard.type("abi")
    keyboard.press("Tab")
    keyboard.type("password")
    keyboard.press("Enter")
    expect(page.get_by_label("Body mass index", exact=True)).to_be_focused()
    keyboard.press("Tab")
    expect(page.get_by_label("Body mass index, slider")).to_be_focused()
    keyboard.press("ArrowRight")
    assert float(value_field(page)) == pytest.approx(0.0635, abs=0.001)
    keyboard.press("Tab")
    keyboard.press("Enter")
    page.locator("#prediction .class-label").wait_for()
    page.get_by_role("tab", name="Single prediction").focus()
    keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Batch from CSV")).to_be_focused()
    expect(page.get_by_label("Or paste rows")).to_be_visible()


def test_the_page_weighs_under_60_kb(page_alone: Page) -> None:
    sizes: dict[str, int] = {}
    page_alone.on("response", lambda response: sizes.update({response.url: int(response.headers["content-length"])}))
    open_home(page_alone)
    page_alone.wait_for_load_state("networkidle")
    assert sum(sizes.values()) < MAX_BYTES, sizes
    assert len(sizes) < MAX_REQUESTS


def test_the_second_visit_loads_only_the_data_of_the_model(page_alone: Page) -> None:
    open_home(open_home(page_alone))
    entries = page_alone.evaluate(
        "performance.getEntriesByType('resource').map((entry) => [entry.name, entry.transferSize])"
    )
    assert {url.rpartition("/")[2] for url, size in entries if size} <= {"model", "picture.json"}


def test_markup_in_a_manifest_is_shown_as_text(page: Page, service: Service) -> None:
    with service.client() as client:
        manifest = client.get("/model").json()
    (feature,) = manifest["features"]
    feature.update(name="__proto__", label=HOSTILE, unit=HOSTILE, help=HOSTILE)
    category = {"kind": "category", "name": "constructor", "label": HOSTILE, "values": [HOSTILE, "javascript:hacked=1"]}
    manifest["features"].append(category)
    manifest["output"].update(label=HOSTILE, unit=HOSTILE, classes=[HOSTILE, "b", "c"])
    manifest.update(name=HOSTILE, version=HOSTILE)
    page.route("**/model", lambda route: route.fulfill(json=manifest))
    page.route("**/picture.json", lambda route: route.fulfill(body=json.dumps({"version": HOSTILE})))
    open_home(page)
    expect(page.get_by_label(HOSTILE).first).to_be_visible()
    page.get_by_role("tab", name="Batch from CSV").click()
    expect(page.get_by_role("button", name="Predict all")).to_be_visible()
    assert page.evaluate("typeof hacked") == "undefined"
    expect(page.locator("main img, main script")).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "message"), [(503, "The model cannot be served."), (0, "The service cannot be reached.")]
)
def test_without_a_model_the_page_shows_the_reason(line_context: BrowserContext, status: int, message: str) -> None:
    page = line_context.new_page()  # not watched: these errors are the subject
    problem = {"title": "The model cannot be served", "status": 503}
    page.route("**/model", lambda route: route.fulfill(status=status, json=problem) if status else route.abort())
    page.goto("/")
    expect(page.locator("#description")).to_contain_text(message)
    expect(page.locator("#predictions")).to_be_hidden()
    page.close()
