"""Parts that XGBoost and LightGBM share: the link after the sum, and categories as the booster numbers them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tools.model.graphs.frame import Column, Frame, Unsupported
from tools.model.graphs.tensor import Tensor

IDENTITY_LINKS = {
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:absoluteerror",
    "reg:pseudohubererror",
    "reg:quantileerror",
    "regression",
    "regression_l1",
    "huber",
    "fair",
    "quantile",
    "mape",
}
EXP_LINKS = {"count:poisson", "reg:gamma", "reg:tweedie", "poisson", "gamma", "tweedie"}


def linked(objective: str, total: Tensor) -> Tensor:
    """Return the sum of a regressor's trees through the link of its objective. Raises Unsupported."""
    if objective in IDENTITY_LINKS:
        return total
    if objective in EXP_LINKS:
        return total.apply("Exp")
    if objective == "reg:logistic":
        return total.sigmoid()
    raise Unsupported(f"no graph is written for the objective {objective}")


def numbered(frame: Frame, categories: Sequence[Sequence[Any] | None]) -> Frame:
    """Return the frame with each category as its place in the booster's own list; NaN for all others."""
    if len(categories) != len(frame):
        raise Unsupported("the booster was trained on other columns than its estimator")
    return Frame(tuple(_numbered(column, known) for column, known in zip(frame.columns, categories, strict=True)))


def _numbered(column: Column, known: Sequence[Any] | None) -> Column:
    if column.values is None:
        if known is not None:
            raise Unsupported("the booster has categories that are numbers")
        return column
    if known is None:
        raise Unsupported("a category reaches the estimator without an encoder")
    places = {value: float(i) for i, value in enumerate(known)}
    table = np.array([*(places.get(value, np.nan) for value in column.values), np.nan, np.nan])
    code = column.vector.reshape(-1).cast(np.int64).lookup(table.reshape(-1, 1))
    return Column(code.wide(1), 0)
