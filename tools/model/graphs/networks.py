"""Neural networks of scikit-learn: layers of x · weights + bias, each with an activation."""

from typing import Any

import numpy as np

from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.registry import Classified, classifier, pair, regressor
from tools.model.graphs.tensor import Tensor


@regressor("sklearn.MLPRegressor")
def network_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the last layer."""
    if estimator.n_outputs_ != 1:
        raise Unsupported("a network has several targets")
    return _forward(estimator, frame).reshape(-1)


@classifier("sklearn.MLPClassifier")
def network_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the last layer as probabilities."""
    output = _forward(estimator, frame)
    if estimator.n_outputs_ == 1:
        positive = output.reshape(-1)
        return Classified((positive > 0.5).cast(np.int64), pair(positive))
    return Classified(output.argmax(), output)


def _forward(estimator: Any, frame: Frame) -> Tensor:
    values = frame.matrix()
    layers = list(zip(estimator.coefs_, estimator.intercepts_, strict=True))
    for weights, bias in layers[:-1]:
        values = _activated(estimator.activation, _layer(values, weights, bias))
    return _activated(estimator.out_activation_, _layer(values, *layers[-1]))


def _layer(values: Tensor, weights: Any, bias: Any) -> Tensor:
    return values @ np.ascontiguousarray(weights, dtype=np.float64) + np.asarray(bias, dtype=np.float64)


def _activated(name: str, values: Tensor) -> Tensor:
    if name == "identity":
        return values
    if name in ("tanh", "relu", "exp"):
        return values.apply(name.capitalize())
    if name == "logistic":
        return values.sigmoid()
    if name == "softmax":
        return values.softmax()
    raise Unsupported(f"no graph is written for the activation {name}")
