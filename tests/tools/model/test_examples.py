from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace
from sklearn.linear_model import LogisticRegression

from shared.model.manifest import Instance, Manifest
from shared.model.runtimes.sklearn import SklearnModel
from tests.tools.model.estimators import boosted, draft, linear, numbers, of, patients, stay
from tools.model import contract, examples
from tools.model.contract import Words
from tools.model.data import Table, table
from tools.model.output import Bands
from tools.model.refused import Refused

NONE = Bands()


class First:
    """An estimator that answers its first column, and 1 for texts."""

    def predict(self, rows: Any) -> Any:
        return np.array([1.0 if isinstance(row[0], str) else float(row[0]) for row in rows])


def settled(estimator: Any, data: Table, given: Bands = NONE, kind: Any = "regressor") -> Manifest:
    return contract.of(draft(kind), estimator, data, Words(), given)


def golden(of: Manifest, estimator: Any, data: Table, given: Sequence[Instance] = ()) -> tuple[Any, ...]:
    return examples.golden(of, SklearnModel(of, estimator), data, given)


def test_examples_lie_inside_the_data_and_have_the_models_answers() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    data = table(X, y, names=["a", "b"], source="d")
    model = linear()

    made = golden(settled(model, data), model, data)

    assert len(made) == 3
    for example in made:
        row = [example.instance["a"], example.instance["b"]]
        assert example.prediction == pytest.approx(model.predict([row])[0])
        assert all(low <= value <= high for low, value, high in zip(X.min(axis=0), row, X.max(axis=0), strict=True))


def test_given_examples_come_first() -> None:
    data = table(*numbers(), names=["a", "b"], source="d")
    model = linear()

    made = golden(settled(model, data), model, data, [{"a": 0.1, "b": 0.25}])

    assert made[0].instance == {"a": 0.1, "b": 0.25}
    assert made[0].prediction == pytest.approx(0.35)


def test_a_given_example_that_is_a_training_row_is_refused() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    data = table(X, y, names=["a", "b"], source="d")
    model = linear()

    with pytest.raises(Refused, match="must not be a row of the training data"):
        golden(settled(model, data), model, data, [dict(zip(["a", "b"], X[3].tolist(), strict=True))])


def test_a_given_example_that_does_not_fit_is_refused() -> None:
    data = table(*numbers(), names=["a", "b"], source="d")
    model = linear()

    with pytest.raises(Refused, match=r"The examples have no answer: .*/instances/0"):
        golden(settled(model, data), model, data, [{"a": 0.1}])


@pytest.mark.parametrize("values", [[20, 30, 40, 50] * 5, [0, 1] * 10, [0.5, 0.25, 0.125] * 5])
def test_no_training_row_is_an_example_even_with_one_feature(values: list[float]) -> None:
    data = of(pd.DataFrame({"a": values}))

    made = golden(settled(First(), data), First(), data)

    assert made
    assert not {example.instance["a"] for example in made} & set(values)


def test_no_training_row_is_an_example_of_a_mixed_model() -> None:
    frame = patients()
    data = of(frame, stay(frame))
    model = boosted().fit(frame, stay(frame))

    made = golden(settled(model, data), model, data)

    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    assert not [example for example in made if example.instance in rows]


def test_another_combination_is_found_among_categories() -> None:
    every = list(product("abc", "xyz"))
    data = of(pd.DataFrame([pair for pair in every if pair != ("c", "y")] * 3, columns=["one", "two"]))

    made = golden(settled(First(), data), First(), data)

    assert [example.instance for example in made] == [{"one": "c", "two": "y"}]


def test_where_every_combination_is_in_the_data_an_example_is_one_of_them() -> None:
    data = of(pd.DataFrame(list(product("ab", "xy")) * 3, columns=["one", "two"]))

    assert golden(settled(First(), data), First(), data)


def test_whole_numbers_and_short_ones_are_read_easily() -> None:
    frame = pd.DataFrame({"whole": [1, 2, 4, 8, 16, 32, 64, 99, 100, 101], "long": np.linspace(0, 1 / 3, 10)})
    data = of(frame)

    made = golden(settled(First(), data), First(), data)

    assert made[0].instance == {"whole": 24.0, "long": 0.1667}


def test_what_is_missing_in_the_data_is_missing_in_an_example() -> None:
    frame = patients()
    data = of(frame, stay(frame))
    model = boosted().fit(frame, stay(frame))

    last = golden(settled(model, data), model, data)[-1]

    assert [name for name, value in last.instance.items() if value is None] == ["0", "città"]


def test_a_regressors_examples_have_classes_where_there_are_edges() -> None:
    data = table(*numbers(), names=["a", "b"], source="d")
    model = linear()

    made = golden(settled(model, data, Bands([0.0], ["below", "above"])), model, data, [{"a": 1.0, "b": 2.0}])

    assert made[0].class_ == "above"
    assert golden(settled(model, data), model, data)[0].class_ is None


def test_a_classifiers_examples_have_its_labels_and_probabilities() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    data = table(X, y > 0, names=["a", "b"], source="d")
    model = LogisticRegression().fit(X, y > 0)

    made = golden(settled(model, data, kind="classifier"), model, data, [{"a": 3.0, "b": 3.0}])

    assert made[0].prediction is True
    assert made[0].class_ is True
    assert made[0].probabilities is not None
    assert made[0].probabilities["true"] > 0.9
    assert sum(made[0].probabilities.values()) == pytest.approx(1)


def test_an_answer_that_is_not_finite_is_refused() -> None:
    class Limited:
        def predict(self, rows: Any) -> Any:
            return np.where(rows[:, 0] > 100, np.inf, rows[:, 0])

    data = table(*numbers(1), names=["a"], source="d")

    with pytest.raises(Refused, match=r"no finite prediction .*/instances/0"):
        golden(settled(Limited(), data), Limited(), data, [{"a": 1000.0}])


def test_an_estimator_that_fails_on_examples_is_refused() -> None:
    data = table(*numbers(1), names=["a"], source="d")
    found = settled(First(), data)

    with pytest.raises(Refused, match="does not answer the examples: AttributeError"):
        golden(replace(found, name="other"), object(), data)
