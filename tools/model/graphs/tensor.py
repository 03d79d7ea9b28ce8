"""Tensors of a graph with Python's operators, so that a converter reads like its arithmetic."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper

if TYPE_CHECKING:
    from tools.model.graphs.graph import Graph

ML = "ai.onnx.ml"

type Operand = "Tensor | NDArray[Any] | float"


class Tensor:
    """A value in the graph. Operators add nodes; a number or an array on the other side becomes a constant."""

    __array_ufunc__ = None  # numpy arrays leave `array - tensor` to `__rsub__`

    def __init__(self, graph: "Graph", name: str, dtype: Any, width: int = 0) -> None:
        self.graph = graph
        self.name = name
        self.dtype = np.dtype(dtype)
        self.width = width
        """Number of columns, where it is known; 0 where it is not."""

    def __add__(self, other: Operand) -> "Tensor":
        return self._binary("Add", self, other)

    def __radd__(self, other: Operand) -> "Tensor":
        return self._binary("Add", other, self)

    def __sub__(self, other: Operand) -> "Tensor":
        return self._binary("Sub", self, other)

    def __rsub__(self, other: Operand) -> "Tensor":
        return self._binary("Sub", other, self)

    def __mul__(self, other: Operand) -> "Tensor":
        return self._binary("Mul", self, other)

    def __rmul__(self, other: Operand) -> "Tensor":
        return self._binary("Mul", other, self)

    def __truediv__(self, other: Operand) -> "Tensor":
        return self._binary("Div", self, other)

    def __rtruediv__(self, other: Operand) -> "Tensor":
        return self._binary("Div", other, self)

    def __matmul__(self, other: Operand) -> "Tensor":
        return self._binary("MatMul", self, other)

    def __pow__(self, other: Operand) -> "Tensor":
        return self._binary("Pow", self, other)

    def __neg__(self) -> "Tensor":
        return self.apply("Neg")

    def __lt__(self, other: Any) -> "Tensor":
        return self._compare("Less", other)

    def __le__(self, other: Any) -> "Tensor":
        return self._compare("LessOrEqual", other)

    def __gt__(self, other: Any) -> "Tensor":
        return self._compare("Greater", other)

    def __ge__(self, other: Any) -> "Tensor":
        return self._compare("GreaterOrEqual", other)

    def __and__(self, other: "Tensor") -> "Tensor":
        return self.graph.node("And", self, other, dtype=bool)

    def __or__(self, other: "Tensor") -> "Tensor":
        return self.graph.node("Or", self, other, dtype=bool)

    def __invert__(self) -> "Tensor":
        return self.apply("Not")

    def equals(self, other: Operand) -> "Tensor":
        """Return true where both are equal; NaN equals nothing."""
        return self._compare("Equal", other)

    def wide(self, width: int) -> "Tensor":
        """Return this tensor with its number of columns."""
        return Tensor(self.graph, self.name, self.dtype, width)

    def apply(self, operator: str, **attributes: Any) -> "Tensor":
        """Return an operator of one input, whose output has the same type."""
        return self.graph.node(operator, self, dtype=self.dtype, **attributes)

    def cast(self, dtype: Any) -> "Tensor":
        """Return the values in another type."""
        if np.dtype(dtype) == self.dtype:
            return self
        return self.graph.node("Cast", self, dtype=dtype, to=onnx_type(dtype)).wide(self.width)

    def is_nan(self) -> "Tensor":
        """Return true where a value is missing."""
        return self.graph.node("IsNaN", self, dtype=bool)

    def is_finite(self) -> "Tensor":
        """Return true where a value is neither NaN nor infinite."""
        return (self * 0.0).equals(0.0)

    def where(self, yes: Operand, no: Operand) -> "Tensor":
        """Return `yes` where this is true, else `no`."""
        dtype = next((value.dtype for value in (yes, no) if isinstance(value, Tensor)), np.dtype(np.float64))
        operands = [value if isinstance(value, Tensor) else self.graph.constant(value, dtype) for value in (yes, no)]
        return self.graph.node("Where", self, *operands, dtype=dtype)

    def columns(self, positions: Sequence[int] | NDArray[np.integer[Any]]) -> "Tensor":
        """Return some columns, shape (rows, len(positions))."""
        return self.graph.node("Gather", self, np.asarray(positions, np.int64), dtype=self.dtype, axis=1)

    def column(self, position: int) -> "Tensor":
        """Return one column, shape (rows,)."""
        return self.graph.node("Gather", self, np.asarray(position, np.int64), dtype=self.dtype, axis=1)

    def lookup(self, table: "Tensor | NDArray[Any]") -> "Tensor":
        """Return the rows of `table` at these positions, int64."""
        dtype = table.dtype
        return self.graph.node("Gather", table, self, dtype=dtype, axis=0)

    def sum(self, axis: int = 1, *, keepdims: bool = False) -> "Tensor":
        return self.reduce("ReduceSum", axis, keepdims=keepdims)

    def max(self, axis: int = 1, *, keepdims: bool = False) -> "Tensor":
        return self.reduce("ReduceMax", axis, keepdims=keepdims)

    def min(self, axis: int = 1, *, keepdims: bool = False) -> "Tensor":
        return self.reduce("ReduceMin", axis, keepdims=keepdims)

    def mean(self, axis: int = 1, *, keepdims: bool = False) -> "Tensor":
        return self.reduce("ReduceMean", axis, keepdims=keepdims)

    def reduce(self, operator: str, axis: int, *, keepdims: bool = False) -> "Tensor":
        axes = np.array([axis], np.int64)
        return self.graph.node(operator, self, axes, dtype=self.dtype, keepdims=int(keepdims))

    def all(self, axis: int = 1) -> "Tensor":
        """Return true where all values of a row are true."""
        return self.cast(np.int32).min(axis).cast(bool)

    def argmax(self, axis: int = 1) -> "Tensor":
        """Return the position of the greatest value, the first of equal ones."""
        return self.graph.node("ArgMax", self, dtype=np.int64, axis=axis, keepdims=0)

    def argmin(self, axis: int = 1) -> "Tensor":
        """Return the position of the smallest value, the first of equal ones."""
        return self.graph.node("ArgMin", self, dtype=np.int64, axis=axis, keepdims=0)

    def top(self, count: int, *, largest: bool = True) -> "tuple[Tensor, Tensor]":
        """Return the `count` greatest (or smallest) values of each row in order, and their positions."""
        number = np.array([count], np.int64)
        dtypes = [self.dtype, np.int64]
        values, positions = self.graph.nodes("TopK", self, number, dtypes=dtypes, axis=1, largest=int(largest))
        return values, positions

    def reshape(self, *shape: int) -> "Tensor":
        return self.graph.node("Reshape", self, np.array(shape, np.int64), dtype=self.dtype)

    def transpose(self, *axes: int) -> "Tensor":
        return self.apply("Transpose", perm=list(axes))

    def clip(self, low: float | None, high: float | None) -> "Tensor":
        """Return the values between two limits, NaN stays."""
        result = self if low is None else (self < low).where(low, self)
        return result if high is None else (result > high).where(high, result)

    def sigmoid(self) -> "Tensor":
        """Return 1 / (1 + exp(-x)), as scipy's expit."""
        return 1.0 / (1.0 + (-self).apply("Exp"))

    def softmax(self) -> "Tensor":
        """Return exp(x - greatest) of each row, divided by their sum."""
        exponentials = (self - self.max(keepdims=True)).apply("Exp")
        return exponentials / exponentials.sum(keepdims=True)

    def _binary(self, operator: str, left: Operand, right: Operand) -> "Tensor":
        return self.graph.node(operator, self._operand(left), self._operand(right), dtype=self.dtype)

    def _compare(self, operator: str, other: Operand) -> "Tensor":
        return self.graph.node(operator, self, self._operand(other), dtype=bool)

    def _operand(self, value: Operand) -> "Tensor":
        return value if isinstance(value, Tensor) else self.graph.constant(value, self.dtype)


def concat(tensors: Sequence[Tensor], axis: int = 1) -> Tensor:
    """Return the tensors side by side."""
    if len(tensors) == 1:
        return tensors[0]
    return tensors[0].graph.node("Concat", *tensors, dtype=tensors[0].dtype, axis=axis)


def stack(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors of shape (rows,) as columns, shape (rows, len(tensors))."""
    return concat([tensor.reshape(-1, 1) for tensor in tensors])


def total(tensors: Sequence[Tensor]) -> Tensor:
    """Return the sum of the tensors, added in their order."""
    result = tensors[0]
    for tensor in tensors[1:]:
        result = result + tensor
    return result


def onnx_type(dtype: Any) -> int:
    """Return ONNX's number of a numpy type."""
    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
