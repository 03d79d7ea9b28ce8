"""The converters by the class of their estimator, and the calls by which one converter uses another.

A converter gets a fitted estimator and the frame of its rows, and adds the estimator's arithmetic to the graph.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.lookups import lookup
from tools.model.graphs.tensor import Tensor, stack


class Classified(NamedTuple):
    """A classifier's results. Those that no output needs are left out of the graph."""

    position: Tensor
    """The label's place in `classes_`, int64, shape (rows,)."""
    probabilities: Tensor | None = None
    """Shape (rows, classes)."""
    decision: Tensor | None = None
    """`decision_function`: shape (rows,) for two classes, else (rows, classes)."""


type Regressor = Callable[[Any, Frame], Tensor]
type Classifier = Callable[[Any, Frame], Classified]
type Transformer = Callable[[Any, Frame], Frame]

_regressors: dict[str, Regressor] = {}
_classifiers: dict[str, Classifier] = {}
_transformers: dict[str, Transformer] = {}
_unchecked: set[str] = set()


def regressor(*names: str, checks: bool = True) -> Callable[[Regressor], Regressor]:
    """Register a converter that returns predictions, float64, shape (rows,).

    `names` are package and class. Without `checks` the estimator, or what it wraps, checks its rows itself.
    """
    return _register(_regressors, names, checks)


def classifier(*names: str, checks: bool = True) -> Callable[[Classifier], Classifier]:
    """Register a converter that returns the label, probabilities and decision of every row."""
    return _register(_classifiers, names, checks)


def transformer(*names: str, checks: bool = True) -> Callable[[Transformer], Transformer]:
    """Register a converter that returns the transformed rows."""
    return _register(_transformers, names, checks)


def regress(estimator: Any, frame: Frame) -> Tensor:
    """Return a regressor's predictions, shape (rows,). Raises Unsupported."""
    return _find(_regressors, estimator)(estimator, _checked(estimator, frame))


def classify(estimator: Any, frame: Frame) -> Classified:
    """Return a classifier's results. Raises Unsupported."""
    return _find(_classifiers, estimator)(estimator, _checked(estimator, frame))


def transform(estimator: Any, frame: Frame) -> Frame:
    """Return a transformer's rows. Raises Unsupported."""
    if not frame.numeric and name_of(estimator) not in _unchecked:
        return lookup(estimator, frame)
    return _find(_transformers, estimator)(estimator, _checked(estimator, frame))


def probabilities(estimator: Any, frame: Frame) -> Tensor:
    """Return a classifier's probabilities, shape (rows, classes). Raises Unsupported."""
    result = classify(estimator, frame).probabilities
    if result is None:
        raise Unsupported(f"{type(estimator).__name__} has no probabilities")
    return result


def require_finite(estimator: Any, rows: Tensor) -> None:
    """Require what scikit-learn requires of rows: numbers that are finite, or NaN where the estimator takes it."""
    if estimator.__sklearn_tags__().input_tags.allow_nan:
        rows = rows.is_nan().where(0.0, rows)
    rows.graph.require((rows * 0.0).sum().equals(0.0))


def name_of(estimator: Any) -> str:
    """Return the package and the class of an estimator."""
    kind = type(estimator)
    return f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"


def by_sign(decision: Tensor, *, zero: bool = False) -> Tensor:
    """Return class 1 for a positive decision, else class 0; with `zero` also for 0."""
    return (decision >= 0.0 if zero else decision > 0.0).cast(np.int64)


def pair(positive: Tensor) -> Tensor:
    """Return the probabilities of two classes from the second one's, shape (rows, 2)."""
    return stack([1.0 - positive, positive])


def _register[C](converters: dict[str, C], names: tuple[str, ...], checks: bool) -> Callable[[C], C]:
    def add(converter: C) -> C:
        converters.update(dict.fromkeys(names, converter))
        if not checks:
            _unchecked.update(names)
        return converter

    return add


def _find[C](converters: dict[str, C], estimator: Any) -> C:
    try:
        return converters[name_of(estimator)]
    except KeyError:
        raise Unsupported(f"no graph is written for {type(estimator).__name__}") from None


def _checked(estimator: Any, frame: Frame) -> Frame:
    if frame.checked or name_of(estimator) in _unchecked or not frame.numeric or not frame.columns:
        return frame
    require_finite(estimator, frame.matrix())
    return frame
