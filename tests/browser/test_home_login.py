"""The login of the home page: by password or with a token of another issuer, and again after it has expired."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.pages import EXPIRED_TOKEN, log_in, open_home, predict, press_predict
from tests.services import Service

EXPIRED = "Your login has expired."


def test_a_wrong_password_is_reported_and_the_right_one_logs_in(page: Page) -> None:
    open_home(page)
    page.get_by_label("Name").fill("abi")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert").filter(has_text="Wrong user name or password")).to_be_visible()
    log_in(page)
    expect(page.locator("#user")).to_contain_text(re.compile(r"abi · 1\d min left"))
    expect(page.locator("#login")).to_be_hidden()


def test_a_prediction_before_the_login_continues_after_it(page: Page) -> None:
    open_home(page)
    press_predict(page)
    expect(page.get_by_text("Log in to see the prediction.")).to_be_visible()
    expect(page.get_by_label("Name")).to_be_focused()
    log_in(page)
    expect(page.locator("#prediction .class-label")).to_have_text("Class2")


def test_the_token_is_only_in_memory(page: Page) -> None:
    with page.expect_response("**/token") as login:
        predict(log_in(open_home(page)))
    token = login.value.json()["access_token"]
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.context.cookies() == []
    assert token not in page.content()


def test_an_expired_login_keeps_the_input(page_alone: Page) -> None:
    page = page_alone
    page.clock.install()
    log_in(open_home(page))
    field = page.get_by_label("Body mass index", exact=True)
    field.fill("0.01")
    page.clock.fast_forward("14:30")
    expect(page.locator("#user")).to_contain_text(re.compile(r"\d+ s left"))
    page.clock.fast_forward("00:31")
    expect(page.get_by_text(EXPIRED)).to_be_visible()
    expect(field).to_have_value("0.01")
    log_in(page)
    press_predict(page)
    expect(page.locator("#prediction .headline-value")).to_have_text("152")


def test_a_refused_token_leads_to_a_new_login_and_the_prediction_continues(page: Page) -> None:
    open_home(page)
    page.route("**/token", lambda route: route.fulfill(json={"access_token": EXPIRED_TOKEN, "expires_in": 900}))
    log_in(page)
    page.unroute("**/token")
    press_predict(page)
    expect(page.get_by_text(EXPIRED)).to_be_visible()
    log_in(page)
    expect(page.locator("#prediction .class-label")).to_have_text("Class2")


@pytest.fixture
def token_page(page: Page) -> Page:
    """The home page of a service that issues no tokens."""

    def require_token(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=response.text().replace('data-login="password"', 'data-login="token"'))

    page.route(lambda url: url.endswith("/"), require_token, times=1)
    return open_home(page)


def test_a_token_of_another_issuer_logs_in(token_page: Page, service: Service) -> None:
    expect(token_page.get_by_label("Password")).to_have_count(0)
    token_page.get_by_label("Token from your issuer").fill(f" {service.login()}\n")
    token_page.get_by_role("button", name="Log in").click()
    expect(token_page.locator("#user")).to_contain_text(re.compile(r"you · 1\d min left"))
    press_predict(token_page)
    expect(token_page.locator("#prediction .headline-value")).to_have_text("162.3")


@pytest.mark.parametrize("token", ["not a token", EXPIRED_TOKEN], ids=["no token", "expired"])
def test_an_invalid_token_leads_to_a_new_login(token_page: Page, token: str) -> None:
    press_predict(token_page)
    token_page.get_by_label("Token from your issuer").fill(token)
    token_page.get_by_role("button", name="Log in").click()
    expect(token_page.get_by_text(EXPIRED)).to_be_visible()
