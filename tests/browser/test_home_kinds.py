"""The home page of a model whose features are no numbers: booleans, an open category and free text."""

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
    predict_rows(
        log_in(open_batch(stay_page)),
        "smokes,insured,ward,note\nTrue,1,surgery,a b\nfalse,,surgery,a b\n0,FALSE,surgery,a b\nyes,true,surgery,a b\n",
    )
    rows = stay_page.locator("#batch tbody tr")
    expect(rows).to_have_count(4)
    cells = rows.all_inner_texts()
    assert [row.split("\t")[1] for row in cells[:3]] == ["5", "3", "3"]
    assert "smokes must be true or false" in cells[3]


def test_an_open_category_suggests_its_values_and_accepts_another_with_a_warning(stay_page: Page) -> None:
    log_in(open_home(stay_page))
    ward = stay_page.get_by_label("ward")
    suggested = stay_page.locator(f"#{ward.get_attribute('list')} option")
    assert suggested.evaluate_all("options => options.map(({ value }) => value)") == ["cardiology", "surgery"]
    ward.fill("dermatology")
    expect(stay_page.get_by_text("This value is new to the model.")).to_be_visible()
    assert sent_instance(stay_page)["ward"] == "dermatology"
    expect(stay_page.locator("#prediction .warning")).to_have_text(
        "ward has a value that is new to the model. The prediction may be unreliable."
    )
    ward.fill("surgery")
    expect(stay_page.get_by_text("This value is new to the model.")).to_be_hidden()


def test_a_csv_file_may_have_new_values_of_an_open_category(stay_page: Page) -> None:
    predict_rows(log_in(open_batch(stay_page)), "smokes,insured,ward,note\n1,,dermatology,a b\n1,,surgery,a b\n")
    expect(stay_page.get_by_text("1 row outside the training data.")).to_be_visible()


def test_a_column_that_resembles_an_optional_feature_is_named_above_the_results(stay_page: Page) -> None:
    predict_rows(log_in(open_batch(stay_page)), "smokes,insurd,ward,note\n1,,surgery,a b\n")
    hint = stay_page.get_by_text("Column “insurd” was not sent. Did you mean “insured”, which is missing here?")
    hint_box, table_box = (each.bounding_box() for each in (hint, stay_page.locator("#batch table")))
    assert hint_box
    assert table_box
    assert hint_box["y"] < table_box["y"]


def test_free_text_has_a_text_area_and_no_chart(stay_page: Page) -> None:
    log_in(open_home(stay_page))
    note = stay_page.get_by_role("textbox", name="note")
    assert note.evaluate("element => element.localName") == "textarea"
    expect(note).to_have_value("an example text")
    note.fill("two\nlines")
    assert sent_instance(stay_page)["note"] == "two\nlines"
    options = stay_page.get_by_label("Effect of").locator("option")
    assert options.all_inner_texts() == ["smokes", "insured", "ward"]


def test_the_form_is_accessible(stay_page: Page) -> None:
    open_home(stay_page)
    assert find_violations(stay_page, "light") == []
