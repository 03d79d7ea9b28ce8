"""ONNX graphs of scikit-learn's estimators, XGBoost's and LightGBM's, written in float64.

`write` returns the content of a graph that computes what the estimator computes. Each family of estimators has a
module of its own, which adds its converters to the registry. `tensor` and `frame` are the material.

Input `rows`: float64, shape (rows, features). A category is the place of its value in the manifest; the number of
values is the code of an unknown text, and one more that of a missing one.

Outputs: `predictions` of a regressor, float64, shape (rows,); `class` of a classifier, int64, shape (rows,), and
`probabilities`, shape (rows, classes). `valid`, if there is one, is false for rows that the estimator refuses.
"""

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NamedTuple

import numpy as np

from shared.model.manifest import Category, Feature
from shared.model.runtimes import onnx
from tools.model.artifact import final_class
from tools.model.graphs.frame import Column, Frame, Unsupported
from tools.model.graphs.graph import Graph
from tools.model.graphs.registry import classify, regress
from tools.model.graphs.tensor import Tensor

__all__ = ["Unsupported", "write"]

for family in iter_modules(__path__):  # each family adds its converters to the registry
    import_module(f"{__name__}.{family.name}")


class GraphFile(NamedTuple):
    """The content of a graph's file."""

    content: bytes
    single_precision: bool
    """True when the estimator itself computes in float32."""
    smooth: bool
    """True when no step has exact thresholds, as trees and bins have."""


def write(estimator: Any, features: Sequence[Feature], *, classifier: bool, probabilities: bool) -> GraphFile:
    """Return the graph of a fitted estimator. Raises Unsupported, with the step that has none."""
    graph = Graph()
    rows = graph.input(onnx.ROWS, np.float64, len(features))
    frame = Frame(tuple(_column(rows, i, feature) for i, feature in enumerate(features)))
    if classifier:
        result = classify(estimator, frame)
        graph.output(onnx.CLASS, result.position)
        if probabilities:
            graph.output(onnx.PROBABILITIES, _probabilities(result.probabilities, estimator))
    else:
        graph.output(onnx.PREDICTIONS, regress(estimator, frame))
    if graph.valid is not None:
        graph.output(onnx.VALID, graph.valid)
    return GraphFile(graph.serialize(), graph.single_precision, graph.smooth)


def _column(rows: Tensor, position: int, feature: Feature) -> Column:
    """Return a feature's column of the input. The service has checked its numbers."""
    if not isinstance(feature, Category):
        return Column(rows, position, checked=True, name=feature.name)
    values, unknown, missing = feature.values, feature.open, feature.optional
    return Column(rows, position, values, unknown, missing, checked=True, name=feature.name)


def _probabilities(probabilities: Tensor | None, estimator: Any) -> Tensor:
    if probabilities is None:
        raise Unsupported(f"no graph is written for the probabilities of {final_class(estimator)}")
    return probabilities
