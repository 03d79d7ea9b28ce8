"""The side that most rows take lies next to its node, and no prediction changes by a bit."""

from dataclasses import replace
from typing import Any

import lightgbm
import numpy as np
import onnx
import onnxruntime
import pytest
import xgboost
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from tests.tools.model.graphed import ARRAY, GAPS, LABELS, MIXED_GAPS, TARGET, THREE, written
from tools.model.graphs import layout, tree_operator
from tools.model.graphs.graph import Graph
from tools.model.graphs.trees import LESS, LESS_OR_EQUAL, Tree, from_sklearn

SPECIAL = [0.0, -0.0, 5e-324, -5e-324, 1.5, float(np.finfo(np.float64).max), float(np.finfo(np.float64).min)]
ESTIMATORS: list[tuple[Any, Any]] = [
    (RandomForestRegressor(12, random_state=0), TARGET),
    (ExtraTreesRegressor(12, random_state=0), TARGET),
    (RandomForestClassifier(12, random_state=0), LABELS),
    (RandomForestClassifier(12, random_state=0), THREE),
    (HistGradientBoostingRegressor(max_iter=12, min_samples_leaf=5), TARGET),
    (HistGradientBoostingClassifier(max_iter=12, min_samples_leaf=5), THREE),
    (lightgbm.LGBMRegressor(n_estimators=12, min_child_samples=5, verbose=-1), TARGET),
    (xgboost.XGBRegressor(n_estimators=12, n_jobs=1), TARGET),
]


def split(threshold: Any, mode: int, *, missing_true: bool = False) -> Tree:
    """Return a tree whose true leaf, with 9 of 10 training rows, is 1, and whose false leaf is 2."""
    none = np.array([-1, -1])
    return Tree(
        feature=np.array([0, -1, -1]),
        threshold=np.array([threshold, 0, 0]),
        true=np.array([1, *none]),
        false=np.array([2, *none]),
        missing_true=np.array([missing_true, False, False]),
        value=np.array([0.0, 1.0, 2.0]),
        mode=mode,
        counts=np.array([10, 9, 1]),
    )


def leaves(tree: Tree, values: NDArray[Any]) -> list[float]:
    graph = Graph()
    rows = graph.input("rows", values.dtype, 1)
    graph.output("result", tree_operator.ensemble(rows, [tree], 1, values.dtype))
    session = onnxruntime.InferenceSession(graph.serialize(), providers=["CPUExecutionProvider"])
    return session.run(None, {"rows": values.reshape(-1, 1)})[0].ravel().tolist()


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Order the sides of trees of any size."""
    monkeypatch.setattr(tree_operator, "SMALL_NODES", 0)


@given(st.data())
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_node_whose_sides_change_places_sends_every_value_to_the_same_leaf(dtype: Any, data: st.DataObject) -> None:
    numbers = st.floats(width=64 if dtype is np.float64 else 32, allow_nan=False)
    with np.errstate(over="ignore"):
        special = np.array(SPECIAL, dtype).tolist()
        threshold = dtype(data.draw(st.sampled_from(special) | numbers))
        near = [np.nextafter(threshold, dtype(end)) for end in (-np.inf, np.inf)]
    values = np.array([*special, threshold, *near, np.inf, -np.inf, np.nan, data.draw(numbers)], dtype)
    mode, missing = data.draw(st.sampled_from([LESS_OR_EQUAL, LESS])), data.draw(st.booleans())
    tree = split(threshold, mode, missing_true=missing)

    lower = values <= threshold if mode == LESS_OR_EQUAL else values < threshold
    expected = np.where(np.isnan(values), missing, lower)
    assert leaves(tree, values) == np.where(expected, 1.0, 2.0).tolist()


def test_the_frequent_side_of_each_node_is_the_false_one() -> None:
    forest = RandomForestRegressor(3, random_state=0).fit(ARRAY, TARGET)
    for estimator in forest.estimators_:
        tree = layout.frequent_side_next(from_sklearn(estimator.tree_, estimator.tree_.value), 2)
        inner = tree.feature >= 0
        assert tree.counts is not None
        assert (tree.counts[tree.false[inner]] >= tree.counts[tree.true[inner]]).all()
        assert (tree.feature[inner] >= 2).any()
        assert tree.feature.max() < 4


def test_sets_of_categories_and_infinite_thresholds_stay() -> None:
    categories = replace(split(0.0, LESS_OR_EQUAL), members={0: np.array([1.0])})
    for tree in (categories, split(np.inf, LESS_OR_EQUAL), replace(split(1.0, LESS), counts=None)):
        assert layout.frequent_side_next(tree, 1).feature.tolist() == [0, -1, -1]


@pytest.mark.parametrize(("estimator", "target"), ESTIMATORS, ids=lambda value: type(value).__name__)
def test_predictions_are_the_same_to_the_last_bit(estimator: Any, target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ordered = written(estimator, GAPS, target)
    assert _operators(ordered.content)["Neg"] == 1
    monkeypatch.setattr(tree_operator, "SMALL_NODES", 10**9)
    plain = written(estimator, GAPS, target)
    assert "Neg" not in _operators(plain.content)
    assert ordered.onnx.difference == plain.onnx.difference < 1e-6


def test_categories_beside_numbers_are_compared_as_they_are() -> None:
    typed = MIXED_GAPS.assign(**{name: MIXED_GAPS[name].astype("category") for name in ("città", "a b")})
    estimator = HistGradientBoostingRegressor(max_iter=12, min_samples_leaf=5, categorical_features="from_dtype")
    assert written(estimator, typed, TARGET).onnx.difference == 0.0


def _operators(content: bytes) -> dict[str, int]:
    names = [node.op_type for node in onnx.load_from_string(content).graph.node]
    return {name: names.count(name) for name in names}
