"""Estimators around another one: searches, thresholds, calibration, transformed targets, constants."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.functions import FUNCTIONS
from tools.model.graphs.linear import isotonic, names
from tools.model.graphs.registry import (
    Classified,
    classifier,
    classify,
    name_of,
    pair,
    probabilities,
    regress,
    regressor,
    transform,
    transformer,
)
from tools.model.graphs.tensor import Tensor, concat

SEARCHES = names("GridSearchCV RandomizedSearchCV HalvingGridSearchCV HalvingRandomSearchCV")


@regressor(*SEARCHES, checks=False)
def search_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the predictions of the best estimator."""
    return regress(estimator.best_estimator_, frame)


@classifier(*SEARCHES, checks=False)
def search_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the results of the best estimator."""
    return classify(estimator.best_estimator_, frame)


@transformer(*SEARCHES, checks=False)
def search_transformer(estimator: Any, frame: Frame) -> Frame:
    """Return the rows of the best estimator."""
    return transform(estimator.best_estimator_, frame)


@classifier("sklearn.SelfTrainingClassifier", checks=False)
def self_training_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the results of the estimator that was trained on its own labels too."""
    return classify(estimator.estimator_, frame)


@classifier("sklearn.FrozenEstimator", checks=False)
def frozen_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the results of the estimator inside."""
    return classify(estimator.estimator, frame)


@regressor("sklearn.FrozenEstimator", checks=False)
def frozen_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the predictions of the estimator inside."""
    return regress(estimator.estimator, frame)


@classifier("sklearn.FixedThresholdClassifier", "sklearn.TunedThresholdClassifierCV", checks=False)
def threshold_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the positive class from a threshold on its probability or score."""
    member = getattr(estimator, "estimator_", estimator.estimator)
    tuned = hasattr(estimator, "best_threshold_")
    positive = estimator._curve_scorer._get_pos_label() if tuned else estimator.pos_label
    classes = list(estimator.classes_)
    place = 1 if positive is None else classes.index(positive)
    result = classify(member, frame)
    methods = estimator._get_response_method()
    methods = [methods] if isinstance(methods, str) else methods
    by_probability = next(method for method in methods if hasattr(member, method)) == "predict_proba"
    score = probabilities(member, frame).column(place) if by_probability else _signed(result.decision, place)
    threshold = estimator.best_threshold_ if tuned else estimator.threshold
    limit = (0.5 if by_probability else 0.0) if threshold == "auto" else float(threshold)
    position = (score >= limit).cast(np.int64).lookup(np.array([1 - place, place]))
    return result._replace(position=position)


@classifier("sklearn.CalibratedClassifierCV", checks=False)
def calibrated_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the mean of the calibrated members' probabilities."""
    members = estimator.calibrated_classifiers_
    total = _calibrated(members[0], frame)
    for member in members[1:]:
        total = total + _calibrated(member, frame)
    mean = total / float(len(members))
    return Classified(mean.argmax(), mean)


@regressor("sklearn.TransformedTargetRegressor", checks=False)
def transformed_target(estimator: Any, frame: Frame) -> Tensor:
    """Return the prediction, transformed back."""
    return _inverse(estimator.transformer_, regress(estimator.regressor_, frame))


@regressor("sklearn.DummyRegressor", checks=False)
def dummy_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the constant."""
    return _nothing(frame) + float(np.ravel(estimator.constant_)[0])


@classifier("sklearn.DummyClassifier", checks=False)
def dummy_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the constant label with the shares of the training data."""
    if estimator.strategy not in ("prior", "most_frequent", "constant"):
        raise Unsupported("a DummyClassifier predicts at random")
    shares = estimator.predict_proba(np.zeros((1, 1)))
    label = estimator.predict(np.zeros((1, 1)))[0]
    zero = _nothing(frame).reshape(-1, 1)
    index = (zero + float(list(estimator.classes_).index(label))).cast(np.int64).reshape(-1)
    return Classified(index, zero + shares)


def _nothing(frame: Frame) -> Tensor:
    """Return 0 for each row, shape (rows,)."""
    column = frame.columns[0].vector
    return column.is_nan().where(0.0, 0.0 * column.is_nan().where(0.0, column)).reshape(-1)


def _signed(decision: Tensor | None, place: int) -> Tensor:
    if decision is None:
        raise Unsupported("no graph is written for the score that a threshold is on")
    return decision if place else -decision


def _calibrated(calibrated: Any, frame: Frame) -> Tensor:
    """Return the probabilities of one calibrated classifier, shape (rows, classes)."""
    classes, member = len(calibrated.classes), calibrated.estimator
    scores = _scores(member, frame)
    if calibrated.method == "temperature":
        return _tempered(calibrated.calibrators[0], scores)
    columns = [_calibrator(calibrator, scores.columns([i])) for i, calibrator in enumerate(calibrated.calibrators)]
    if classes == 2:
        return pair(columns[0].reshape(-1))
    if len(columns) != classes:
        raise Unsupported("a calibrated classifier has seen only some of the classes")
    together = concat(columns)
    total = together.sum(keepdims=True)
    nothing = total.equals(0.0)
    shares = nothing.where(1 / classes, together / nothing.where(1.0, total))
    return ((shares > 1.0) & (shares <= 1.0 + 1e-5)).where(1.0, shares)


def _scores(member: Any, frame: Frame) -> Tensor:
    """Return the scores that are calibrated, shape (rows, 1) for two classes, else (rows, classes)."""
    if hasattr(member, "decision_function"):
        decision = classify(member, frame).decision
        if decision is None:
            raise Unsupported(f"{type(member).__name__} has no decision function")
        return decision.reshape(-1, 1) if len(member.classes_) == 2 else decision
    shares = probabilities(member, frame)
    return shares.columns([1]) if len(member.classes_) == 2 else shares


def _calibrator(calibrator: Any, scores: Tensor) -> Tensor:
    """Return calibrated scores, shape (rows, 1): a logistic curve or an isotonic regression."""
    if hasattr(calibrator, "a_"):
        return (-(scores * float(calibrator.a_) + float(calibrator.b_))).sigmoid()
    return isotonic(calibrator, scores)


def _tempered(calibrator: Any, scores: Tensor) -> Tensor:
    raise Unsupported(f"no graph is written for {type(calibrator).__name__}")


def _inverse(transformer: Any, predicted: Tensor) -> Tensor:
    """Return predictions of shape (rows,) transformed back."""
    name = name_of(transformer)
    if name in INVERSES:
        return INVERSES[name](transformer, predicted)
    raise Unsupported(f"no graph is written for the inverse of {type(transformer).__name__}")


def _inverse_standard(transformer: Any, predicted: Tensor) -> Tensor:
    return _unscaled(predicted, transformer.mean_ if transformer.with_mean else None, transformer.scale_)


def _inverse_robust(transformer: Any, predicted: Tensor) -> Tensor:
    return _unscaled(predicted, transformer.center_, transformer.scale_)


def _unscaled(predicted: Tensor, center: NDArray[np.float64] | None, scale: NDArray[np.float64] | None) -> Tensor:
    """Return x × scale + center, with the first column's; a step that the scaler does not have is None."""
    x = predicted if scale is None else predicted * float(scale[0])
    return x if center is None else x + float(center[0])


def _inverse_min_max(transformer: Any, predicted: Tensor) -> Tensor:
    if transformer.clip:
        raise Unsupported("the scaler of the target has clip=True")
    return (predicted - float(transformer.min_[0])) / float(transformer.scale_[0])


def _inverse_function(transformer: Any, predicted: Tensor) -> Tensor:
    function = transformer.inverse_func
    if function is None:
        return predicted
    if isinstance(function, np.ufunc) and function.__name__ in FUNCTIONS and not transformer.inv_kw_args:
        return FUNCTIONS[function.__name__](predicted)
    raise Unsupported("ONNX has no operator for the function that transforms the target back")


def _inverse_power(transformer: Any, predicted: Tensor) -> Tensor:
    """Return numbers before Yeo and Johnson's or Box and Cox's transform."""
    x = _inverse(transformer._scaler, predicted) if transformer.standardize else predicted
    power = float(transformer.lambdas_[0])
    if transformer.method == "box-cox":
        return x.apply("Exp") if power == 0 else (x * power + 1.0) ** (1 / power)
    log1p, expm1 = FUNCTIONS["log1p"], FUNCTIONS["expm1"]
    positive = x >= 0.0
    upper, lower = positive.where(x, 0.0), positive.where(0.0, x)
    above = expm1(upper) if abs(power) < np.spacing(1.0) else expm1(log1p(upper * power) / power)
    other = 2.0 - power
    below = -expm1(-lower) if abs(other) <= np.spacing(1.0) else -expm1(log1p(lower * -other) / other)
    return positive.where(above, below)


INVERSES: dict[str, Callable[[Any, Tensor], Tensor]] = {
    "sklearn.FunctionTransformer": _inverse_function,
    "sklearn.MinMaxScaler": _inverse_min_max,
    "sklearn.PowerTransformer": _inverse_power,
    "sklearn.RobustScaler": _inverse_robust,
    "sklearn.StandardScaler": _inverse_standard,
}
"""Transformers of a target, by package and class."""
