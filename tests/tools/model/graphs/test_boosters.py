"""XGBoost and LightGBM: XGBoost in float32 as it computes, LightGBM in float64, both with gaps in the data."""

from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost

from tests.tools.model.graphed import ARRAY, GAPS, LABELS, MIXED, MIXED_GAPS, TARGET, THREE, written
from tools.model.parity import SINGLE_PRECISION, TOLERANCE

POSITIVE = TARGET - TARGET.min() + 1.0
TWO = (LABELS == "high").astype(int)


def light(factory: Any, **options: Any) -> Any:
    return factory(n_estimators=12, min_child_samples=5, verbose=-1, random_state=0, **options)


def extreme(factory: Any, **options: Any) -> Any:
    return factory(n_estimators=12, n_jobs=1, random_state=0, **options)


@pytest.mark.parametrize("rows", [ARRAY, GAPS], ids=["whole", "gaps"])
@pytest.mark.parametrize("objective", ["regression", "regression_l1", "huber", "quantile"])
def test_lightgbm_is_equal_to_the_last_bit(objective: str, rows: Any) -> None:
    assert written(light(lightgbm.LGBMRegressor, objective=objective), rows, TARGET).onnx.difference == 0.0


@pytest.mark.parametrize("objective", ["poisson", "gamma", "tweedie"])
def test_lightgbm_with_a_log_link_differs_by_rounding_only(objective: str) -> None:
    assert written(light(lightgbm.LGBMRegressor, objective=objective), ARRAY, POSITIVE).onnx.difference < 1e-14


@pytest.mark.parametrize("kind", ["dart", "rf"])
def test_lightgbm_has_other_ways_to_boost(kind: str) -> None:
    options = {"bagging_freq": 1, "bagging_fraction": 0.6} if kind == "rf" else {}
    assert written(light(lightgbm.LGBMRegressor, boosting_type=kind, **options), ARRAY, TARGET).onnx.difference < 1e-14


@pytest.mark.parametrize("labels", [LABELS, THREE], ids=["two classes", "three classes"])
def test_lightgbm_classifies(labels: Any) -> None:
    assert written(light(lightgbm.LGBMClassifier), GAPS, labels).onnx.difference < 1e-14


@pytest.mark.parametrize("rows", [ARRAY, GAPS], ids=["whole", "gaps"])
def test_xgboost_is_equal_to_the_last_bit_of_float32(rows: Any) -> None:
    found = written(extreme(xgboost.XGBRegressor), rows, TARGET)
    assert found.onnx.difference == 0.0
    assert found.onnx.tolerance == SINGLE_PRECISION > TOLERANCE


@pytest.mark.parametrize("objective", ["count:poisson", "reg:gamma", "reg:tweedie"])
def test_xgboost_with_a_log_link_differs_by_rounding_only(objective: str) -> None:
    found = written(extreme(xgboost.XGBRegressor, objective=objective), ARRAY, POSITIVE)
    assert found.onnx.difference < SINGLE_PRECISION


@pytest.mark.parametrize("labels", [TWO, THREE], ids=["two classes", "three classes"])
def test_xgboost_classifies(labels: Any) -> None:
    assert written(extreme(xgboost.XGBClassifier), GAPS, labels).onnx.difference < SINGLE_PRECISION


def test_xgboost_counts_trees_up_to_its_best_round() -> None:
    estimator = extreme(xgboost.XGBRegressor, early_stopping_rounds=2, learning_rate=1.0)
    estimator.set_params(n_estimators=60)
    noise = np.random.default_rng(0).normal(size=len(TARGET))
    fit = estimator.fit

    def with_validation(rows: Any, target: Any) -> Any:
        return fit(rows, target, eval_set=[(ARRAY, noise)], verbose=False)

    estimator.fit = with_validation
    found = written(estimator, ARRAY, TARGET)
    assert estimator.best_iteration < 59
    assert found.onnx.difference == 0.0


@pytest.mark.parametrize("frame", [MIXED, MIXED_GAPS], ids=["whole", "gaps"])
@pytest.mark.parametrize("factory", [lightgbm.LGBMRegressor, xgboost.XGBRegressor])
def test_categories_of_pandas_are_sets_of_codes(factory: Any, frame: Any) -> None:
    typed = frame.assign(**{name: frame[name].astype("category") for name in ("città", "a b")})
    typed.columns = ["mass", "size", "town", "group"]  # LightGBM changes other characters in names
    make = light if factory is lightgbm.LGBMRegressor else extreme
    assert written(make(factory), typed, TARGET).onnx.difference == 0.0
