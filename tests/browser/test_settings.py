"""What the page does otherwise under other settings: tokens of another issuer, features from a store."""

import json
import re
from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, Route, expect

from shared.auth.tokens import Tokens
from tests.browser.conftest import opened
from tests.conftest import KEY
from tests.services import Service


def told(page: Page, setting: str, value: str, default: str) -> Page:
    """The front page as it is where a setting says so."""

    def rewritten(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(
            response=answer, body=answer.text().replace(f'data-{setting}="{default}"', f'data-{setting}="{value}"')
        )

    page.route(lambda url: url.endswith("/"), rewritten)
    return opened(page)


@pytest.fixture
def foreign(page: Page) -> Page:
    """The page of a service that makes no tokens of its own."""
    return told(page, "login", "token", "password")


def test_a_token_of_another_issuer_gets_in(foreign: Page, service: Service, tokens: Mapping[str, str]) -> None:
    expect(foreign.get_by_label("Password")).to_have_count(0)
    foreign.get_by_label("Token from your issuer").fill(f" {tokens[service.url]}\n")
    foreign.get_by_role("button", name="Log in").click()
    expect(foreign.locator("#user")).to_contain_text(re.compile(r"you · 1\d min left"))
    foreign.get_by_role("button", name="Predict", exact=True).click()
    expect(foreign.locator("#prediction .headline-value")).to_have_text("162.3")


@pytest.mark.parametrize("token", ["not a token", Tokens((KEY,), 900, now=lambda: 1_000_000_000).issue("abi")])
def test_a_token_that_does_not_hold_is_asked_for_again(foreign: Page, token: str) -> None:
    foreign.get_by_role("button", name="Predict", exact=True).click()
    foreign.get_by_label("Token from your issuer").fill(token)
    foreign.get_by_role("button", name="Log in").click()
    expect(foreign.get_by_text("Your login has expired.")).to_be_visible()


def test_with_a_store_an_entity_s_id_stands_for_what_is_left_empty(page: Page) -> None:
    told(page, "store", "true", "false")
    page.get_by_label("Name").fill("abi")
    page.get_by_label("Password").fill("password")
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Entity id").fill("patient-7")
    page.get_by_label("Body mass index", exact=True).fill("")
    with page.expect_request("**/predict_class") as asked:
        page.get_by_role("button", name="Predict", exact=True).click()
    assert json.loads(asked.value.post_data or "") == {"instances": [{"entity_id": "patient-7"}]}
    expect(page.locator("#form-error")).to_be_visible()  # this service has no store


def test_with_a_store_a_file_may_name_entities(page: Page) -> None:
    told(page, "store", "true", "false")
    page.get_by_role("tab", name="Batch from CSV").click()
    page.get_by_label("Or paste rows").fill("entity_id,x\np1,\n,0.1\n")
    page.get_by_role("button", name="Predict all").click()
    page.get_by_label("Name").fill("abi")
    page.get_by_label("Password").fill("password")
    with page.expect_request("**/predict_class") as asked:
        page.get_by_role("button", name="Log in").click()
    assert json.loads(asked.value.post_data or "") == {"instances": [{"entity_id": "p1"}, {"x": 0.1}]}
