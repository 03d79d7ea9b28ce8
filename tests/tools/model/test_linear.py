"""The weighted sum: stated or measured, whatever the model's steps are called, and only where it is one."""

from typing import Any

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from shared.model.runtimes.linear import LinearModel
from shared.model.runtimes.sklearn import SklearnModel
from tests.tools.model.graphed import ARRAY, LABELS, MIXED, NUMBERS, TARGET, contracted, encoded
from tools.model import linear
from tools.model.parity import TOLERANCE, NotServed


def found(estimator: Any, X: Any = ARRAY, y: Any = TARGET) -> Any:  # noqa: N803 - scikit-learn's name
    estimator.fit(X, y)
    manifest, data = contracted(estimator, X, y)
    return linear.build(manifest, estimator, data), manifest, data


@pytest.mark.parametrize(
    "estimator",
    [
        LinearRegression(),
        Ridge(),
        Lasso(),
        make_pipeline(StandardScaler(), LinearRegression()),
        make_pipeline(MinMaxScaler(), PCA(2), Ridge()),
        VotingRegressor([("one", LinearRegression()), ("two", Ridge(10.0))]),
        TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler()),
        PLSRegression(1),  # its inputs are centred, so its own weights are not those of a sum
        SVR(kernel="linear"),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_every_linear_model_is_a_weighted_sum(estimator: Any) -> None:
    sum_, manifest, data = found(estimator)
    columns = data.columns(manifest.features)
    expected = SklearnModel(manifest, estimator).predict(columns).predictions
    np.testing.assert_allclose(LinearModel(sum_).predict(columns).predictions, expected, rtol=1e-9)
    assert sum_.difference <= TOLERANCE == sum_.tolerance


def test_a_frame_of_numbers_is_as_good_as_an_array() -> None:
    (frame, *_), (array, *_) = found(LinearRegression(), NUMBERS), found(LinearRegression())
    assert frame.weights == pytest.approx(array.weights)
    assert frame.intercept == pytest.approx(array.intercept)


def test_the_weights_of_a_plain_linear_model_are_its_own_to_the_last_digit() -> None:
    estimator = LinearRegression()
    stated, *_ = found(estimator)
    assert stated.weights == tuple(estimator.coef_.tolist())
    assert stated.intercept == estimator.intercept_


@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeRegressor(max_depth=3),
        make_pipeline(PolynomialFeatures(2), LinearRegression()),
        make_pipeline(FunctionTransformer(np.abs), LinearRegression()),
        make_pipeline(MinMaxScaler(clip=True), LinearRegression()),
    ],
    ids=["a tree", "a square", "a bend outside the data", "a limit"],
)
def test_a_model_that_is_not_linear_is_no_sum(estimator: Any) -> None:
    with pytest.raises(NotServed):
        found(estimator)


def test_a_classifier_is_no_sum() -> None:
    with pytest.raises(NotServed, match="only regressors of numbers"):
        found(LogisticRegression(), y=LABELS)


def test_categories_have_no_weights() -> None:
    with pytest.raises(NotServed, match="only regressors of numbers"):
        found(encoded(OneHotEncoder(), LinearRegression()), MIXED)
