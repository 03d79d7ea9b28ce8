"""The builder of graphs: Python's operators become nodes, written once, in the same bytes each time."""

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from tools.model.graphs.graph import Graph
from tools.model.graphs.tensor import Tensor, concat, stack, total

ROWS = np.array([[1.0, -2.0, 0.5], [np.nan, 4.0, -0.25]])


def run(graph: Graph, result: Tensor, rows: NDArray[np.float64] = ROWS) -> NDArray[np.float64]:
    graph.output("result", result)
    session = onnxruntime.InferenceSession(graph.serialize(), providers=["CPUExecutionProvider"])
    return session.run(["result"], {"rows": rows})[0]


def start() -> tuple[Graph, Tensor]:
    graph = Graph()
    return graph, graph.input("rows", np.float64, 3)


def test_operators_compute_what_numpy_computes() -> None:
    graph, x = start()
    np.testing.assert_array_equal(run(graph, (1.0 - x) * 2.0 / (x + 3.0) - (-x)), (1 - ROWS) * 2 / (ROWS + 3) + ROWS)


def test_an_array_on_the_left_is_a_constant() -> None:
    graph, x = start()
    np.testing.assert_array_equal(run(graph, np.array([1.0, 2.0, 3.0]) - x), np.array([1.0, 2.0, 3.0]) - ROWS)


def test_comparisons_and_where_choose_values() -> None:
    graph, x = start()
    np.testing.assert_array_equal(run(graph, (x >= 0.5).where(x, 0.0)), np.where(ROWS >= 0.5, ROWS, 0.0))


def test_clip_keeps_missing_values() -> None:
    graph, x = start()
    np.testing.assert_array_equal(run(graph, x.clip(-1.0, 1.0)), np.clip(ROWS, -1.0, 1.0))


def test_rows_are_reduced_and_put_together() -> None:
    graph, x = start()
    result = concat([x.sum(keepdims=True), stack([x.column(1), x.column(2)])])
    np.testing.assert_array_equal(run(graph, result), np.column_stack([ROWS.sum(1), ROWS[:, 1:]]))


def test_a_total_is_added_in_order() -> None:
    graph, x = start()
    parts = [x.column(0) * 0.1, x.column(1) * 0.2, x.column(2) * 0.3]
    expected = ROWS[:, 0] * 0.1 + ROWS[:, 1] * 0.2 + ROWS[:, 2] * 0.3
    np.testing.assert_array_equal(run(graph, total(parts)), expected)


def test_the_same_node_is_written_once_and_unused_ones_not_at_all() -> None:
    graph, x = start()
    graph.output("result", (x + 1.0) * (x + 1.0))
    x.softmax()
    operators = [node.op_type for node in onnx.load_from_string(graph.serialize()).graph.node]
    assert operators == ["Add", "Mul", "Identity"]


def test_the_same_calls_lead_to_the_same_bytes() -> None:
    contents = []
    for _ in range(2):
        graph, x = start()
        graph.output("result", x.softmax().argmax())
        contents.append(graph.serialize())
    assert contents[0] == contents[1]


def test_conditions_are_joined_and_repeated_ones_are_one() -> None:
    graph, x = start()
    graph.require(x.column(1) > 0.0)
    graph.require(x.column(1) > 0.0)
    graph.require(x.column(2) < 0.0)
    assert graph.valid is not None
    assert run(graph, graph.valid).tolist() == [False, True]
