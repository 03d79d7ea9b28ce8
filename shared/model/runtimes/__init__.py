"""Runtimes: three ways to compute the same predictions. Each is imported only where the manifest names it.

`linear` is a weighted sum in numpy, `onnx` a graph in onnxruntime, `sklearn` the estimator itself.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from shared.model.columns import Column, ignore_overflow


class Summary(NamedTuple):
    """Smallest, mean and greatest prediction of a regressor. Not finite when one prediction is not."""

    minimum: float
    mean: float
    maximum: float


class Predicted(NamedTuple):
    """A runtime's predictions for some rows, in their order."""

    predictions: list[Any]
    """A regressor's numbers, or a classifier's labels."""
    probabilities: list[list[float]] | None = None
    """In the order of the manifest's classes, where they were requested."""
    summary: Summary | None = None
    """Of a regressor."""


class Runtime(Protocol):
    """Computes predictions. Safe to use from several threads at once."""

    def predict(self, columns: Sequence[Column], *, probabilities: bool = False) -> Predicted:
        """Return the predictions for rows, given as columns in the manifest's order."""
        ...


def summarize(predictions: NDArray[Any]) -> Summary:
    """Return the summary of a regressor's predictions; NaN as soon as one is NaN."""
    if len(predictions) == 1:  # most requests; numpy needs 10 µs
        return Summary(*[predictions.item()] * 3)
    with ignore_overflow():
        return Summary(float(predictions.min()), float(predictions.mean()), float(predictions.max()))
