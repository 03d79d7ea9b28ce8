"""The weighted sum that a linear model is, whatever its steps are called: then nothing need be loaded to serve it.

The predictions decide, not the class. The weights are those that the model states, or are measured at one point and
one step away from it along each feature. The sum is compared with the model as a graph is.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from shared.model.columns import assemble
from shared.model.manifest import Linear, Manifest, is_numeric
from shared.model.runtimes.linear import LinearModel
from tools.model import parity
from tools.model.data import Table
from tools.model.parity import Candidate, NotServed
from tools.model.refused import one_line

NAME = "a weighted sum"


class Weights(NamedTuple):
    """One weight per feature, and the intercept."""

    weights: list[float]
    intercept: float


def build(manifest: Manifest, estimator: Any, table: Table) -> Linear:
    """Return the manifest's description of the sum. Raises NotServed for a model that is none."""
    ranges = [feature.range for feature in manifest.features if is_numeric(feature) and not feature.optional]
    if manifest.kind != "regressor" or len(ranges) < len(manifest.features):
        raise NotServed("only regressors of numbers are weighted sums")
    reasons = []
    for weights, intercept in _candidates(manifest, estimator, np.array(ranges)):
        linear = Linear(weights=tuple(weights), intercept=intercept, difference=0.0, tolerance=parity.TOLERANCE)
        try:
            difference, limit = parity.compare(manifest, estimator, Candidate(LinearModel(linear), NAME), table)
        except NotServed as reason:
            reasons.append(reason)
        else:
            return replace(linear, difference=difference, max_absolute=limit)
    raise reasons[0]


def _candidates(manifest: Manifest, estimator: Any, ranges: NDArray[np.float64]) -> Iterator[Weights]:
    """Yield the weights that the model states, then those that its predictions show."""
    stated = _stated(estimator, len(ranges))
    if stated:
        yield stated
    try:
        yield _measured(manifest, estimator, ranges)
    except Exception as error:
        raise NotServed(f"it does not predict one step from its data ({one_line(error)})") from error


def _stated(estimator: Any, count: int) -> Weights | None:
    """Return a linear model's own weights, exact to the last digit; a pipeline's last step has other features."""
    weights = np.ravel(getattr(estimator, "coef_", ()))
    intercept = np.ravel(getattr(estimator, "intercept_", ()))
    if len(weights) != count or len(intercept) != 1:
        return None
    return Weights(weights.astype(float).tolist(), float(intercept[0]))


def _measured(manifest: Manifest, estimator: Any, ranges: NDArray[np.float64]) -> Weights:
    """Return the slopes between the middle of the training data and the upper end of each feature's range."""
    middle = ranges.mean(axis=1)
    steps = np.where(np.ptp(ranges, axis=1) > 0, np.ptp(ranges, axis=1) / 2, 1.0)
    points = np.vstack([middle, middle + np.diag(steps)])
    matrix = assemble(manifest, list(points.T.copy()))
    predictions = np.asarray(estimator.predict(matrix), dtype=float).ravel()
    weights = (predictions[1:] - predictions[0]) / steps
    return Weights(weights.tolist(), float(predictions[0] - weights @ middle))
