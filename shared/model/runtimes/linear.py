"""A linear model as a weighted sum: nothing is loaded but numpy.

`tools/model` finds the weights and compares the sum with the estimator; the manifest has them only where both agree.
For a request of one row onnxruntime needs a fifth of the whole time, and most of the processor's caches
(docs/performance.md).
"""

from collections.abc import Sequence

from shared.model.columns import Column, Row, ignore_overflow
from shared.model.manifest import Feature, Linear, is_numeric
from shared.model.runtimes import Predicted, Summary, summarize
from shared.problems import ModelCorrupt


class LinearModel:
    """Weights × features + intercept. Safe to use from several threads at once."""

    def __init__(self, linear: Linear) -> None:
        self._weights = linear.weights
        self._intercept = linear.intercept

    def predict(self, columns: Sequence[Column], *, probabilities: bool = False) -> Predicted:
        """Return the predictions for some rows; a regressor has no probabilities."""
        if len(columns[0]) == 1:  # most requests; numpy makes the whole request a tenth slower
            values = columns.values if isinstance(columns, Row) else [column.item() for column in columns]
            value = values[0] * self._weights[0]
            for number, weight in zip(values[1:], self._weights[1:], strict=True):
                value += number * weight  # not sum(): it rounds differently
            value += self._intercept
            return Predicted([value], None, Summary(value, value, value))
        with ignore_overflow():
            predictions = columns[0] * self._weights[0]
            for column, weight in zip(columns[1:], self._weights[1:], strict=True):
                predictions += column * weight
            predictions += self._intercept
            return Predicted(predictions.tolist(), None, summarize(predictions))


def load(linear: Linear, features: Sequence[Feature]) -> LinearModel:
    """Return the model over these features. Raises ModelCorrupt when the weights are not theirs."""
    numbers = [feature for feature in features if is_numeric(feature) and not feature.optional]
    if not len(linear.weights) == len(numbers) == len(features):
        raise ModelCorrupt(reason="the manifest's weights do not fit its features")
    return LinearModel(linear)
