"""Differences of two models' predictions, as properties."""

import json

import pytest

from shared.challenger.differences import of_labels, of_numbers
from shared.telemetry.envelopes import MAX_VALUE


def test_a_regressor_s_difference_is_challenger_minus_champion() -> None:
    assert of_numbers([1.0, 2.0, 3.0], [11.0, 12.0, 7.0]) == {
        "difference_mean": 8.0,
        "difference_abs_mean": 8.0,
        "difference_abs_max": 10.0,
        "champion_mean": 2.0,
        "challenger_mean": 10.0,
    }


def test_differences_of_both_signs_do_not_cancel_in_the_absolute_mean() -> None:
    found = of_numbers([0.0, 0.0], [-3.0, 3.0])
    assert (found["difference_mean"], found["difference_abs_mean"], found["difference_abs_max"]) == (0.0, 3.0, 3.0)


def test_a_difference_that_overflows_raises_no_warning() -> None:
    assert of_numbers([-1.7e308], [1.7e308])["difference_mean"] == float("inf")


def test_a_classifier_s_labels_are_counted_in_pairs_the_most_frequent_first() -> None:
    found = of_labels(["a", "a", "b", "b", "b"], ["a", "b", "b", "b", "b"])
    assert (found["agreed"], found["other_pairs"]) == (4, 0)
    assert json.loads(str(found["label_pairs"])) == [["b", "b", 3], ["a", "a", 1], ["a", "b", 1]]


def test_labels_that_are_no_texts_have_the_texts_of_json() -> None:
    assert json.loads(str(of_labels([True, 1], [False, 1])["label_pairs"])) == [["true", "false", 1], ["1", "1", 1]]


def test_of_many_pairs_20_are_listed_and_the_rest_is_counted() -> None:
    champion = ["most"] * 3 + [str(i) for i in range(40)]
    found = of_labels(champion, ["x"] * 43)
    listed = json.loads(str(found["label_pairs"]))
    assert (len(listed), listed[0], found["other_pairs"]) == (20, ["most", "x", 3], 43 - 3 - 19)


@pytest.mark.parametrize("letter", ["a", "ü", '"'])
def test_long_labels_stay_below_the_longest_property(letter: str) -> None:
    champion = [f"{i:02}" + letter * 500 for i in range(30)]
    assert len(str(of_labels(champion, champion)["label_pairs"])) <= MAX_VALUE
    assert of_labels(champion, champion)["agreed"] == 30
