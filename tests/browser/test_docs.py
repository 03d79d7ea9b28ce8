"""The docs page: Authorize works, and trying it out answers."""

from playwright.sync_api import Page, expect

PREDICT = "#operations-default-predict"


def test_authorize_and_try_it_out_answer_200(page: Page) -> None:
    page.context.unroute_all()  # the service itself shall give the token
    page.goto("/docs")
    page.get_by_role("button", name="Authorize").click()
    page.get_by_label("username:").fill("abi")
    page.get_by_label("password:").fill("password")
    page.get_by_role("button", name="Apply given OAuth2 credentials").click()
    expect(page.get_by_role("heading", name="Authorized")).to_be_visible()
    page.locator(".btn-done").first.click()
    page.locator(f"{PREDICT} .opblock-summary-control").click()
    page.locator(f"{PREDICT} .execute").click()
    answer = page.locator(f"{PREDICT} .live-responses-table")
    expect(answer.locator(".response .response-col_status")).to_have_text("200")
    expect(answer).to_contain_text("162.3")


def test_it_lists_the_api_and_not_the_pages(page: Page) -> None:
    page.goto("/docs")
    page.locator(".opblock").first.wait_for()
    paths = page.locator(".opblock-summary-path").all_inner_texts()
    assert {"/token", "/predict", "/predict_class"} <= set(paths)
    assert not {"/", "/docs", "/assets/{path}"} & set(paths)
