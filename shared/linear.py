"""A linear model as the weighted sum that it is: nothing is loaded but numpy.

`tools/model` finds the weights and holds the sum against the estimator; the manifest has them only where both agree. In
a request of one row onnxruntime takes a fifth of the time, and most of the processor's caches (docs/performance.md).
"""

from collections.abc import Sequence

from shared import rows
from shared.manifest import Feature, Linear, Number
from shared.problems import ModelCorrupt
from shared.rows import Answers, Column, Spread


class WeightedSum:
    """Weights × features + intercept. Safe from several threads at once."""

    def __init__(self, linear: Linear) -> None:
        self._weights = linear.weights
        self._intercept = linear.intercept

    def answer(self, columns: Sequence[Column], *, probabilities: bool = False) -> Answers:
        """Its answers to some rows; a regressor has no probabilities."""
        if len(columns[0]) == 1:  # most requests; numpy takes a tenth of the whole request longer
            value = columns[0].item() * self._weights[0]
            for column, weight in zip(columns[1:], self._weights[1:], strict=True):
                value += column.item() * weight  # not sum(): it rounds otherwise
            value += self._intercept
            return Answers([value], None, Spread(value, value, value))
        with rows.calm():
            predictions = columns[0] * self._weights[0]
            for column, weight in zip(columns[1:], self._weights[1:], strict=True):
                predictions += column * weight
            predictions += self._intercept
            return Answers(predictions.tolist(), None, rows.spread(predictions))


def weighted_sum(linear: Linear, features: Sequence[Feature]) -> WeightedSum:
    """The sum over these features. Raises ModelCorrupt for weights of other ones."""
    numbers = [feature for feature in features if isinstance(feature, Number) and not feature.optional]
    if not len(linear.weights) == len(numbers) == len(features):
        raise ModelCorrupt(reason="the manifest's weights are not those of its features")
    return WeightedSum(linear)
