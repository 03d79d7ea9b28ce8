"""Boosting of scikit-learn: every loss, own starts, categories of its own, and the weighted median of AdaBoost."""

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeClassifier

from tests.tools.model.graphed import ARRAY, GAPS, LABELS, MIXED, MIXED_GAPS, TARGET, THREE, written
from tools.model.parity import NotServed

POSITIVE = TARGET - TARGET.min() + 1.0


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
def test_gradient_boosting_of_every_loss_is_equal_to_the_last_bit(loss: str) -> None:
    assert written(GradientBoostingRegressor(loss=loss, n_estimators=12), ARRAY, TARGET).onnx.difference == 0.0


def test_gradient_boosting_may_start_from_zero() -> None:
    assert written(GradientBoostingRegressor(init="zero", n_estimators=12), ARRAY, TARGET).onnx.difference == 0.0


def test_a_start_of_the_owner_is_computed_in_float32_and_stays_with_scikit_learn() -> None:
    with pytest.raises(NotServed, match="starts from an estimator of your own"):
        written(GradientBoostingRegressor(init=Ridge(), n_estimators=3), ARRAY, TARGET)


@pytest.mark.parametrize("labels", [LABELS, THREE], ids=["two classes", "three classes"])
@pytest.mark.parametrize("factory", [GradientBoostingClassifier, HistGradientBoostingClassifier])
def test_a_classifier_differs_by_rounding_only(factory: Any, labels: Any) -> None:
    assert written(factory(random_state=0), ARRAY, labels).onnx.difference < 1e-14


def test_the_exponential_loss_has_a_steeper_link() -> None:
    assert (
        written(GradientBoostingClassifier(loss="exponential", n_estimators=12), ARRAY, LABELS).onnx.difference < 1e-14
    )


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "poisson", "gamma", "quantile"])
def test_histogram_boosting_of_every_loss_is_the_same(loss: str) -> None:
    quantile = {"quantile": 0.7} if loss == "quantile" else {}
    estimator = HistGradientBoostingRegressor(loss=loss, max_iter=12, **quantile)
    assert written(estimator, GAPS, POSITIVE).onnx.difference < 1e-14


@pytest.mark.parametrize("frame", [MIXED, MIXED_GAPS], ids=["whole", "gaps"])
def test_histogram_boosting_has_sets_of_categories(frame: Any) -> None:
    typed = frame.assign(**{name: frame[name].astype("category") for name in ("città", "a b")})
    estimator = HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=12)
    assert written(estimator, typed, TARGET).onnx.difference == 0.0


def test_histogram_boosting_has_numbered_categories() -> None:
    rows = np.column_stack([ARRAY, np.random.default_rng(0).integers(0, 70, len(ARRAY))])
    estimator = HistGradientBoostingClassifier(categorical_features=[2], max_iter=12)
    assert written(estimator, rows, LABELS).onnx.difference < 1e-14


@pytest.mark.parametrize("loss", ["linear", "square"])
def test_ada_boost_predicts_the_weighted_median(loss: str) -> None:
    assert written(AdaBoostRegressor(n_estimators=9, loss=loss, random_state=0), ARRAY, TARGET).onnx.difference == 0.0


@pytest.mark.parametrize("labels", [LABELS, THREE], ids=["two classes", "three classes"])
def test_ada_boost_adds_weights_of_classes(labels: Any) -> None:
    estimator = AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=9, random_state=0)
    assert written(estimator, ARRAY, labels).onnx.difference < 1e-14
