"""Naive Bayes and discriminants: the class with the greatest logarithm of prior times likelihood."""

from typing import Any

import numpy as np

from tools.model.graphs.distances import euclidean_squared
from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.registry import Classified, classifier
from tools.model.graphs.tensor import Tensor, concat, total


@classifier("sklearn.GaussianNB")
def gaussian(estimator: Any, frame: Frame) -> Classified:
    """Return the class by the sum of the features' normal densities."""
    rows = frame.matrix()
    parts = []
    for prior, mean, variance in zip(estimator.class_prior_, estimator.theta_, estimator.var_, strict=True):
        start = np.log(prior)
        density = -0.5 * np.sum(np.log(2.0 * np.pi * variance))
        difference = rows - mean
        exponent = (difference * difference / variance).sum(keepdims=True) * 0.5
        parts.append((float(density) - exponent) + float(start))
    return _from_logs(concat(parts))


@classifier("sklearn.MultinomialNB")
def multinomial(estimator: Any, frame: Frame) -> Classified:
    """Return the class by the sum of counts times the features' logarithms."""
    rows = frame.matrix()
    return _from_logs(rows @ _columns(estimator.feature_log_prob_) + estimator.class_log_prior_)


@classifier("sklearn.ComplementNB")
def complement(estimator: Any, frame: Frame) -> Classified:
    """Return the class by the logarithms of the features outside each class."""
    logs = frame.matrix() @ _columns(estimator.feature_log_prob_)
    return _from_logs(logs + estimator.class_log_prior_ if len(estimator.classes_) == 1 else logs)


@classifier("sklearn.BernoulliNB")
def bernoulli(estimator: Any, frame: Frame) -> Classified:
    """Return the class by the logarithms of features that are there and of those that are not."""
    rows = frame.matrix()
    if estimator.binarize is not None:
        rows = (rows > float(estimator.binarize)).cast(np.float64)
    absent = np.log(1 - np.exp(estimator.feature_log_prob_))
    logs = rows @ _columns(estimator.feature_log_prob_ - absent)
    return _from_logs(logs + (estimator.class_log_prior_ + absent.sum(axis=1)))


@classifier("sklearn.CategoricalNB")
def categorical(estimator: Any, frame: Frame) -> Classified:
    """Return the class by the logarithms of each feature's category, a whole number that training had."""
    rows = frame.matrix()
    rows.graph.require(rows.min() > -1.0)  # scikit-learn cuts off a fraction before it refuses negative numbers
    parts = []
    for i, table in enumerate(estimator.feature_log_prob_):
        code = rows.column(i)
        limit = table.shape[1]
        rows.graph.require(code < float(limit))
        place = code.clip(0.0, limit - 1.0).cast(np.int64)
        parts.append(place.lookup(_columns(table)))
    return _from_logs(total(parts) + estimator.class_log_prior_)


@classifier("sklearn.QuadraticDiscriminantAnalysis")
def quadratic_discriminant(estimator: Any, frame: Frame) -> Classified:
    """Return the class by the distance from its mean, measured with its own covariance."""
    rows = frame.matrix()
    parts = []
    for mean, rotation, scaling in zip(estimator.means_, estimator.rotations_, estimator.scalings_, strict=True):
        turned = (rows - mean) @ np.ascontiguousarray(rotation * scaling**-0.5)
        parts.append((turned * turned).sum(keepdims=True) + float(np.sum(np.log(scaling))))
    scores = concat(parts) * -0.5 + np.log(estimator.priors_)
    return _from_scores(scores)


@classifier("sklearn.NearestCentroid")
def nearest_centroid(estimator: Any, frame: Frame) -> Classified:
    """Return the class with the nearest mean, or by distance and prior where the priors differ."""
    if estimator.metric != "euclidean":
        raise Unsupported(f"no graph is written for the distance {estimator.metric}")
    rows, centers = frame.matrix(), np.asarray(estimator.centroids_, dtype=np.float64)
    deviations = np.where(estimator.within_class_std_dev_ == 0, 1.0, estimator.within_class_std_dev_)
    scaled = euclidean_squared(rows / deviations, centers / deviations, len(frame))
    scores = _from_scores(np.log(estimator.class_prior_) * 2.0 - scaled)
    if np.isclose(estimator.class_prior_, 1 / len(estimator.classes_)).all():
        return scores._replace(position=euclidean_squared(rows, centers, len(frame)).argmin())
    return scores


def _columns(table: Any) -> Any:
    return np.ascontiguousarray(np.asarray(table, dtype=np.float64).T)


def _from_logs(logs: Tensor) -> Classified:
    """Return the results of joint logarithms: their softmax, by the logarithm of the sum."""
    greatest = logs.max(keepdims=True)
    total = (logs - greatest).apply("Exp").sum(keepdims=True).apply("Log") + greatest
    return Classified(logs.argmax(), (logs - total).apply("Exp"))


def _from_scores(scores: Tensor) -> Classified:
    """Return the results of discriminants."""
    relative = scores - scores.max(keepdims=True)
    shares = (relative - relative.apply("Exp").sum(keepdims=True).apply("Log")).apply("Exp")
    return Classified(scores.argmax(), shares, scores)
