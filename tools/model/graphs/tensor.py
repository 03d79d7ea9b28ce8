"""An ONNX graph under construction. Tensors have Python's operators, so that a converter reads like its arithmetic.

    graph = Graph()
    x = graph.input("rows", np.float64, width=3)
    graph.output("predictions", ((x - mean) / scale).sum(axis=1))
    content = graph.serialize()

Numbers and arrays become constants. The same node with the same inputs is written once. Nodes that no output needs are
left out. The same calls lead to the same bytes.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

ML = "ai.onnx.ml"
OPSETS = {"": 21, ML: 5}  # the oldest with float64 kernels for every operator that is used
IR_VERSION = 10

type Operand = "Tensor | NDArray[Any] | float"


class Graph:
    """Nodes, constants, inputs and outputs so far."""

    def __init__(self) -> None:
        self.single_precision = False
        """True when an estimator computes in float32 by itself."""
        self.smooth = True
        """True as long as no step has exact thresholds, as trees and bins have."""
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, TensorProto] = {}
        self._inputs: list[ValueInfoProto] = []
        self._outputs: list[ValueInfoProto] = []
        self._known: dict[tuple[Any, ...], list[str]] = {}
        self._conditions: list[Tensor] = []

    def input(self, name: str, dtype: Any, width: int) -> "Tensor":
        """Add an input of shape (rows, width)."""
        self._inputs.append(helper.make_tensor_value_info(name, onnx_type(dtype), [None, width]))
        return Tensor(self, name, dtype, width)

    def output(self, name: str, tensor: "Tensor") -> None:
        """Add an output, in the order in which a caller reads them."""
        self._nodes.append(helper.make_node("Identity", [tensor.name], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, onnx_type(tensor.dtype), None))

    def require(self, condition: "Tensor") -> None:
        """Add a condition of shape (rows,): the estimator refuses rows for which it is false."""
        if all(condition.name != other.name for other in self._conditions):
            self._conditions.append(condition)

    @property
    def valid(self) -> "Tensor | None":
        """All conditions together, shape (rows,); None where there are none."""
        result: Tensor | None = None
        for condition in self._conditions:
            result = condition if result is None else result & condition
        return result

    def constant(self, value: Any, dtype: Any = None) -> "Tensor":
        """Return a constant; equal ones are stored once."""
        array = np.asarray(value, dtype=dtype, order="C")
        digest = hashlib.sha256(array.tobytes()).hexdigest()[:16]
        name = f"c_{array.dtype.name}_{'x'.join(map(str, array.shape))}_{digest}"
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(array, name)
        return Tensor(self, name, array.dtype)

    def node(self, operator: str, *inputs: Operand, dtype: Any, domain: str = "", **attributes: Any) -> "Tensor":
        """Add a node with one output of type `dtype`."""
        return self.nodes(operator, *inputs, dtypes=[dtype], domain=domain, **attributes)[0]

    def nodes(
        self, operator: str, *inputs: Operand, dtypes: Sequence[Any], domain: str = "", **attributes: Any
    ) -> "list[Tensor]":
        """Add a node with several outputs."""
        names = [operand.name if isinstance(operand, Tensor) else self.constant(operand).name for operand in inputs]
        written = [_attribute(name, value) for name, value in sorted(attributes.items())]
        key = (operator, domain, *names, len(dtypes), _digest(written))
        if key not in self._known:
            outputs = [f"t{len(self._known)}_{i}" for i in range(len(dtypes))]
            node = helper.make_node(operator, names, outputs, domain=domain)
            node.attribute.extend(written)
            self._nodes.append(node)
            self._known[key] = outputs
        return [Tensor(self, name, dtype) for name, dtype in zip(self._known[key], dtypes, strict=True)]

    def serialize(self) -> bytes:
        """Return the graph as a file's content."""
        nodes = self._needed()
        used = {name for node in nodes for name in node.input}
        constants = [value for name, value in self._constants.items() if name in used]
        graph = helper.make_graph(nodes, "model", self._inputs, self._outputs, initializer=constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
        model: ModelProto = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        return bytes(model.SerializeToString(deterministic=True))

    def _needed(self) -> list[NodeProto]:
        """Return the nodes that lead to an output, in their order."""
        wanted = {value.name for value in self._outputs}
        needed = []
        for node in reversed(self._nodes):
            if wanted.intersection(node.output):
                wanted.update(node.input)
                needed.append(node)
        return needed[::-1]


class Tensor:
    """A value in the graph. Operators add nodes; a number or an array on the other side becomes a constant."""

    __array_ufunc__ = None  # numpy arrays leave `array - tensor` to `__rsub__`

    def __init__(self, graph: Graph, name: str, dtype: Any, width: int = 0) -> None:
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
        return self.graph.node("Cast", self, dtype=dtype, to=onnx_type(dtype))

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


def _attribute(name: str, value: Any) -> AttributeProto:
    """Return an attribute of a node: an array of int64 as integers, another array as a tensor, else as it is."""
    if not isinstance(value, np.ndarray):
        return helper.make_attribute(name, value)
    if value.dtype != np.int64:
        return helper.make_attribute(name, numpy_helper.from_array(value))
    attribute = AttributeProto(name=name, type=AttributeProto.INTS)
    attribute.ints.extend(value.tolist())  # make_attribute would check each of millions of integers
    return attribute


def _digest(attributes: Sequence[AttributeProto]) -> str:
    """Return attributes as a key."""
    digest = hashlib.sha256()
    for attribute in attributes:
        digest.update(attribute.SerializeToString(deterministic=True))
    return digest.hexdigest()
