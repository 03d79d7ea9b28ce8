"""The home page of a model whose features are no numbers: booleans."""

from typing import Any

from playwright.sync_api import Page, Request, expect

from tests.browser.pages import find_violations, log_in, open_batch, open_home, predict_rows, press_predict


def sent_instance(page: Page) -> dict[str, Any]:
    """Press Predict and return the instance that the page sends."""
    with page.expect_request(is_single_prediction) as first:
        press_predict(page)
    instance: dict[str, Any] = first.value.post_data_json["instances"][0]
    return instance


def is_single_prediction(request: Request) -> bool:
    """Return true for a request of one prediction: the curve, which follows, has several instances."""
    return request.url.endswith("/predict") and len(request.post_data_json["instances"]) == 1


def test_a_required_boolean_is_a_checkbox(stay_page: Page) -> None:
    log_in(open_home(stay_page))
    checkbox = stay_page.get_by_role("checkbox", name="smokes")
    for checked, days in ((True, "5"), (False, "3")):
        checkbox.set_checked(checked)
        assert sent_instance(stay_page)["smokes"] is checked
        expect(stay_page.locator("#prediction .headline-value")).to_have_text(days)


def test_an_optional_boolean_is_a_list_with_missing(stay_page: Page) -> None:
    log_in(open_home(stay_page))
    insured = stay_page.get_by_label("insured")
    assert insured.locator("option").all_inner_texts() == ["– missing –", "false", "true"]
    for label, value in (("true", True), ("– missing –", None)):
        insured.select_option(label=label)
        assert sent_instance(stay_page)["insured"] is value


def test_the_chart_of_a_boolean_has_a_row_for_false_and_one_for_true(stay_page: Page) -> None:
    log_in(open_home(stay_page))
    press_predict(stay_page)
    expect(stay_page.locator("#chart circle.point")).to_have_count(2)
    assert stay_page.locator("#chart .row-label").all_text_contents() == ["false", "true"]


def test_a_csv_file_may_have_booleans_in_any_usual_form(stay_page: Page) -> None:
    predict_rows(log_in(open_batch(stay_page)), "smokes,insured\nTrue,1\nfalse,\n0,FALSE\nyes,true\n")
    cells = stay_page.locator("#batch tbody tr").all_inner_texts()
    assert [row.split("\t")[1] for row in cells[:3]] == ["5", "3", "3"]
    assert "smokes must be true or false" in cells[3]


def test_the_form_of_booleans_is_accessible(stay_page: Page) -> None:
    open_home(stay_page)
    assert find_violations(stay_page, "light") == []
