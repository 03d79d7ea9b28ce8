"""The weighted sum that a linear model is, whatever its steps are called: then nothing need be loaded to serve it.

Not its class decides but its answers: it is asked at one point, and one step away from it along each feature. Whether
the sum that follows is the model is then found out as for every other way to serve it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.model.columns import assemble
from shared.model.manifest import Linear, Manifest, is_numeric
from shared.model.runtimes.linear import LinearModel
from tools.model import parity
from tools.model.data import Table
from tools.model.parity import NotServed
from tools.model.refused import one_line


def of(found: Manifest, estimator: Any, table: Table) -> Linear:
    """What the manifest says of the sum. Raises NotServed for a model that is none."""
    ranges = [each.range for each in found.features if is_numeric(each) and not each.optional]
    if found.kind != "regressor" or len(ranges) < len(found.features):
        raise NotServed("only regressors of numbers are weighted sums")
    try:
        weights, intercept = _told(estimator, len(ranges)) or _asked(found, estimator, np.array(ranges))
    except Exception as error:
        raise NotServed(f"it does not answer one step from its data ({one_line(error)})") from error
    said = Linear(weights=tuple(weights), intercept=intercept, difference=0.0, tolerance=parity.TOLERANCE)
    difference = parity.held(found, estimator, LinearModel(said), table, "a weighted sum")
    return Linear(weights=said.weights, intercept=intercept, difference=difference, tolerance=said.tolerance)


def _told(estimator: Any, count: int) -> tuple[list[float], float] | None:
    """What a linear model says of itself, to the last digit; those of a pipeline's last step are of other features."""
    weights = np.ravel(getattr(estimator, "coef_", ()))
    intercept = np.ravel(getattr(estimator, "intercept_", ()))
    if len(weights) != count or len(intercept) != 1:
        return None
    return weights.astype(float).tolist(), float(intercept[0])


def _asked(found: Manifest, estimator: Any, ranges: NDArray[np.float64]) -> tuple[list[float], float]:
    """The slopes between the middle of the training data and the upper end of each feature's range."""
    middle = ranges.mean(axis=1)
    steps = np.where(np.ptp(ranges, axis=1) > 0, np.ptp(ranges, axis=1) / 2, 1.0)
    points = np.vstack([middle, middle + np.diag(steps)])
    matrix = assemble(found, list(points.T.copy()))
    answers = np.asarray(estimator.predict(matrix), dtype=float).ravel()
    weights = (answers[1:] - answers[0]) / steps
    return weights.tolist(), float(answers[0] - weights @ middle)
