"""For everyone: screen readers, dark and light, a phone, a slow line, and texts that mean harm."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, expect

from tests.browser.conftest import DESKTOP, logged_in, opened, predicted, watched
from tests.services import Service

PHONE = {"width": 360, "height": 740}
MOST_BYTES = 60_000
MOST_REQUESTS = 40
HOSTILE = "</script><img src=x onerror=hacked=1><script>hacked=1</script>{{title}}"

Look = Callable[[Page], object]


def failing(page: Page) -> None:
    opened(page)
    page.get_by_label("Body mass index", exact=True).fill("a lot")
    page.get_by_role("button", name="Predict", exact=True).click()


def outside(page: Page) -> None:
    logged_in(opened(page))
    page.get_by_label("Body mass index", exact=True).fill("0.5")
    predicted(page)


def batch(page: Page) -> None:
    logged_in(opened(page, "/#batch"))
    page.get_by_label("Or paste rows").fill("x\n0.1\n9\n\nno,\n")
    page.get_by_role("button", name="Predict all").click()
    page.locator("#batch table").wait_for()


def docs(page: Page) -> None:
    page.goto("/docs")
    page.locator("#operations-default-predict .opblock-summary-control").click()
    page.locator("#operations-default-predict textarea").wait_for()


def authorizing(page: Page) -> None:
    docs(page)
    page.get_by_role("button", name="Authorize").click()
    page.get_by_label("username:").wait_for()


LOOKS: dict[str, Look] = {
    "home": opened,
    "faults": failing,
    "outside": outside,
    "batch": batch,
    "docs": docs,
    "authorizing": authorizing,
}


@pytest.fixture(scope="module", params=LOOKS.values(), ids=LOOKS)
def view(
    request: pytest.FixtureRequest, chromium: Browser, service: Service, tokens: Mapping[str, str]
) -> Iterator[Page]:
    """A page as it looks at one moment of its use."""
    for page in watched(chromium, service, tokens[service.url]):
        page.emulate_media(reduced_motion="reduce")
        request.param(page)
        yield page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(view: Page, scheme: Any) -> None:
    view.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    view.emulate_media(color_scheme=scheme)
    found = Axe().run(view)
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found.response["violations"]] == []


def test_a_phone_needs_no_sideways_scrolling(view: Page) -> None:
    view.set_viewport_size(PHONE)  # type: ignore[arg-type]
    view.wait_for_function(f"document.documentElement.scrollWidth === {PHONE['width']}")


def test_a_classifier_fits_a_phone_too(triage: Page) -> None:
    triage.set_viewport_size(PHONE)  # type: ignore[arg-type]
    predicted(logged_in(opened(triage)))
    assert triage.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_dark_is_dark_and_light_is_light(page: Page) -> None:
    opened(page)
    shades = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        shades.append(sum(int(part) for part in paper.strip("rgb()").split(",")) / 3)
    assert shades[0] > 230
    assert shades[1] < 30


def test_the_front_page_weighs_under_60_kb(page: Page) -> None:
    weights: dict[str, int] = {}

    def weigh(answer: Response) -> None:
        weights[answer.url] = int(answer.headers["content-length"])

    page.on("response", weigh)
    opened(page)
    page.wait_for_load_state("networkidle")
    assert sum(weights.values()) < MOST_BYTES, weights
    assert len(weights) < MOST_REQUESTS


def test_what_a_page_loads_is_kept_for_good(chromium: Browser, service: Service) -> None:
    context = chromium.new_context(base_url=service.url)  # without routes, which would turn the cache off
    page = opened(opened(context.new_page()))
    entries = page.evaluate("performance.getEntriesByType('resource').map((each) => [each.name, each.transferSize])")
    assert {url.rpartition("/")[2] for url, size in entries if size} <= {"model", "picture.json"}
    context.close()


def test_hostile_texts_of_a_manifest_are_only_texts(page: Page, service: Service) -> None:
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
    opened(page)
    expect(page.get_by_label(HOSTILE).first).to_be_visible()
    page.get_by_role("tab", name="Batch from CSV").click()
    expect(page.get_by_role("button", name="Predict all")).to_be_visible()
    assert page.evaluate("typeof hacked") == "undefined"
    expect(page.locator("main img, main script")).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "told"), [(503, "The model cannot be served."), (0, "The service cannot be reached.")]
)
def test_without_a_model_the_page_says_so(chromium: Any, service: Service, status: int, told: str) -> None:
    context = chromium.new_context(base_url=service.url)
    page = context.new_page()
    problem = {"title": "The model cannot be served", "status": 503}
    page.route("**/model", lambda route: route.fulfill(status=status, json=problem) if status else route.abort())
    page.goto("/")
    expect(page.locator("#description")).to_contain_text(told)
    expect(page.locator("#predictions")).to_be_hidden()
    context.close()
