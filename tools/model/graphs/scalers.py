"""Scalers and other steps of arithmetic for each number."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.functions import FUNCTIONS, expm1, interpolated, log1p
from tools.model.graphs.registry import transformer
from tools.model.graphs.tensor import Tensor, concat


@transformer("sklearn.StandardScaler")
def standard_scaler(estimator: Any, frame: Frame) -> Frame:
    """Return (x - mean) / scale."""
    return _scaled(frame, estimator.mean_ if estimator.with_mean else None, estimator.scale_)


@transformer("sklearn.RobustScaler")
def robust_scaler(estimator: Any, frame: Frame) -> Frame:
    """Return (x - median) / range of quantiles."""
    return _scaled(frame, estimator.center_, estimator.scale_)


@transformer("sklearn.MinMaxScaler")
def min_max_scaler(estimator: Any, frame: Frame) -> Frame:
    """Return x × scale + minimum, clipped where the scaler is."""
    rows = frame.matrix() * estimator.scale_ + estimator.min_
    return _frame(rows.clip(*map(float, estimator.feature_range)) if estimator.clip else rows, frame)


@transformer("sklearn.MaxAbsScaler")
def max_abs_scaler(estimator: Any, frame: Frame) -> Frame:
    """Return x / greatest absolute value."""
    rows = frame.matrix() / estimator.scale_
    return _frame(rows.clip(-1.0, 1.0) if getattr(estimator, "clip", False) else rows, frame)


@transformer("sklearn.Normalizer")
def normalizer(estimator: Any, frame: Frame) -> Frame:
    """Return each row divided by its norm; a row of zeros stays."""
    rows = frame.matrix()
    if estimator.norm == "l2":
        norm = (rows * rows).sum(keepdims=True).apply("Sqrt")
    elif estimator.norm == "l1":
        norm = rows.apply("Abs").sum(keepdims=True)
    else:
        norm = rows.apply("Abs").max(keepdims=True)
    return _frame(rows / norm.equals(0.0).where(1.0, norm), frame)


@transformer("sklearn.Binarizer")
def binarizer(estimator: Any, frame: Frame) -> Frame:
    """Return 1 above the threshold, else 0."""
    frame.graph.smooth = False
    return _frame((frame.matrix() > float(estimator.threshold)).cast(np.float64), frame, checked=True)


@transformer("sklearn.FunctionTransformer", checks=False)
def function_transformer(estimator: Any, frame: Frame) -> Frame:
    """Return a numpy function of each number, if there is an operator for it."""
    if estimator.func is None or _is_check(estimator.func):
        return frame
    name = getattr(estimator.func, "__name__", "")
    function = FUNCTIONS.get(name) if isinstance(estimator.func, np.ufunc) or estimator.func is np.nan_to_num else None
    if function is None or estimator.kw_args:
        raise Unsupported(f"ONNX has no operator for the function {name or estimator.func} of a FunctionTransformer")
    return _frame(function(frame.matrix()), frame)


@transformer("sklearn.PowerTransformer")
def power_transformer(estimator: Any, frame: Frame) -> Frame:
    """Return Yeo and Johnson's or Box and Cox's power of each number, with a lambda for each column, then scaled."""
    powers = np.asarray(estimator.lambdas_, dtype=np.float64)
    power = _yeo_johnson if estimator.method == "yeo-johnson" else _box_cox
    result = _frame(power(frame.matrix(), powers), frame)
    return standard_scaler(estimator._scaler, result) if estimator.standardize else result


@transformer("sklearn.QuantileTransformer")
def quantile_transformer(estimator: Any, frame: Frame) -> Frame:
    """Return the share of the training data below each number, on straight lines between quantiles.

    Of several equal quantiles the mean of the lowest and the highest share counts, by going from both ends.
    """
    if estimator.output_distribution != "uniform":
        raise Unsupported("no graph is written for a QuantileTransformer with output_distribution='normal'")
    shares = np.asarray(estimator.references_, dtype=np.float64)
    columns = []
    for i, quantiles in enumerate(np.asarray(estimator.quantiles_, dtype=np.float64).T):
        x = frame.select([i]).matrix()
        down = interpolated(-x, -quantiles[::-1], -shares[::-1])
        mean = (interpolated(x, quantiles, shares) - down) * 0.5
        first, last = x.equals(float(quantiles[0])), x.equals(float(quantiles[-1]))
        columns.append(first.where(0.0, last.where(1.0, mean)))
    return _frame(concat(columns), frame)


def _scaled(frame: Frame, center: NDArray[np.float64] | None, scale: NDArray[np.float64] | None) -> Frame:
    """Return (x - center) / scale; a step that the scaler does not have is None."""
    rows = frame.matrix() if center is None else frame.matrix() - center
    return _frame(rows if scale is None else rows / scale, frame)


def _yeo_johnson(x: Tensor, powers: NDArray[np.float64]) -> Tensor:
    """Return Yeo and Johnson's transform (2000), https://doi.org/10.1093/biomet/87.4.954, with a power per column."""
    negative = x < 0.0
    above = _power(negative.where(0.0, x), powers)
    below = _power(negative.where(-x, 0.0), 2.0 - powers)
    return negative.where(-below, above)


def _power(x: Tensor, powers: NDArray[np.float64]) -> Tensor:
    """Return ((1 + x) ** power - 1) / power; for a power of 0 its limit, log(1 + x)."""
    logarithm = log1p(x)
    zero = np.abs(powers) < np.spacing(1.0)
    others = np.where(zero, 1.0, powers)
    result = expm1(logarithm * others) / others
    return x.graph.constant(zero).where(logarithm, result) if zero.any() else result


def _box_cox(x: Tensor, powers: NDArray[np.float64]) -> Tensor:
    """Return Box and Cox's transform (1964) of positive numbers, with a power per column; others are refused."""
    x.graph.require((x <= 0.0).cast(np.int32).sum().equals(0))
    logarithm = x.apply("Log")
    zero = powers == 0.0
    others = np.where(zero, 1.0, powers)
    result = expm1(logarithm * others) / others
    return x.graph.constant(zero).where(logarithm, result) if zero.any() else result


def _is_check(function: Any) -> bool:
    """Return true for the check that histogram gradient boosting puts before its numbers."""
    return getattr(getattr(function, "func", None), "__name__", "") == "check_array"


def _frame(rows: Tensor, frame: Frame, *, checked: bool = False) -> Frame:
    return Frame.from_tensor(rows, len(frame), checked=checked)
