"""Trees and forests: equal to the last bit, also on thresholds, on ties and with missing values."""

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from shared.problems import InvalidInstances
from tests.tools.model.graphed import ARRAY, GAPS, LABELS, TARGET, THREE, written
from tools.model.graphs import tree_operator

REGRESSORS = [DecisionTreeRegressor, ExtraTreeRegressor, RandomForestRegressor, ExtraTreesRegressor]
CLASSIFIERS = [DecisionTreeClassifier, ExtraTreeClassifier, RandomForestClassifier, ExtraTreesClassifier]


def small(factory: Any) -> Any:
    forest = "n_estimators" in factory().get_params()
    return factory(random_state=0, **({"n_estimators": 12} if forest else {}))


@pytest.mark.parametrize("factory", REGRESSORS)
@pytest.mark.parametrize("rows", [ARRAY, GAPS], ids=["whole", "gaps"])
def test_a_regressor_is_equal_to_the_last_bit(factory: Any, rows: Any) -> None:
    assert written(small(factory), rows, TARGET).onnx.difference == 0.0


@pytest.mark.parametrize("factory", CLASSIFIERS)
@pytest.mark.parametrize("labels", [LABELS, THREE], ids=["two classes", "three classes"])
def test_a_classifier_is_equal_to_the_last_bit(factory: Any, labels: Any) -> None:
    assert written(small(factory), ARRAY, labels).onnx.difference == 0.0


def test_a_classifier_with_gaps_is_too() -> None:
    assert written(RandomForestClassifier(12, random_state=0), GAPS, THREE).onnx.difference == 0.0


def test_ties_of_votes_go_to_the_same_class() -> None:
    rows = np.random.default_rng(0).integers(0, 4, (300, 3)).astype(float)
    labels = np.random.default_rng(1).integers(0, 4, 300)
    forest = RandomForestClassifier(4, max_depth=2, random_state=0, bootstrap=False)
    assert written(forest, rows, labels).onnx.difference == 0.0


@pytest.mark.parametrize("criterion", ["absolute_error", "poisson"])
def test_other_criteria_are_the_same_trees(criterion: str) -> None:
    rows = np.abs(TARGET)
    assert written(DecisionTreeRegressor(criterion=criterion, max_depth=4), ARRAY, rows).onnx.difference == 0.0


def test_a_tree_without_a_split_is_its_only_leaf() -> None:
    assert written(DecisionTreeRegressor(min_samples_leaf=150), ARRAY, TARGET).onnx.difference == 0.0


def test_a_number_that_float32_does_not_have_is_refused_as_by_scikit_learn() -> None:
    graph = written(DecisionTreeRegressor(max_depth=3), ARRAY, TARGET).graph
    with pytest.raises(InvalidInstances) as caught:
        graph.predict([np.array([27.0, 1e39]), np.array([170.0, 170.0])])
    assert [field.pointer for field in caught.value.bad_fields] == ["/instances/1"]


def test_jobs_of_the_estimator_do_not_matter() -> None:
    assert written(RandomForestRegressor(12, random_state=0, n_jobs=2), ARRAY, TARGET).onnx.difference == 0.0


@pytest.mark.parametrize("labels", [LABELS, THREE], ids=["two classes", "three classes"])
def test_a_classifier_of_several_operators_is_equal_to_the_last_bit(
    labels: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_operator, "GROUP_NODES", 100)
    assert written(RandomForestClassifier(12, random_state=0), ARRAY, labels).onnx.difference == 0.0


def test_a_regressor_of_several_operators_differs_by_the_rounding_of_a_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_operator, "GROUP_NODES", 100)
    assert written(RandomForestRegressor(12, random_state=0), ARRAY, TARGET).onnx.difference < 1e-14
