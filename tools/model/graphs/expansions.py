"""More columns from few: PolynomialFeatures and SplineTransformer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.registry import transformer
from tools.model.graphs.tensor import Tensor, concat


@transformer("sklearn.PolynomialFeatures")
def polynomial_features(estimator: Any, frame: Frame) -> Frame:
    """Return the products of the columns in each combination, multiplied from the last column to the first."""
    rows = frame.matrix()
    combinations = list(
        estimator._combinations(
            n_features=len(frame),
            min_degree=estimator._min_degree,
            max_degree=estimator._max_degree,
            interaction_only=estimator.interaction_only,
            include_bias=estimator.include_bias,
        )
    )
    degrees = sorted({len(combination) for combination in combinations})
    parts = [_products(rows, [c for c in combinations if len(c) == degree], degree) for degree in degrees]
    return Frame.from_tensor(concat(parts), len(combinations))


def _products(rows: Tensor, combinations: Sequence[Sequence[int]], degree: int) -> Tensor:
    """Return the products of one degree, shape (rows, combinations)."""
    if degree == 0:
        return rows.columns([0]) * 0.0 + 1.0
    places = np.array(combinations)
    product = rows.columns(places[:, degree - 1])
    for position in range(degree - 2, -1, -1):
        product = product * rows.columns(places[:, position])
    return product


@transformer("sklearn.SplineTransformer")
def spline_transformer(estimator: Any, frame: Frame) -> Frame:
    """Return the B-splines of each column, by the recursion of Cox and de Boor; NaN makes them NaN.

    Beyond the outer knots they continue as constants, lines, polynomials or periods.
    """
    if estimator.extrapolation not in ("constant", "linear", "continue", "periodic"):
        raise Unsupported("no graph is written for a SplineTransformer with extrapolation='error'")
    parts = [_splines(estimator, spline, frame.select([i]).matrix()) for i, spline in enumerate(estimator.bsplines_)]
    width = sum(parts_width for _, parts_width in parts)
    return Frame.from_tensor(concat([part for part, _ in parts]), width)


def _splines(estimator: Any, spline: Any, x: Tensor) -> tuple[Tensor, int]:
    """Return the splines of one column, and their number."""
    degree, knots = int(spline.k), np.asarray(spline.t, dtype=np.float64)
    low, high = float(knots[degree]), float(knots[len(knots) - degree - 1])
    rule = estimator.extrapolation
    if rule == "periodic":
        period = high - low
        inside = x - ((x - low) / period).apply("Floor") * period
    else:
        inside = x if rule == "continue" else x.clip(low, high)
    basis = _basis(inside, knots, degree)
    result = basis @ np.asarray(spline.c, dtype=np.float64)
    if rule == "linear":
        slopes = spline(np.array([low, high]), nu=1)
        below, above = (x - low).clip(None, 0.0), (x - high).clip(0.0, None)
        result = result + below * _ends(slopes[0], degree, first=True) + above * _ends(slopes[1], degree, first=False)
    width = int(spline.c.shape[1])
    if estimator.include_bias:
        return result, width
    return result.columns(range(width - 1)), width - 1


def _ends(slopes: NDArray[Any], degree: int, *, first: bool) -> NDArray[np.float64]:
    """Return the slopes of the outer splines, which go on beyond a boundary; the others stay as they are there."""
    count = max(degree, 2) if degree <= 1 else degree
    kept = np.zeros_like(slopes, dtype=np.float64)
    chosen = slice(0, count) if first else slice(len(slopes) - count, len(slopes))
    kept[chosen] = slopes[chosen]
    return kept.reshape(1, -1)


def _basis(x: Tensor, knots: NDArray[np.float64], degree: int) -> Tensor:
    """Return the values of all B-splines of a degree, shape (rows, knots - degree - 1)."""
    first, last = knots[degree : len(knots) - degree - 1], knots[degree + 1 : len(knots) - degree]
    lower, upper = first.reshape(1, -1).copy(), last.reshape(1, -1).copy()
    lower[0, 0], upper[0, -1] = -np.inf, np.inf  # the outer intervals go on
    inside = ((x >= lower) & (x < upper)).cast(np.float64)
    zeros = np.zeros((1, degree))
    values = concat([inside.columns([0]) * zeros, inside, inside.columns([0]) * zeros]) if degree else inside
    for k in range(1, degree + 1):
        count = len(knots) - k - 1
        left, right = knots[:count], knots[k + 1 : k + 1 + count]
        rising, falling = knots[k : k + count] - left, right - knots[1 : 1 + count]
        up = (x - left.reshape(1, -1)) * _inverse(rising)
        down = (right.reshape(1, -1) - x) * _inverse(falling)
        values = up * values.columns(range(count)) + down * values.columns(range(1, count + 1))
    return values


def _inverse(widths: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.where(widths > 0, 1 / widths, 0.0).reshape(1, -1)
