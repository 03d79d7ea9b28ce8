"""Distances between rows and fixed points."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.tensor import Tensor, total

MAX_COLUMNS_SUMMED = 64  # with more, the product is faster than a step for each column, and rounds a little more


def euclidean_squared(rows: Tensor, points: NDArray[Any], width: int) -> Tensor:
    """Return the sums of squared differences, shape (rows, points), added column by column without cancellation."""
    if width > MAX_COLUMNS_SUMMED:
        return _by_product(rows, points)
    differences = [rows.columns([i]) - points[:, i].reshape(1, -1) for i in range(width)]
    return total([difference * difference for difference in differences])


def manhattan(rows: Tensor, points: NDArray[Any], width: int) -> Tensor:
    """Return the sums of absolute differences, shape (rows, points)."""
    return total([(rows.columns([i]) - points[:, i].reshape(1, -1)).apply("Abs") for i in range(width)])


def _by_product(rows: Tensor, points: NDArray[Any]) -> Tensor:
    """Return |x|² - 2 x · p + |p|², not below 0."""
    squares = (rows * rows).sum(keepdims=True)
    result: Tensor = squares - (rows @ np.ascontiguousarray(points.T)) * 2.0 + (points * points).sum(axis=1)
    return result.clip(0.0, None)
