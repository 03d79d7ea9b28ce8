"""Linear models: x · coefficients + intercept, and for classifiers the sign or the greatest of such scores."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.registry import Classified, by_sign, classifier, pair, regress, regressor
from tools.model.graphs.tensor import Tensor

REGRESSORS = (
    "ARDRegression BayesianRidge ElasticNet ElasticNetCV HuberRegressor Lars LarsCV Lasso LassoCV LassoLars "
    "LassoLarsCV LassoLarsIC LinearRegression LinearSVR OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV "
    "PassiveAggressiveRegressor QuantileRegressor Ridge RidgeCV SGDRegressor TheilSenRegressor"
)
LOG_LINKS = ("PoissonRegressor", "GammaRegressor", "TweedieRegressor")
LOGISTIC = ("LogisticRegression", "LogisticRegressionCV")
BY_SCORE = "LinearSVC PassiveAggressiveClassifier Perceptron RidgeClassifier RidgeClassifierCV"


def names(classes: str) -> list[str]:
    """Return the registry's names of classes of scikit-learn."""
    return [f"sklearn.{name}" for name in classes.split()]


@regressor(*names(REGRESSORS))
def linear_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return x · coefficients + intercept."""
    coefficients = np.asarray(estimator.coef_, dtype=np.float64)
    if coefficients.size != len(frame):
        raise Unsupported("a linear model has several targets")
    return _score(frame.matrix(), coefficients.reshape(-1, 1), estimator.intercept_).reshape(-1)


@regressor(*names(" ".join(LOG_LINKS)))
def generalized_linear_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the linear predictor, or its exponential."""
    raw = linear_regressor(estimator, frame)
    return raw.apply("Exp") if type(estimator._base_loss.link).__name__ == "LogLink" else raw


@regressor("sklearn.PLSRegression", "sklearn.PLSCanonical", "sklearn.CCA")
def partial_least_squares(estimator: Any, frame: Frame) -> Tensor:
    """Return (x - mean) · coefficients + intercept."""
    return linear_regressor(estimator, Frame.from_tensor(frame.matrix() - estimator._x_mean, len(frame)))


@regressor("sklearn.RANSACRegressor", checks=False)
def ransac_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the predictions of the estimator that was fitted on the inliers."""
    return regress(estimator.estimator_, frame)


@regressor("sklearn.IsotonicRegression")
def isotonic_regression(estimator: Any, frame: Frame) -> Tensor:
    """Return the values between the thresholds, on straight lines; beyond them the nearest, or nothing."""
    x = frame.matrix()
    if estimator.out_of_bounds == "raise":
        inside = (x >= float(estimator.X_min_)) & (x <= float(estimator.X_max_))
        x.graph.require(inside.reshape(-1))
    if estimator.out_of_bounds == "nan":
        inside = (x >= float(estimator.X_min_)) & (x <= float(estimator.X_max_))
        return inside.where(isotonic(estimator, x), np.nan).reshape(-1)
    return isotonic(estimator, x).reshape(-1)


def isotonic(estimator: Any, x: Tensor) -> Tensor:
    """Return the values of an isotonic regression, shape (rows, 1), clipped to its range.

    As scipy's interp1d: on the straight line to the next threshold that is not below x.
    """
    knots, values = (np.asarray(a, dtype=np.float64) for a in (estimator.X_thresholds_, estimator.y_thresholds_))
    if len(knots) == 1:
        return x * 0.0 + float(values[0])
    clipped = x.clip(float(estimator.X_min_), float(estimator.X_max_))
    above = (clipped > knots[1:-1].reshape(1, -1)).cast(np.int64).sum() if len(knots) > 2 else None
    place = above if above is not None else (x * 0.0).cast(np.int64).reshape(-1)
    lower, slope = knots[:-1], np.diff(values) / np.diff(knots)
    table = np.stack([lower, values[:-1], slope], axis=1)
    line = place.lookup(table)
    return line.columns([2]) * (clipped - line.columns([0])) + line.columns([1])


@classifier(*names(" ".join(LOGISTIC)))
def logistic_regression(estimator: Any, frame: Frame) -> Classified:
    """Return logistic probabilities of the score for two classes, else the softmax of the scores."""
    scores = decision(estimator, frame)
    if len(estimator.classes_) > 2:
        return Classified(scores.argmax(), scores.softmax(), scores)
    return Classified(by_sign(scores), pair(scores.sigmoid()), scores)


@classifier("sklearn.LinearDiscriminantAnalysis")
def linear_discriminant(estimator: Any, frame: Frame) -> Classified:
    """Return the class with the greatest discriminant, as a logistic regression does."""
    return logistic_regression(estimator, frame)


@classifier(*names(BY_SCORE))
def by_score(estimator: Any, frame: Frame) -> Classified:
    """Return the class with the greatest score; there are no probabilities."""
    return _by_score(estimator, decision(estimator, frame))


@classifier("sklearn.SGDClassifier")
def stochastic_gradient_descent(estimator: Any, frame: Frame) -> Classified:
    """Return the class with the greatest score, and the probabilities that two of the losses have."""
    scores = decision(estimator, frame)
    result = _by_score(estimator, scores)
    binary = len(estimator.classes_) == 2
    if estimator.loss not in ("log_loss", "modified_huber"):
        return result
    single = scores.sigmoid() if estimator.loss == "log_loss" else (scores.clip(-1.0, 1.0) + 1.0) / 2.0
    return result._replace(probabilities=pair(single) if binary else normalized(single))


def decision(estimator: Any, frame: Frame) -> Tensor:
    """Return the scores: shape (rows,) for two classes, else (rows, classes)."""
    coefficients = np.asarray(estimator.coef_, dtype=np.float64)
    coefficients = np.ascontiguousarray(np.atleast_2d(coefficients).T)
    scores = _score(frame.matrix(), coefficients, estimator.intercept_)
    return scores.reshape(-1) if coefficients.shape[1] == 1 else scores


def normalized(shares: Tensor) -> Tensor:
    """Return shares divided by their sum; where all are 0, equal ones."""
    total = shares.sum(keepdims=True)
    nothing = total.equals(0.0)
    ones = shares * 0.0 + 1.0
    return nothing.where(ones, shares) / nothing.where(ones.sum(keepdims=True), total)


def _by_score(estimator: Any, scores: Tensor) -> Classified:
    binary = len(estimator.classes_) == 2
    return Classified(by_sign(scores) if binary else scores.argmax(), None, scores)


def _score(rows: Tensor, coefficients: NDArray[np.float64], intercept: Any) -> Tensor:
    return rows @ coefficients + np.ravel(np.asarray(intercept, dtype=np.float64))
