"""The home page of models with one to 200 features, with short and long names, on a phone and on a wide screen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from shared.model.manifest import Category, Example, Feature, Number, Output
from tests.browser.conftest import service_settings
from tests.browser.pages import find_violations, log_in, new_context, open_home, watched_page
from tests.models import Doubling, Labelled, dump
from tests.services import Service, serving

PHONE: ViewportSize = {"width": 390, "height": 844}
WIDE: ViewportSize = {"width": 1440, "height": 900}
MANY = 8
"""Features from which on a form has columns and a bar that stays in view."""
SEARCHED = 25
"""Features from which on a form has a search."""
VIEWS = {"390": PHONE, "1440": WIDE}


class Wide(NamedTuple):
    """A model's number of features, and the length of every name."""

    features: int
    length: int

    def name(self, start: str) -> str:
        """Return a name without a place to break it."""
        return start.ljust(self.length, "m")

    def feature(self, i: int) -> Feature:
        """Return a feature: of three one is a category, and of two categories one may be missing."""
        if i % 3 == 2:
            return Category(name=self.name(f"f{i}"), values=(self.name("y"), self.name("n")), optional=i % 2 == 0)
        return Number(name=self.name(f"f{i}"), unit=self.name("u") if i == 0 else "", range=(-1.0, 1.0))

    def write(self, folder: Path) -> Path:
        """Write a classifier, or of one feature a regressor, and return its manifest."""
        features = [self.feature(i) for i in range(self.features)]
        instance = {feature.name: 0.5 if isinstance(feature, Number) else self.name("y") for feature in features}
        labels = self.name("low"), self.name("high")
        members: dict[str, Any] = {"name": self.name("wide"), "features": features}
        if self.features == 1:
            output = Output(name=self.name("y"), unit=self.name("u"), classes=labels, edges=(0.0,))
            example = Example(instance=instance, prediction=1.0, class_=labels[1])
            return dump(Doubling(), folder, output=output, examples=(example,), **members)
        output = Output(name=self.name("y"), classes=labels, probabilities=True)
        example = Example(instance=instance, prediction=labels[1])
        return dump(Labelled(*labels), folder, kind="classifier", output=output, examples=(example,), **members)


MODELS = [Wide(features, length) for features in (1, 8, 30, 200) for length in (5, 120)]


# A wider scope than that of the views: so each service runs once.
@pytest.fixture(scope="package", params=MODELS, ids=lambda model: f"{model.features}x{model.length}")
def model(request: pytest.FixtureRequest) -> Wide:
    """A model."""
    chosen: Wide = request.param
    return chosen


@pytest.fixture(scope="package")
def wide(model: Wide, users: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service with the model."""
    path = model.write(tmp_path_factory.mktemp("wide"))
    with serving({**service_settings(users, path.parent), "MODEL_MANIFEST": str(path)}) as running:
        yield running


@pytest.fixture(scope="package")
def wide_context(chromium: Browser, wide: Service) -> Iterator[BrowserContext]:
    """The context of the model's pages."""
    context = new_context(chromium, wide.url)
    yield context
    context.close()


@pytest.fixture(scope="module", params=VIEWS.values(), ids=VIEWS)
def view(request: pytest.FixtureRequest, wide_context: BrowserContext, wide: Service) -> Iterator[Page]:
    """The home page after the login and a prediction, in one of the two sizes."""
    with watched_page(wide_context, wide.url) as page:
        page.emulate_media(reduced_motion="reduce")
        page.set_viewport_size(request.param)
        log_in(open_home(page))
        yield page


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"))


def overflowing(page: Page) -> list[str]:
    """Return what is wider than the page and is not in a box that scrolls or hides it."""
    code = """() => [...document.querySelectorAll("body *")].filter((each) => {
        if (each.getBoundingClientRect().right <= innerWidth + 1) return false;
        if (each.closest("svg, .visually-hidden, .skip-link")) return false;
        for (let box = each.parentElement; box; box = box.parentElement) {
            if (getComputedStyle(box).overflowX !== "visible") return false;
        }
        return true;
    }).map((each) => `${each.tagName}.${each.className}#${each.id} ${each.getBoundingClientRect().right}`)"""
    return list(page.evaluate(code))


def cut_off(page: Page) -> list[str]:
    """Return the texts of the charts that go beyond their chart, which are cut off there."""
    code = """() => [...document.querySelectorAll("svg[role=img] text")].filter((each) => {
        const [text, chart] = [each, each.ownerSVGElement].map((box) => box.getBoundingClientRect());
        return text.width > 0 && (text.left < chart.left - 1 || text.right > chart.right + 1);
    }).map((each) => each.textContent)"""
    return list(page.evaluate(code))


def log_in_again(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    log_in(page)


def columns(fields: Locator) -> int:
    return len(set(fields.evaluate_all("each => each.map((field) => Math.round(field.getBoundingClientRect().left))")))


def in_view(element: Locator) -> bool:
    """Return true if the element is wholly inside the window."""
    code = "(each) => { const box = each.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; }"
    return bool(element.evaluate(code))


def test_nothing_is_wider_than_the_page(view: Page) -> None:
    assert overflowing(view) == []
    view.get_by_role("button", name="Predict", exact=True).click()
    view.locator("#chart .line.main").wait_for()
    view.get_by_text("Values of the curve").click()
    assert overflowing(view) == []
    assert fits(view)


def test_no_text_of_a_chart_is_cut_off(view: Page, model: Wide) -> None:
    view.get_by_role("button", name="Predict", exact=True).click()
    view.locator("#chart .line.main").wait_for()
    assert cut_off(view) == []
    if model.features >= MANY:
        view.locator("#varied-feature").select_option(model.name("f2"))
        view.locator("#chart .row-label").first.wait_for()
        assert cut_off(view) == []
        view.locator("#varied-feature").select_option(model.name("f0"))


def test_the_login_leads_to_the_first_field_and_the_button_is_in_view(view: Page, model: Wide) -> None:
    log_in_again(view)
    expect(view.get_by_label(model.name("f0")).first).to_be_focused()
    assert in_view(view.locator(":focus"))
    assert in_view(view.get_by_role("button", name="Predict", exact=True)) or model.features < MANY


def test_many_features_have_two_or_three_columns_on_a_wide_screen(view: Page, model: Wide) -> None:
    wide = view.evaluate("innerWidth") == WIDE["width"]
    assert columns(view.locator(".field")) in ((2, 3) if wide and model.features >= MANY else (1,))


def test_a_search_finds_features_where_there_are_too_many_for_a_screen(view: Page, model: Wide) -> None:
    search = view.get_by_role("searchbox", name="Find a feature")
    expect(search).to_have_count(1 if model.features >= SEARCHED else 0)
    if model.features >= SEARCHED:
        search.fill(model.name("f29").upper())
        expect(view.locator(".field:visible")).to_have_count(1)
        expect(view.get_by_text(f"1 of {model.features} features")).to_be_visible()
        search.fill("")
        expect(view.locator(".field:visible")).to_have_count(model.features)


def test_a_wrong_value_that_the_search_hides_is_shown(view: Page, model: Wide) -> None:
    if model.features < SEARCHED:
        return
    field = view.get_by_label(model.name("f0")).first
    field.fill("many")
    view.get_by_role("searchbox").fill(model.name("f29"))
    view.get_by_role("button", name="Predict", exact=True).click()
    expect(field).to_be_focused()
    expect(view.get_by_text("This must be a number.")).to_be_visible()
    field.fill("0.5")
    view.get_by_role("button", name="Predict", exact=True).click()
    expect(view.get_by_text("This must be a number.")).to_be_hidden()


def test_the_bar_links_to_the_result_where_that_is_not_beside_the_form(view: Page, model: Wide) -> None:
    view.get_by_role("button", name="Predict", exact=True).click()
    view.locator("#prediction .headline").wait_for()
    stacked = view.evaluate("innerWidth") == PHONE["width"] and model.features >= MANY
    expect(view.locator("#latest")).to_be_visible(visible=stacked)
    if stacked:
        view.locator("#latest a").click()
        expect(view.get_by_role("heading", name="Result")).to_be_in_viewport()


def test_a_batch_of_the_model_fits_too(view: Page, model: Wide) -> None:
    view.get_by_role("tab", name="Batch from CSV").click()
    view.get_by_role("button", name="Use the examples").click()
    view.get_by_role("button", name="Predict all").click()
    view.locator("#batch table").wait_for()
    assert overflowing(view) == []
    assert cut_off(view) == []
    assert fits(view)
    listed = view.locator("#csv-help code")
    expect(listed).to_have_count(model.features if model.features < SEARCHED else 0)
    view.get_by_role("tab", name="Single prediction").click()


def test_axe_finds_nothing(view: Page, model: Wide) -> None:
    if model == Wide(30, 120):  # the search, the columns and the box that scrolls
        assert find_violations(view, "light") == []
