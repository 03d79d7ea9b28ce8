"""The home page of a classifier with five features: the page is built from the manifest alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import expect_no_sideways_scrolling, log_in, open_batch, open_home, predict

CLASSES = ["home", "long stay", "short stay"]


def test_every_feature_has_a_field(classifier_page: Page) -> None:
    open_home(classifier_page)
    form = classifier_page.get_by_role("form", name="Input")
    expect(form.get_by_role("slider")).to_have_count(3)
    expect(form.get_by_role("combobox")).to_have_count(2)
    assert form.get_by_label("ward").locator("option").all_inner_texts() == ["cardiology", "geriatrics", "surgery"]
    assert form.get_by_label("ageyears").input_value().isdigit()


def test_the_result_is_a_class_with_the_probability_of_each_class(classifier_page: Page) -> None:
    with classifier_page.expect_response("**/predict_class") as first:
        predict(log_in(open_home(classifier_page)))
    expect(classifier_page.locator("#prediction .headline-value")).to_have_text(first.value.json()["predictions"][0])
    probabilities = classifier_page.locator("#prediction .bar-list li").all_inner_texts()
    assert sorted(text.split("\n")[0] for text in probabilities) == CLASSES
    assert sum(int(re.sub(r"\D", "", text)) for text in probabilities) == pytest.approx(100, abs=2)
    assert classifier_page.locator("#chart .line").count() == 3


def test_the_chart_shows_the_feature_that_the_user_selects(classifier_page: Page) -> None:
    predict(log_in(open_home(classifier_page)))
    picker = classifier_page.get_by_label("Effect of")
    picker.select_option("ward")
    expect(classifier_page.locator("#chart circle.point")).to_have_count(3)
    expect(classifier_page.locator("#chart .row-label.main")).to_have_count(1)
    picker.select_option("blood~pressure")
    expect(classifier_page.locator("#chart .line.main")).to_have_count(1)
    expect(classifier_page.locator("#chart .share").first).to_be_attached()


def test_a_batch_gets_classes_and_probabilities(classifier_page: Page) -> None:
    log_in(open_batch(classifier_page))
    classifier_page.get_by_role("button", name="Use the examples").click()
    classifier_page.get_by_role("button", name="Predict all").click()
    heads = classifier_page.locator("#batch thead th")
    expect(heads.nth(1)).to_have_text("prediction")
    assert heads.all_inner_texts()[2:5] == [f"probability {name}" for name in CLASSES]
    expect(classifier_page.locator("#batch .class-counts li")).to_have_count(3)
    shown = classifier_page.locator("#batch tbody tr").first.locator("td.result").all_inner_texts()[1:4]
    assert all(re.fullmatch(r"[<>]?\d+ %", text) for text in shown)  # as those of a single prediction


def test_a_prediction_with_its_table_fits_on_a_phone(classifier_page: Page) -> None:
    predict(log_in(open_home(classifier_page)))
    classifier_page.get_by_text("Values of the curve").click()
    expect_no_sideways_scrolling(classifier_page)
