"""Parity: every planted fault is seen, and what only rounding decides is not a fault."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

from shared.model.columns import Column
from shared.model.runtimes import Predicted
from shared.model.runtimes.onnx import OnnxModel
from shared.model.runtimes.sklearn import SklearnModel
from tests.tools.model.graphed import (
    ARRAY,
    GAPS,
    LABELS,
    MIXED,
    MIXED_GAPS,
    TARGET,
    THREE,
    WIDE,
    contracted,
    encoded,
    written,
)
from tools.model import parity
from tools.model.graphs import boosting, forests, tree_operator
from tools.model.graphs.tree_operator import ensemble
from tools.model.graphs.trees import LESS, Tree
from tools.model.parity import Candidate, NotServed

type Fault = Callable[[Tree], Tree]


def with_trees(monkeypatch: pytest.MonkeyPatch, change: Callable[[list[Tree]], Sequence[Tree]]) -> None:
    """Let every ensemble be written with changed trees."""

    def changed(rows: Any, trees: Sequence[Tree], *others: Any) -> Any:
        return ensemble(rows, change(list(trees)), *others)

    for module in (tree_operator, forests, boosting):
        monkeypatch.setattr(module, "ensemble", changed)


TREE_FAULTS: dict[str, Fault] = {
    "less instead of less or equal": lambda tree: replace(tree, mode=LESS),
    "the next float32 below": lambda tree: replace(
        tree, threshold=np.nextafter(tree.threshold.astype(np.float32), np.float32(-np.inf)).astype(float)
    ),
    "sides exchanged": lambda tree: replace(tree, true=tree.false, false=tree.true),
    "leaves in float32": lambda tree: replace(tree, value=tree.value.astype(np.float32).astype(float)),
}


@pytest.mark.parametrize("fault", TREE_FAULTS.values(), ids=TREE_FAULTS)
def test_a_fault_in_trees_is_seen(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    with_trees(monkeypatch, lambda trees: [fault(tree) for tree in trees])
    rows = ARRAY.astype(np.float32).astype(float).round(1)
    with pytest.raises(NotServed, match=r"its ONNX graph predicts .* instead of .* for"):
        written(DecisionTreeRegressor(random_state=0), rows, TARGET)


def test_a_fault_in_one_of_many_trees_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    with_trees(monkeypatch, lambda trees: [*trees[:-1], TREE_FAULTS["sides exchanged"](trees[-1])])
    with pytest.raises(NotServed):
        written(RandomForestRegressor(30, random_state=0), ARRAY, TARGET)


def test_the_wrong_side_of_missing_values_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    with_trees(monkeypatch, lambda trees: [replace(tree, missing_true=~tree.missing_true) for tree in trees])
    with pytest.raises(NotServed):
        written(DecisionTreeRegressor(max_depth=4, random_state=0), GAPS, TARGET)


def test_another_order_of_ties_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(0)
    rows, labels = chance.integers(0, 4, (300, 3)).astype(float), chance.integers(0, 3, 300)
    forest = RandomForestClassifier(2, random_state=0)
    written(forest, rows, labels)
    monkeypatch.setattr(OnnxModel, "predict", _last_of_ties(OnnxModel.predict))
    with pytest.raises(NotServed):
        written(forest, rows, labels)


def _last_of_ties(predict: Any) -> Any:
    def changed(self: OnnxModel, columns: Any, *, probabilities: bool = False) -> Predicted:
        result = predict(self, columns, probabilities=True)
        shares = np.asarray(result.probabilities)
        last = shares.shape[1] - 1 - shares[:, ::-1].argmax(axis=1)
        return result._replace(predictions=[int(i) for i in last])

    return changed


def _changed(change: Callable[[Sequence[Column], NDArray[Any]], NDArray[Any]]) -> Any:
    """Return a `predict` whose predictions are changed by the rows."""
    predict = OnnxModel.predict

    def changed(self: OnnxModel, columns: Any, *, probabilities: bool = False) -> Predicted:
        result = predict(self, columns, probabilities=probabilities)
        return result._replace(predictions=change(columns, np.asarray(result.predictions)).tolist())

    return changed


def test_a_difference_of_a_ten_millionth_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OnnxModel, "predict", _changed(lambda _, values: values * (1 + 1e-7)))
    with pytest.raises(NotServed, match=r'predicts .* instead of .* for \{"x0":'):
        written(LinearRegression(), ARRAY, TARGET)


def test_a_difference_for_missing_categories_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def change(columns: Sequence[Column], values: NDArray[Any]) -> NDArray[Any]:
        return values + np.array([value != value for value in columns[3]])  # noqa: PLR0124 - NaN

    monkeypatch.setattr(OnnxModel, "predict", _changed(change))
    estimator = encoded(OneHotEncoder(handle_unknown="ignore"), LinearRegression())
    with pytest.raises(NotServed):
        written(estimator, MIXED.assign(**{"a b": MIXED_GAPS["a b"]}), TARGET)


def test_a_difference_in_batches_only_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OnnxModel, "predict", _changed(lambda columns, values: values + (len(columns[0]) > 5_000)))
    with pytest.raises(NotServed):
        written(LinearRegression(), ARRAY, TARGET)


def test_a_difference_for_single_rows_only_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OnnxModel, "predict", _changed(lambda columns, values: values + (len(columns[0]) == 1)))
    with pytest.raises(NotServed):
        written(LinearRegression(), ARRAY, TARGET)


def test_a_difference_for_large_numbers_lowers_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def change(columns: Sequence[Column], values: NDArray[Any]) -> NDArray[Any]:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.where(np.abs(columns[0]) > 1e40, values * 2, values)

    monkeypatch.setattr(OnnxModel, "predict", _changed(change))
    assert written(LinearRegression(), ARRAY, TARGET).onnx.max_absolute == 1e30


def test_other_labels_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OnnxModel, "predict", _changed(lambda _, labels: np.where(labels == "low", "high", labels)))
    with pytest.raises(NotServed, match=r"predicts 'high' .* instead of 'low'"):
        written(LogisticRegression(), ARRAY, LABELS)


def test_a_bagged_sum_in_another_order_is_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    with_trees(monkeypatch, lambda trees: trees[::-1])
    found = written(GradientBoostingRegressor(n_estimators=30), ARRAY, TARGET)
    assert 0.0 < found.onnx.difference < 1e-14


@pytest.mark.parametrize("estimator", [SVC(), KNeighborsRegressor()], ids=["SVC", "neighbours"])
def test_rounding_on_the_boundary_of_a_smooth_model_is_no_fault(estimator: Any) -> None:
    y = THREE if isinstance(estimator, SVC) else TARGET
    assert written(estimator, WIDE, y).onnx.difference <= 1e-9


def test_an_error_of_onnxruntime_is_not_shown_to_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION")

    monkeypatch.setattr(OnnxModel, "predict", fail)
    with pytest.raises(NotServed) as refused:
        written(LinearRegression(), ARRAY, TARGET)
    assert str(refused.value) == "its ONNX graph fails on rows that the model predicts"


def test_a_model_that_fails_on_rows_beside_its_data_is_reported_with_its_own_reason() -> None:
    class Narrow(LinearRegression):  # type: ignore[misc]
        """A line that refuses rows beside its data."""

        def predict(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's name
            if np.abs(X).max() > 1_000:
                raise ValueError("too far")
            return super().predict(X)

    estimator = Narrow().fit(ARRAY, TARGET)
    manifest, data = contracted(estimator, ARRAY, TARGET)
    candidate = Candidate(SklearnModel(manifest, LinearRegression().fit(ARRAY, TARGET)), "another")
    with pytest.raises(NotServed, match=r"fails on rows that are made for the comparison \(the estimator .* too far"):
        parity.compare(manifest, estimator, candidate, data)
