"""The weighted sum: found by asking, whatever the model's steps are called, and only where it is one."""

from typing import Any

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from shared.model.runtimes.linear import LinearModel
from shared.model.runtimes.sklearn import SklearnModel
from tests.tools.model.test_graph import ARRAY, LABELS, MIXED, NUMBERS, TARGET, encoded, settled
from tools.model import linear
from tools.model.parity import TOLERANCE, NotServed


def found(estimator: Any, X: Any = ARRAY, y: Any = TARGET) -> Any:  # noqa: N803 - scikit-learn's name
    estimator.fit(X, y)
    of, data = settled(estimator, X, y)
    return linear.of(of, estimator, data), of, data


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
    ],
    ids=lambda each: type(each).__name__,
)
def test_whatever_is_linear_is_answered_the_same(estimator: Any) -> None:
    said, of, data = found(estimator)
    columns = data.columns(of.features)
    np.testing.assert_allclose(
        LinearModel(said).predict(columns).predictions,
        SklearnModel(of, estimator).predict(columns).predictions,
        rtol=1e-9,
    )
    assert said.difference <= TOLERANCE == said.tolerance


def test_a_frame_of_numbers_is_as_good_as_an_array() -> None:
    (frame, *_), (array, *_) = found(LinearRegression(), NUMBERS), found(LinearRegression())
    assert frame.weights == pytest.approx(array.weights)
    assert frame.intercept == pytest.approx(array.intercept)


def test_the_weights_of_a_plain_linear_model_are_its_own_to_the_last_digit() -> None:
    estimator = LinearRegression()
    said, *_ = found(estimator)
    assert said.weights == tuple(estimator.coef_.tolist())
    assert said.intercept == estimator.intercept_


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
def test_whatever_is_not_linear_stays_as_it_is(estimator: Any) -> None:
    with pytest.raises(NotServed):
        found(estimator)


def test_a_classifier_stays_as_it_is() -> None:
    with pytest.raises(NotServed, match="only regressors of numbers"):
        found(LogisticRegression(), y=LABELS)


def test_categories_stay_as_they_are() -> None:
    with pytest.raises(NotServed, match="only regressors of numbers"):
        found(encoded(OneHotEncoder(), LinearRegression()), MIXED)
