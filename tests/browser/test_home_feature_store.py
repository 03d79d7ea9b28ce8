"""The home page of a service with a feature store: an entity id stands for features that are left empty."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.pages import log_in, open_home, predict_rows, press_predict


@pytest.fixture
def store_page(page: Page) -> Page:
    """The home page as a service with a feature store sends it. This service has none and refuses entity ids."""

    def add_store(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=response.text().replace('data-store="false"', 'data-store="true"'))

    page.route(lambda url: url.endswith("/"), add_store, times=1)
    return open_home(page)


def test_an_empty_field_is_left_out_of_an_instance_with_an_entity_id(store_page: Page) -> None:
    log_in(store_page)
    store_page.get_by_label("Entity id").fill("patient-7")
    store_page.get_by_label("Body mass index", exact=True).fill("")
    with store_page.expect_request("**/predict_class") as request:
        press_predict(store_page)
    assert json.loads(request.value.post_data or "") == {"instances": [{"entity_id": "patient-7"}]}
    expect(store_page.locator("#form-error")).to_be_visible()


def test_a_csv_file_may_have_a_column_of_entity_ids(store_page: Page) -> None:
    log_in(store_page)
    store_page.get_by_role("tab", name="Batch from CSV").click()
    with store_page.expect_request("**/predict_class") as request:
        predict_rows(store_page, "entity_id,x\np1,\n,0.1\n")
    assert json.loads(request.value.post_data or "") == {"instances": [{"entity_id": "p1"}, {"x": 0.1}]}
