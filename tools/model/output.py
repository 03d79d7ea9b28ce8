"""The output: numbers with or without classes, or a classifier's labels with or without probabilities."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from sklearn.utils import get_tags

from shared.model.columns import Column, assemble
from shared.model.manifest import Label, Manifest, Output
from tools.model import probe
from tools.model.features import MAX_VALUES
from tools.model.refused import Refused, join_names

REFUSED_KINDS = {
    "clusterer": "finds clusters",
    "outlier_detector": "finds outliers",
    "density_estimator": "estimates densities",
}


class Edges(NamedTuple):
    """The edges of a regressor's classes, and one label more. The default labels are Class0, Class1 and so on."""

    edges: Sequence[float] = ()
    labels: Sequence[str] = ()


def parse_edges(edges: str | None, labels: str | None) -> Edges:
    """Return the edges and labels of the command line, such as `25,105` and `low,mid,high`. Raises Refused."""
    try:
        numbers = [float(number) for number in edges.split(",")] if edges else []
    except ValueError:
        raise Refused(
            f"The class edges must be numbers separated by commas, such as 25,105, and not {edges}."
        ) from None
    return Edges(numbers, [label.strip() for label in labels.split(",")] if labels else [])


def kind(estimator: Any) -> Literal["regressor", "classifier"]:
    """Return the kind of an estimator: a regressor predicts numbers, a classifier labels. Raises Refused for others."""
    name = type(estimator).__name__
    if not hasattr(estimator, "predict"):
        raise Refused(f"This is a {name}, which has no predict. The service supports regressors and classifiers.")
    tag = _type_tag(estimator)
    if tag in REFUSED_KINDS:
        raise Refused(f"This is a {name}, which {REFUSED_KINDS[tag]}. The service supports regressors and classifiers.")
    if tag == "classifier" or (tag != "regressor" and hasattr(estimator, "classes_")):
        return "classifier"
    return "regressor"


def build(target: Output, manifest: Manifest, estimator: Any, row: Sequence[Column], edges: Edges) -> Output:
    """Return `target` with its classes. The estimator predicts one typical row for it. Raises Refused."""
    predictions = probe.predict(manifest, estimator, row)
    prediction = predictions.tolist()[0]
    if manifest.kind == "classifier":
        if edges.edges or edges.labels:
            raise Refused("A classifier has its own classes. Edges and their labels are for regressors.")
        return _classifier_output(target, manifest, estimator, row, prediction)
    if predictions.dtype.kind not in "fiu":
        raise Refused(f"A regressor must predict numbers, but this one predicts {prediction!r}.")
    return _regressor_output(target, edges)


def _type_tag(estimator: Any) -> str | None:
    """Return scikit-learn's own tag for the kind of estimator, if it has one."""
    try:
        tag: str | None = get_tags(estimator).estimator_type
    except (AttributeError, TypeError, ValueError):  # not made with scikit-learn's base class
        return None
    return tag


def _regressor_output(target: Output, classes: Edges) -> Output:
    edges = [float(edge) for edge in classes.edges]
    if not edges and not classes.labels:
        return target
    if not all(map(math.isfinite, edges)) or any(low >= high for low, high in pairwise(edges)):
        numbers = join_names(f"{edge:g}" for edge in edges)
        raise Refused(f"The class edges must be finite and ascending, and not {numbers}.")
    labels = [str(label) for label in classes.labels] or [f"Class{i}" for i in range(len(edges) + 1)]
    if len(labels) != len(edges) + 1 or len(set(labels)) != len(labels):
        count = f"{len(edges)} edges make {len(edges) + 1} classes"
        raise Refused(f"{count}, and each class needs its own label. The labels are: {join_names(labels)}.")
    return replace(target, classes=tuple(labels), edges=tuple(edges))


def _classifier_output(
    target: Output, manifest: Manifest, estimator: Any, row: Sequence[Column], prediction: Any
) -> Output:
    labels = _labels(estimator)
    if prediction not in labels:
        names = join_names(map(str, labels))
        raise Refused(f"The classifier predicts {prediction!r}, which is not one of its classes: {names}.")
    return replace(target, classes=labels, probabilities=_has_probabilities(manifest, estimator, row, len(labels)))


def _labels(estimator: Any) -> tuple[Label, ...]:
    """Return the classifier's labels as Python values, in its order. Raises Refused."""
    labels = np.asarray(getattr(estimator, "classes_", ())).tolist()
    if not labels:
        raise Refused("The classifier has no list of its classes (classes_).")
    if len(labels) > MAX_VALUES:
        raise Refused(f"The classifier has {len(labels)} classes; it may have {MAX_VALUES}.")
    for label in labels:
        if not isinstance(label, (str, bool, int, float)) or (isinstance(label, float) and not math.isfinite(label)):
            raise Refused(f"A class label must be a text, a number or a boolean, and not {label!r}.")
    return tuple(labels)


def _has_probabilities(manifest: Manifest, estimator: Any, row: Sequence[Column], count: int) -> bool:
    """Return true if predict_proba returns one finite probability per class."""
    matrix = assemble(manifest, row)
    probabilities = probe.try_call(_probabilities, estimator, matrix)
    return probabilities is not None and probabilities.shape == (1, count) and bool(np.isfinite(probabilities).all())


def _probabilities(estimator: Any, matrix: Any) -> NDArray[Any]:
    return np.asarray(estimator.predict_proba(matrix))
