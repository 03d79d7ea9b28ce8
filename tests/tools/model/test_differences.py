"""Differences between two forms of a model: relative for numbers, absolute for probabilities, none between labels."""

import numpy as np
import pytest

from shared.model.manifest import Category, Number
from shared.model.runtimes import Predicted
from tests.models import manifest
from tools.model.differences import by_row, margins, result_text, row_text

FEATURES = [Number(name="age", range=(0.0, 9.0)), Category(name="ward", values=("a",))]
REGRESSOR, CLASSIFIER = manifest(FEATURES), manifest(FEATURES, "classifier")


def test_numbers_differ_relative_to_their_size() -> None:
    assert by_row(REGRESSOR, 1.0, Predicted([200.0]), Predicted([200.2])) == pytest.approx([1e-3])


def test_numbers_near_zero_differ_relative_to_the_datas_greatest() -> None:
    assert by_row(REGRESSOR, 100.0, Predicted([1e-9]), Predicted([0.0])) == pytest.approx([1e-11])


def test_missing_and_infinite_numbers_are_equal_to_themselves_only() -> None:
    expected, actual = Predicted([np.nan, np.inf, np.inf, 1.0]), Predicted([np.nan, np.inf, -np.inf, np.nan])
    assert by_row(REGRESSOR, 1.0, expected, actual).tolist() == [0.0, 0.0, np.inf, np.inf]


def test_labels_of_another_type_are_other_labels() -> None:
    assert by_row(CLASSIFIER, 0.0, Predicted([1, "a"]), Predicted([True, "a"])).tolist() == [np.inf, 0.0]


def test_probabilities_differ_by_their_greatest_difference() -> None:
    expected, actual = Predicted(["a"], [[0.2, 0.8]]), Predicted(["a"], [[0.25, 0.75]])
    assert by_row(CLASSIFIER, 0.0, expected, actual) == pytest.approx([0.05])


def test_fewer_predictions_are_an_infinite_difference() -> None:
    assert by_row(REGRESSOR, 1.0, Predicted([1.0, 2.0]), Predicted([1.0])).tolist() == [np.inf, np.inf]


def test_the_margin_is_between_the_two_greatest_probabilities() -> None:
    assert margins(Predicted(["a"], [[0.1, 0.5, 0.4]])) == pytest.approx([0.1])
    assert margins(Predicted(["a"])).tolist() == [np.inf]


def test_a_row_is_described_as_a_client_sends_it() -> None:
    columns = [np.array([1.0, np.nan]), np.array(["a", np.nan], dtype=object)]
    assert row_text(REGRESSOR, columns, 0) == '{"age":1.0,"ward":"a"}'
    assert row_text(REGRESSOR, columns, 1) == '{"age":null,"ward":null}'
    assert result_text(Predicted(["a"], [[1.0]]), 0) == "'a' [1.0]"


def test_a_message_has_some_features_and_probabilities_of_many() -> None:
    many = manifest([Number(name=f"x{i}", range=(0.0, 9.0)) for i in range(12)])
    text = row_text(many, [np.array([1.0])] * 12, 0)
    assert text.startswith('{"x0":1.0,')
    assert text.endswith('"x9":1.0, …}')
    assert result_text(Predicted(["a"], [[0.0] * 12]), 0) == f"'a' [{', '.join(['0.0'] * 10)}, …]"
