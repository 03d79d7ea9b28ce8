"""Functions of numpy and scipy, from operators that onnxruntime has in float64."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.tensor import Tensor


def log1p(x: Tensor) -> Tensor:
    """Return log(1 + x), exact for small x too: u = 1 + x is rounded, and x / (u - 1) corrects for it (Kahan)."""
    u = 1.0 + x
    return u.equals(1.0).where(x, u.apply("Log") * x / (u - 1.0))


def expm1(x: Tensor) -> Tensor:
    """Return exp(x) - 1, exact for small x too, by the same idea."""
    u = x.apply("Exp")
    near = u.equals(1.0).where(x, (u - 1.0) * x / u.apply("Log"))
    return (x > 700.0).where(u, (x < -37.0).where(-1.0, near))


def cosh(x: Tensor) -> Tensor:
    """Return (exp(x) + exp(-x)) / 2."""
    return (x.apply("Exp") + (-x).apply("Exp")) / 2.0


def sinh(x: Tensor) -> Tensor:
    """Return (e + e / (e + 1)) / 2 for e = exp(x) - 1."""
    e = expm1(x.apply("Abs"))
    return x.apply("Sign") * (e + e / (e + 1.0)) / 2.0


def arcsinh(x: Tensor) -> Tensor:
    """Return log1p(x + x² / (1 + sqrt(1 + x²))) with the sign of x."""
    size = x.apply("Abs")
    square = size * size
    return x.apply("Sign") * log1p(size + square / (1.0 + (1.0 + square).apply("Sqrt")))


def interpolated(x: Tensor, knots: NDArray[np.float64], values: NDArray[np.float64]) -> Tensor:
    """Return straight lines between knots, shape (rows, 1), as numpy.interp: of equal knots the last one counts."""
    widths = np.diff(knots)
    slopes = np.divide(np.diff(values), widths, out=np.zeros_like(widths), where=widths > 0)
    table = np.stack([knots[:-1], values[:-1], slopes], axis=1)
    place = (x >= knots[1:-1].reshape(1, -1)).cast(np.int64).sum()
    line = place.lookup(table)
    between = line.columns([2]) * (x - line.columns([0])) + line.columns([1])
    upper = (x >= float(knots[-1])).where(float(values[-1]), between)
    return (x < float(knots[0])).where(float(values[0]), upper)


FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "absolute": lambda x: x.apply("Abs"),
    "arcsinh": arcsinh,
    "cbrt": lambda x: x.apply("Sign") * x.apply("Abs") ** (1 / 3),
    "ceil": lambda x: x.apply("Ceil"),
    "cos": lambda x: x.apply("Cos"),
    "cosh": cosh,
    "exp": lambda x: x.apply("Exp"),
    "exp2": lambda x: (x * np.log(2.0)).apply("Exp"),
    "expm1": expm1,
    "floor": lambda x: x.apply("Floor"),
    "log": lambda x: x.apply("Log"),
    "log10": lambda x: x.apply("Log") / np.log(10.0),
    "log1p": log1p,
    "log2": lambda x: x.apply("Log") / np.log(2.0),
    "negative": lambda x: -x,
    "reciprocal": lambda x: 1.0 / x,
    "rint": lambda x: x.apply("Round"),
    "sign": lambda x: x.apply("Sign"),
    "sin": lambda x: x.apply("Sin"),
    "sinh": sinh,
    "sqrt": lambda x: x.apply("Sqrt"),
    "square": lambda x: x * x,
    "tan": lambda x: x.apply("Sin") / x.apply("Cos"),
    "tanh": lambda x: x.apply("Tanh"),
}
"""By the name of numpy's function."""
