"""Arithmetic on numbers: scalers, functions of numpy, powers, expansions and projections."""

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA, FactorAnalysis, FastICA, IncrementalPCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)

from tests.tools.model.graphed import ARRAY, TARGET, THREE, WIDE, written
from tools.model.parity import TOLERANCE, NotServed

FUNCTIONS = ["log", "log1p", "log2", "log10", "sqrt", "square", "abs", "sign", "sin", "cos", "tan", "tanh"]
FUNCTIONS += ["cbrt", "arcsinh", "floor", "ceil", "rint", "reciprocal", "negative"]
SCALERS = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    MinMaxScaler((-1, 2)),
    MinMaxScaler(clip=True),
    MaxAbsScaler(),
    RobustScaler(),
    RobustScaler(with_centering=False),
    Normalizer("l1"),
    Normalizer("l2"),
    Normalizer("max"),
    Binarizer(threshold=30.0),
    PowerTransformer(),
    PowerTransformer(standardize=False),
]


@pytest.mark.parametrize("scaler", SCALERS, ids=str)
def test_a_scaler_differs_by_rounding_only(scaler: Any) -> None:
    assert written(make_pipeline(scaler, Ridge()), ARRAY, TARGET).onnx.difference < TOLERANCE


@pytest.mark.parametrize("rows", [WIDE, WIDE.round()], ids=["distinct", "repeated"])
def test_quantiles_are_shares_of_the_training_data(rows: Any) -> None:
    estimator = make_pipeline(QuantileTransformer(n_quantiles=50), Ridge())
    assert written(estimator, rows, TARGET).onnx.difference < TOLERANCE


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_numpy_has_an_operator(name: str) -> None:
    estimator = make_pipeline(FunctionTransformer(getattr(np, name)), Ridge())
    assert written(estimator, np.abs(ARRAY), TARGET).onnx.difference < TOLERANCE


@pytest.mark.parametrize("name", ["exp", "exp2", "expm1", "sinh", "cosh"])
def test_a_growing_function_is_exact_for_small_numbers(name: str) -> None:
    estimator = make_pipeline(FunctionTransformer(getattr(np, name)), Ridge())
    assert written(estimator, WIDE * 1e-3, TARGET).onnx.difference < TOLERANCE


def test_another_function_stays_with_scikit_learn() -> None:
    with pytest.raises(NotServed, match="ONNX has no operator for the function sinc of a FunctionTransformer"):
        written(make_pipeline(FunctionTransformer(np.sinc), Ridge()), ARRAY, TARGET)


def test_positive_numbers_have_the_power_of_box_and_cox() -> None:
    estimator = make_pipeline(PowerTransformer("box-cox"), Ridge())
    assert written(estimator, np.abs(ARRAY), TARGET).onnx.difference < TOLERANCE


@pytest.mark.parametrize(
    "expansion",
    [
        PolynomialFeatures(2),
        PolynomialFeatures(3, include_bias=False),
        PolynomialFeatures((2, 3), interaction_only=True),
        SplineTransformer(),
        SplineTransformer(5, degree=2, extrapolation="linear", include_bias=False),
        SplineTransformer(extrapolation="continue", knots="quantile"),
        SplineTransformer(extrapolation="periodic"),
    ],
    ids=str,
)
def test_an_expansion_differs_by_rounding_only(expansion: Any) -> None:
    assert written(make_pipeline(expansion, Ridge()), WIDE[:, :3], TARGET).onnx.difference < TOLERANCE


@pytest.mark.parametrize(
    "projection",
    [
        PCA(2),
        PCA(3, whiten=True),
        IncrementalPCA(2),
        TruncatedSVD(2, random_state=0),
        FastICA(2, random_state=0),
        FactorAnalysis(2, random_state=0),
    ],
    ids=str,
)
def test_a_projection_differs_by_rounding_only(projection: Any) -> None:
    assert written(make_pipeline(projection, Ridge()), WIDE, TARGET).onnx.difference < TOLERANCE


@pytest.mark.parametrize("solver", ["svd", "eigen"])
def test_axes_between_classes_are_a_projection_too(solver: str) -> None:
    estimator = make_pipeline(LinearDiscriminantAnalysis(solver=solver), LogisticRegression())
    assert written(estimator, WIDE, THREE).onnx.difference < TOLERANCE
