"""What comes out: numbers with or without class bands, or a classifier's labels with or without probabilities."""

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
from tools.model.features import MOST_VALUES
from tools.model.refused import Refused, listed

REFUSED_KINDS = {
    "clusterer": "finds clusters",
    "outlier_detector": "finds outliers",
    "density_estimator": "estimates densities",
}


class Bands(NamedTuple):
    """A regressor's classes: edges, and one label more; without labels they are Class0, Class1 and so on."""

    edges: Sequence[float] = ()
    labels: Sequence[str] = ()


def bands(edges: str | None, labels: str | None) -> Bands:
    """Bands from the command line, such as `25,105` and `low,mid,high`. Raises Refused."""
    try:
        numbers = [float(each) for each in edges.split(",")] if edges else []
    except ValueError:
        raise Refused(f"The classes' edges must be numbers separated by commas, such as 25,105; not {edges}.") from None
    return Bands(numbers, [each.strip() for each in labels.split(",")] if labels else [])


def kind(estimator: Any) -> Literal["regressor", "classifier"]:
    """Whether it answers numbers or labels. Raises Refused for everything that does neither."""
    name = type(estimator).__name__
    if not hasattr(estimator, "predict"):
        raise Refused(f"This is a {name}, which has no predict: the service takes regressors and classifiers.")
    found = _tagged(estimator)
    if found in REFUSED_KINDS:
        raise Refused(f"This is a {name}, which {REFUSED_KINDS[found]}: the service takes regressors and classifiers.")
    if found == "classifier" or (found != "regressor" and hasattr(estimator, "classes_")):
        return "classifier"
    return "regressor"


def of(plain: Output, found: Manifest, estimator: Any, row: Sequence[Column], given: Bands) -> Output:
    """`plain` with classes and what belongs to them. Asks the estimator with one typical row. Raises Refused."""
    answer = probe.predict(found, estimator, row)
    if found.kind == "classifier":
        if given.edges or given.labels:
            raise Refused("A classifier has classes of its own; edges and their labels are for regressors.")
        return _classified(plain, found, estimator, row, answer.tolist()[0])
    if answer.dtype.kind not in "fiu":
        raise Refused(f"A regressor must answer numbers, and this one answers {answer.tolist()[0]!r}.")
    return _banded(plain, given)


def _tagged(estimator: Any) -> str | None:
    """scikit-learn's own word for the estimator, if it has one."""
    try:
        found: str | None = get_tags(estimator).estimator_type
    except (AttributeError, TypeError, ValueError):  # not made with scikit-learn's base class
        return None
    return found


def _banded(plain: Output, given: Bands) -> Output:
    edges = [float(edge) for edge in given.edges]
    if not edges and not given.labels:
        return plain
    if not all(map(math.isfinite, edges)) or any(low >= high for low, high in pairwise(edges)):
        raise Refused(f"The classes' edges must be finite and ascending, not {listed(f'{edge:g}' for edge in edges)}.")
    labels = [str(label) for label in given.labels] or [f"Class{i}" for i in range(len(edges) + 1)]
    if len(labels) != len(edges) + 1 or len(set(labels)) != len(labels):
        count = f"{len(edges)} edges make {len(edges) + 1} classes"
        raise Refused(f"{count}, each with a label of its own: {listed(labels)}.")
    return replace(plain, classes=tuple(labels), edges=tuple(edges))


def _classified(plain: Output, found: Manifest, estimator: Any, row: Sequence[Column], answer: Any) -> Output:
    labels = _labels(estimator)
    if answer not in labels:
        raise Refused(f"The classifier answers {answer!r}, which is none of its classes: {listed(map(str, labels))}.")
    return replace(plain, classes=labels, probabilities=_has_probabilities(found, estimator, row, len(labels)))


def _labels(estimator: Any) -> tuple[Label, ...]:
    """The classifier's labels as Python has them, in its order."""
    labels = np.asarray(getattr(estimator, "classes_", ())).tolist()
    if not labels:
        raise Refused("The classifier does not say which classes it has (classes_).")
    if len(labels) > MOST_VALUES:
        raise Refused(f"The classifier has {len(labels)} classes; it may have {MOST_VALUES}.")
    for label in labels:
        if not isinstance(label, (str, bool, int, float)) or (isinstance(label, float) and not math.isfinite(label)):
            raise Refused(f"A class's label must be a text, a number or a boolean, not {label!r}.")
    return tuple(labels)


def _has_probabilities(found: Manifest, estimator: Any, row: Sequence[Column], count: int) -> bool:
    """Whether predict_proba works and gives one finite probability per class."""
    matrix = assemble(found, row)
    answer = probe.quietly(_probabilities, estimator, matrix)
    return answer is not None and answer.shape == (1, count) and bool(np.isfinite(answer).all())


def _probabilities(estimator: Any, matrix: Any) -> NDArray[Any]:
    return np.asarray(estimator.predict_proba(matrix))
