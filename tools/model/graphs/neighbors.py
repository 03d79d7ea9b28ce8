"""Nearest neighbours, for as many training rows as one row can be compared with in a fraction of a millisecond."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.distances import euclidean_squared, manhattan
from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.registry import Classified, classifier, regressor
from tools.model.graphs.tensor import Tensor

MAX_STORED_NUMBERS = 100_000  # rows × columns; a row takes about 0.1 ms


@regressor("sklearn.KNeighborsRegressor")
def nearest_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the mean target of the nearest rows, weighted by 1 / distance where the estimator does so."""
    targets = np.asarray(estimator._y, dtype=np.float64)
    if targets.ndim > 1 and targets.shape[1] > 1:
        raise Unsupported(f"{type(estimator).__name__} has several targets")
    distances, places = _distances(estimator, frame).top(estimator.n_neighbors, largest=False)
    values = places.lookup(targets.ravel())
    if estimator.weights == "uniform":
        return values.mean()
    weights = _weights(estimator, _root(estimator, distances))
    return (values * weights).sum() / weights.sum()


@classifier("sklearn.KNeighborsClassifier")
def nearest_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the most frequent class of the nearest rows, the first of equal ones."""
    if estimator.outputs_2d_:
        raise Unsupported(f"{type(estimator).__name__} has several targets")
    distances, places = _distances(estimator, frame).top(estimator.n_neighbors, largest=False)
    votes = places.lookup(np.eye(len(estimator.classes_))[np.ravel(estimator._y)])
    if estimator.weights != "uniform":
        votes = votes * _weights(estimator, _root(estimator, distances)).reshape(-1, estimator.n_neighbors, 1)
    total = votes.sum(axis=1)
    return Classified(total.argmax(), total / total.sum(keepdims=True))


@regressor("sklearn.RadiusNeighborsRegressor")
def radius_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the mean target of the rows within the radius; none has no mean."""
    near = _within(estimator, frame)
    targets = np.asarray(estimator._y, dtype=np.float64).reshape(-1, 1)
    return ((near @ targets) / near.sum(keepdims=True)).reshape(-1)


@classifier("sklearn.RadiusNeighborsClassifier")
def radius_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the most frequent class of the rows within the radius; a row with none is refused."""
    near = _within(estimator, frame)
    if estimator.outlier_label is not None:
        raise Unsupported("the classifier has an outlier_label")
    near.graph.require(near.sum() > 0.0)
    total = near @ np.eye(len(estimator.classes_))[np.ravel(estimator._y)]
    return Classified(total.argmax(), total / total.sum(keepdims=True))


def _within(estimator: Any, frame: Frame) -> Tensor:
    """Return weights of the rows within the radius, 0 for the others, shape (rows, stored rows)."""
    squared = estimator.effective_metric_ == "euclidean"
    limit = float(estimator.radius) ** 2 if squared else float(estimator.radius)
    near = (_distances(estimator, frame) <= limit).cast(np.float64)
    if estimator.weights == "uniform":
        return near
    raise Unsupported("the neighbours within a radius have other weights than 'uniform'")


def _distances(estimator: Any, frame: Frame) -> Tensor:
    """Return distances to all stored rows, or their squares, shape (rows, stored rows)."""
    points = _stored(estimator._fit_X)
    metric = estimator.effective_metric_
    if metric == "euclidean":
        return euclidean_squared(frame.matrix(), points, len(frame))
    if metric == "manhattan":
        return manhattan(frame.matrix(), points, len(frame))
    raise Unsupported(f"no graph is written for the distance {metric}")


def _root(estimator: Any, distances: Tensor) -> Tensor:
    return distances.apply("Sqrt") if estimator.effective_metric_ == "euclidean" else distances


def _weights(estimator: Any, distances: Tensor) -> Tensor:
    """Return 1 / distance; in a row with distances of 0, 1 for those and 0 for the others."""
    if estimator.weights != "distance":
        raise Unsupported("the weights of the neighbours are a function of your own")
    zero = distances.equals(0.0).cast(np.float64)
    exact = zero.max(keepdims=True) > 0.0
    return exact.where(zero, 1.0 / exact.where(1.0, distances))


def _stored(points: Any) -> NDArray[np.float64]:
    if not isinstance(points, np.ndarray):
        raise Unsupported("the stored rows are a sparse matrix")
    if points.size > MAX_STORED_NUMBERS:
        raise Unsupported(f"it compares each row with {len(points)} stored rows, too many for a graph")
    return np.ascontiguousarray(points, dtype=np.float64)
