"""An ONNX graph under construction: nodes, constants, inputs and outputs.

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
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from tools.model.graphs.tensor import ML, Operand, Tensor, onnx_type

OPSETS = {"": 21, ML: 5}  # the oldest with float64 kernels for every operator that is used
IR_VERSION = 10


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

    def input(self, name: str, dtype: Any, width: int) -> Tensor:
        """Add an input of shape (rows, width)."""
        self._inputs.append(helper.make_tensor_value_info(name, onnx_type(dtype), [None, width]))
        return Tensor(self, name, dtype, width)

    def output(self, name: str, tensor: Tensor) -> None:
        """Add an output, in the order in which a caller reads them."""
        self._nodes.append(helper.make_node("Identity", [tensor.name], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, onnx_type(tensor.dtype), None))

    def require(self, condition: Tensor) -> None:
        """Add a condition of shape (rows,): the estimator refuses rows for which it is false."""
        if all(condition.name != other.name for other in self._conditions):
            self._conditions.append(condition)

    @property
    def valid(self) -> Tensor | None:
        """All conditions together, shape (rows,); None where there are none."""
        result: Tensor | None = None
        for condition in self._conditions:
            result = condition if result is None else result & condition
        return result

    def constant(self, value: Any, dtype: Any = None) -> Tensor:
        """Return a constant; equal ones are stored once."""
        array = np.asarray(value, dtype=dtype, order="C")
        digest = hashlib.sha256(array.tobytes()).hexdigest()[:16]
        name = f"c_{array.dtype.name}_{'x'.join(map(str, array.shape))}_{digest}"
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(array, name)
        return Tensor(self, name, array.dtype)

    def node(self, operator: str, *inputs: Operand, dtype: Any, domain: str = "", **attributes: Any) -> Tensor:
        """Add a node with one output of type `dtype`."""
        return self.nodes(operator, *inputs, dtypes=[dtype], domain=domain, **attributes)[0]

    def nodes(
        self, operator: str, *inputs: Operand, dtypes: Sequence[Any], domain: str = "", **attributes: Any
    ) -> list[Tensor]:
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
