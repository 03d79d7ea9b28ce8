"""The same page for a five-feature classifier: nothing in it knows a model by heart."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import logged_in, opened, predicted

CLASSES = ["home", "long stay", "short stay"]


def test_every_feature_has_its_field(triage: Page) -> None:
    opened(triage)
    form = triage.get_by_role("form", name="Input")
    expect(form.get_by_role("slider")).to_have_count(3)
    expect(form.get_by_role("combobox")).to_have_count(2)
    assert form.get_by_label("ward").locator("option").all_inner_texts() == ["cardiology", "geriatrics", "surgery"]
    assert form.get_by_label("ageyears").input_value().isdigit()


def test_the_answer_is_a_class_with_the_probability_of_each(triage: Page) -> None:
    with triage.expect_response("**/predict_class") as first:
        predicted(logged_in(opened(triage)))
    answer = first.value.json()
    expect(triage.locator("#prediction .headline-value")).to_have_text(answer["predictions"][0])
    shown = triage.locator("#prediction .bar-list li").all_inner_texts()
    assert sorted(text.split("\n")[0] for text in shown) == CLASSES
    assert sum(int(re.sub(r"\D", "", text)) for text in shown) == pytest.approx(100, abs=2)
    assert triage.locator("#chart .line").count() == 3


def test_one_picks_which_feature_moves(triage: Page) -> None:
    predicted(logged_in(opened(triage)))
    moving = triage.get_by_label("Effect of")
    moving.select_option("ward")
    expect(triage.locator("#chart circle.point")).to_have_count(3)
    expect(triage.locator("#chart .row-label.main")).to_have_count(1)
    moving.select_option("blood~pressure")
    expect(triage.locator("#chart .line.main")).to_have_count(1)
    expect(triage.locator("#chart .share").first).to_be_attached()


def test_a_batch_gets_classes_and_probabilities(triage: Page) -> None:
    logged_in(opened(triage, "/#batch"))
    triage.get_by_role("button", name="Use the examples").click()
    triage.get_by_role("button", name="Predict all").click()
    heads = triage.locator("#batch thead th")
    expect(heads.nth(1)).to_have_text("prediction")
    assert heads.all_inner_texts()[2:5] == [f"probability {each}" for each in CLASSES]
    expect(triage.locator("#batch .class-counts li")).to_have_count(3)
