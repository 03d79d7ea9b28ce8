from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline

from shared.model.manifest import Example, Instance, Manifest
from shared.model.runtimes.sklearn import SklearnModel
from tests.tools.model.estimators import draft, linear, numbers, training_table
from tools.model import contract, examples
from tools.model.contract import Texts
from tools.model.data import Table, table
from tools.model.output import Edges
from tools.model.refused import Refused

NO_EDGES = Edges()
X, Y = numbers()
SUMS = table(X, Y, names=["a", "b"], source="d")


class First:
    """An estimator that predicts its first column, and 1 for texts."""

    def predict(self, rows: Any) -> Any:
        return np.array([1.0 if isinstance(row[0], str) else float(row[0]) for row in rows])


def described(estimator: Any, data: Table, edges: Edges = NO_EDGES, kind: str = "regressor") -> Manifest:
    """Return the manifest of an estimator with its contract."""
    return contract.build(draft(kind), estimator, data, Texts(), edges)


def golden(manifest: Manifest, estimator: Any, data: Table, requested: Sequence[Instance] = ()) -> tuple[Example, ...]:
    """Return the golden examples of an estimator that scikit-learn serves."""
    return examples.golden(manifest, SklearnModel(manifest, estimator), data, requested)


def test_examples_lie_inside_the_data_and_have_the_models_predictions() -> None:
    model = linear()

    result = golden(described(model, SUMS), model, SUMS)

    assert len(result) == 3
    for example in result:
        row = [example.instance["a"], example.instance["b"]]
        assert example.prediction == pytest.approx(model.predict([row])[0])
        assert all(low <= value <= high for low, value, high in zip(X.min(axis=0), row, X.max(axis=0), strict=True))


def test_requested_examples_come_first() -> None:
    first, *_ = golden(described(linear(), SUMS), linear(), SUMS, [{"a": 0.1, "b": 0.25}])

    assert first.instance == {"a": 0.1, "b": 0.25}
    assert first.prediction == pytest.approx(0.35)


def test_a_requested_example_that_is_a_training_row_is_refused() -> None:
    row: Instance = dict(zip(["a", "b"], X[3].tolist(), strict=True))

    with pytest.raises(Refused, match="must not be a row of the training data"):
        golden(described(linear(), SUMS), linear(), SUMS, [row])


def test_a_requested_example_that_does_not_fit_is_refused() -> None:
    with pytest.raises(Refused, match=r"The service refuses the examples: .*/instances/0"):
        golden(described(linear(), SUMS), linear(), SUMS, [{"a": 0.1}])


def test_examples_have_true_and_false_for_booleans() -> None:
    data = training_table(pd.DataFrame({"a": np.arange(20.0), "b": [True, True, True, False] * 5}))
    model = LinearRegression().fit(data.frame, data.frame["a"])

    result = golden(described(model, data), model, data)

    assert [example.instance["b"] for example in result] == [True, False, True]


@pytest.mark.parametrize("values", [[20, 30, 40, 50] * 5, [0, 1] * 10, [0.5, 0.25, 0.125] * 5])
def test_no_training_row_is_an_example_even_with_one_feature(values: list[float]) -> None:
    data = training_table(pd.DataFrame({"a": values}))

    result = golden(described(First(), data), First(), data)

    assert result
    assert not {example.instance["a"] for example in result} & set(values)


def test_a_combination_of_categories_that_is_not_in_the_data_is_chosen() -> None:
    pairs = [pair for pair in product("abc", "xyz") if pair != ("c", "y")]
    data = training_table(pd.DataFrame(pairs * 3, columns=["one", "two"]))

    result = golden(described(First(), data), First(), data)

    assert [example.instance for example in result] == [{"one": "c", "two": "y"}]


def test_an_example_is_in_the_data_if_every_combination_is() -> None:
    data = training_table(pd.DataFrame(list(product("ab", "xy")) * 3, columns=["one", "two"]))

    assert golden(described(First(), data), First(), data)


def test_numbers_of_examples_are_whole_or_short() -> None:
    frame = pd.DataFrame({"whole": [1, 2, 4, 8, 16, 32, 64, 99, 100, 101], "long": np.linspace(0, 1 / 3, 10)})
    data = training_table(frame)

    typical, *_ = golden(described(First(), data), First(), data)

    assert typical.instance == {"whole": 24.0, "long": 0.1667}


def test_the_last_example_lacks_the_features_that_the_data_lacks(
    stay_manifest: Manifest, stay_model: Pipeline, stay_table: Table
) -> None:
    *_, last = golden(stay_manifest, stay_model, stay_table)

    assert [name for name, value in last.instance.items() if value is None] == ["0", "città"]


def test_the_examples_of_a_regressor_have_classes_only_with_edges() -> None:
    with_edges = described(linear(), SUMS, Edges([0.0], ["below", "above"]))

    assert golden(with_edges, linear(), SUMS, [{"a": 1.0, "b": 2.0}])[0].class_ == "above"
    assert golden(described(linear(), SUMS), linear(), SUMS)[0].class_ is None


def test_the_examples_of_a_classifier_have_its_labels_and_probabilities() -> None:
    data = table(X, Y > 0, names=["a", "b"], source="d")
    model = LogisticRegression().fit(X, Y > 0)

    first, *_ = golden(described(model, data, kind="classifier"), model, data, [{"a": 3.0, "b": 3.0}])

    assert first.prediction is True
    assert first.class_ is True
    assert first.probabilities is not None
    assert first.probabilities["true"] > 0.9
    assert sum(first.probabilities.values()) == pytest.approx(1)


def test_an_example_without_a_finite_prediction_is_refused() -> None:
    class Limited:
        def predict(self, rows: Any) -> Any:
            return np.where(rows[:, 0] > 100, np.inf, rows[:, 0])

    data = table(*numbers(1), names=["a"], source="d")

    with pytest.raises(Refused, match=r"no finite prediction .*/instances/0"):
        golden(described(Limited(), data), Limited(), data, [{"a": 1000.0}])


def test_an_estimator_that_fails_on_examples_is_refused() -> None:
    data = table(*numbers(1), names=["a"], source="d")

    with pytest.raises(Refused, match="fails on the examples: AttributeError"):
        golden(described(First(), data), object(), data)
