"""The front page as people use it: log in, fill in, see what comes out."""

import re
from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, Route, expect

from shared.auth.tokens import Tokens
from tests.browser.conftest import logged_in, opened, predicted
from tests.conftest import KEY
from tests.services import Service

ANSWER = 200 * 0.0617 + 150


def number(page: Page) -> str:
    return page.locator("#prediction .headline-value").inner_text()


def value(page: Page) -> str:
    return page.get_by_label("Body mass index", exact=True).input_value()


def test_it_says_what_the_model_is(page: Page) -> None:
    opened(page)
    expect(page).to_have_title("Progression · EGL ML")
    expect(page.get_by_role("heading", level=1)).to_have_text("Progression")
    about = page.locator("#about").inner_text()
    assert "A line, for the tests." in about
    assert "61 rows" in about
    assert "and one of 3 classes" in about


def test_what_the_model_is_needs_no_script(chromium: object, page: Page, service: Service) -> None:
    page.route("**/home.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Progression")


def test_it_shows_the_training_data_before_anybody_asks(page: Page) -> None:
    opened(page)
    dots = page.locator("#chart .points path").get_attribute("d") or ""
    assert dots.count("h0") == 61
    expect(page.locator("#chart .line")).to_have_count(0)


def test_a_wrong_password_is_told_and_the_right_one_gets_in(page: Page) -> None:
    opened(page).context.unroute_all()  # the service itself shall answer
    page.get_by_label("Name").fill("abi")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert").filter(has_text="Wrong user name or password")).to_be_visible()
    logged_in(page)
    expect(page.locator("#user")).to_contain_text(re.compile(r"abi · 1\d min left"))
    expect(page.locator("#login")).to_be_hidden()


def test_the_form_starts_with_a_golden_example_and_gets_its_answer(page: Page) -> None:
    logged_in(opened(page))
    assert value(page) == "0.0617"
    predicted(page)
    assert float(number(page)) == pytest.approx(ANSWER, abs=0.05)
    expect(page.locator("#prediction .unit")).to_have_text("points")
    expect(page.locator("#prediction .class-label")).to_have_text("Class2")
    expect(page.locator("#chart circle.point")).to_have_count(1)


def test_the_picture_is_told_in_words_and_as_a_table(answered: Page) -> None:
    words = answered.locator("#chart svg").get_attribute("aria-label") or ""
    assert re.match(r"For Body mass index from −0.1 to 0.2, Progression goes from 130 to 190\.", words)
    assert "Your prediction is 162.3 at 0.0617." in words
    answered.get_by_text("Values of the curve").click()
    expect(answered.locator("#chart tbody tr")).to_have_count(62)  # evenly spread, and the caller's own


def test_the_request_tells_its_own_story(answered: Page) -> None:
    story = answered.locator("#timing")
    steps = story.locator(".steps li").all_inner_texts()
    assert [step.partition("\n")[0] for step in steps][:2] == ["authentication", "decoding"]
    assert story.locator(".step-bar rect").count() == len(steps)
    assert re.fullmatch("[0-9a-f]{32}", story.locator("code").inner_text())
    expect(story.get_by_role("link")).to_have_count(0)


def test_the_story_leads_to_the_local_dashboard_where_there_is_one(page: Page) -> None:
    logged_in(opened(page))
    page.evaluate("document.body.dataset.dashboard = 'http://localhost:7072'")
    predicted(page)
    operation = page.locator("#timing code").inner_text()
    link = page.get_by_role("link", name="Timeline")
    expect(link).to_have_attribute("href", f"http://localhost:7072/#/request/{operation}")


def test_the_same_can_be_done_from_a_shell_and_the_token_is_not_in_it(answered: Page, service: Service) -> None:
    command = answered.locator("#curl pre").inner_text()
    assert command.startswith(f"curl -s {service.url}/predict_class ")
    assert """-d '{"instances":[{"x":0.0617}]}'""" in command
    assert "Bearer $TOKEN" in command


def test_the_token_is_kept_in_memory_only(answered: Page, service: Service, tokens: Mapping[str, str]) -> None:
    assert answered.evaluate("localStorage.length + sessionStorage.length") == 0
    assert answered.context.cookies() == []
    assert tokens[service.url] not in answered.content()


def test_whoever_predicts_first_logs_in_and_it_goes_on(page: Page) -> None:
    opened(page)
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_text("Log in to see the prediction.")).to_be_visible()
    expect(page.get_by_label("Name")).to_be_focused()
    logged_in(page)
    expect(page.locator("#prediction .class-label")).to_have_text("Class2")


def test_a_value_outside_the_training_range_is_answered_with_a_warning_in_words(page: Page) -> None:
    logged_in(opened(page))
    page.get_by_label("Body mass index", exact=True).fill("0.5")
    expect(page.get_by_text("Outside the training range −0.1 to 0.2.")).to_be_visible()
    predicted(page)
    warning = page.locator("#prediction .note.warning")
    expect(warning).to_contain_text("Body mass index is outside the training range −0.1 to 0.2.")
    assert number(page) == "250"
    expect(page.get_by_text("no training data")).to_be_visible()


@pytest.mark.parametrize(
    ("text", "told"),
    [("a lot", "This must be a number."), ("", "This is missing."), ("1e999", "This is too large for a number.")],
)
def test_what_is_no_value_is_told_at_its_field(page: Page, text: str, told: str) -> None:
    logged_in(opened(page))
    box = page.get_by_label("Body mass index", exact=True)
    box.fill(text)
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_text(told)).to_be_visible()
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-invalid", "true")


def test_the_service_s_word_on_a_field_is_shown_at_it(page: Page) -> None:
    logged_in(opened(page))
    page.get_by_label("Body mass index", exact=True).fill("1.7e308")
    page.route("**/predict_class", as_text)
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_text("This must be a number.")).to_be_visible()


def as_text(route: Route) -> None:
    """Let the request go to the service with its number as a text."""
    route.continue_(post_data='{"instances":[{"x":"1.7e308"}]}')


def test_what_was_answered_fades_when_the_form_changes(page: Page) -> None:
    predicted(logged_in(opened(page)))
    shown = page.locator("#prediction")
    expect(shown).not_to_have_class(re.compile("stale"))
    page.get_by_role("button", name="Next example").click()
    expect(shown).to_have_class(re.compile("stale"))


def test_an_expired_token_asks_to_log_in_again_and_the_form_stays(page: Page) -> None:
    page.clock.install()
    logged_in(opened(page))
    page.get_by_label("Body mass index", exact=True).fill("0.01")
    page.clock.fast_forward("14:30")
    expect(page.locator("#user")).to_contain_text("30 s left")
    page.clock.fast_forward("00:31")
    expect(page.get_by_text("Your login has expired.")).to_be_visible()
    assert value(page) == "0.01"
    logged_in(page)
    page.clock.run_for(500)
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.locator("#prediction .headline-value")).to_have_text("152")


def test_a_token_that_the_service_refuses_asks_to_log_in_again_and_then_it_goes_on(page: Page) -> None:
    opened(page)
    old = Tokens((KEY,), 900, now=lambda: 1_000_000_000).issue("abi")
    page.route("**/token", lambda route: route.fulfill(json={"access_token": old, "expires_in": 900}))
    logged_in(page)
    page.unroute("**/token")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_text("Your login has expired.")).to_be_visible()
    logged_in(page)
    expect(page.locator("#prediction .class-label")).to_have_text("Class2")


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    opened(page)
    keys = page.keyboard
    page.get_by_label("Name").focus()
    keys.type("abi")
    keys.press("Tab")
    keys.type("password")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Predict", exact=True)).to_be_focused()
    keys.press("Shift+Tab")
    expect(page.get_by_label("Body mass index, slider")).to_be_focused()
    keys.press("ArrowRight")
    assert float(value(page)) == pytest.approx(0.0635, abs=0.001)
    keys.press("Tab")
    keys.press("Enter")
    page.locator("#prediction .class-label").wait_for()
    page.get_by_role("tab", name="Single prediction").focus()
    keys.press("ArrowRight")
    expect(page.get_by_role("tab", name="Batch from CSV")).to_be_focused()
    expect(page.get_by_label("Or paste rows")).to_be_visible()
