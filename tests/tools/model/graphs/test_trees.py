"""Trees in the graph: sides of a threshold, missing values, sets of categories, trees without a split."""

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from tools.model.graphs import tree_operator
from tools.model.graphs.graph import Graph
from tools.model.graphs.tree_operator import ensemble
from tools.model.graphs.trees import LESS, LESS_OR_EQUAL, Tree, constant

NONE = np.array([-1, -1])


def predicted(trees: list[Tree], values: list[float], targets: int = 1) -> NDArray[np.float64]:
    graph = Graph()
    graph.output("result", ensemble(graph.input("rows", np.float64, 1), trees, targets))
    session = onnxruntime.InferenceSession(graph.serialize(), providers=["CPUExecutionProvider"])
    return session.run(None, {"rows": np.array(values).reshape(-1, 1)})[0]


def split(
    *, missing_true: bool = False, mode: int = LESS_OR_EQUAL, target: int = 0, **members: NDArray[np.float64]
) -> Tree:
    """Return a tree whose true leaf is 1 and whose false leaf is 2; the threshold is 0.5."""
    return Tree(
        feature=np.array([0, -1, -1]),
        threshold=np.array([0.5, 0.0, 0.0]),
        true=np.array([1, *NONE]),
        false=np.array([2, *NONE]),
        missing_true=np.array([missing_true, False, False]),
        value=np.array([0.0, 1.0, 2.0]),
        mode=mode,
        members={0: members["members"]} if members else None,
        target=target,
    )


def test_a_threshold_belongs_to_the_true_side() -> None:
    values = [0.4, 0.5, np.nextafter(0.5, 1.0)]
    assert predicted([split()], values).ravel().tolist() == [1.0, 1.0, 2.0]


def test_with_less_it_belongs_to_the_false_side() -> None:
    assert predicted([split(mode=LESS)], [np.nextafter(0.5, 0.0), 0.5]).ravel().tolist() == [1.0, 2.0]


@pytest.mark.parametrize(("side", "leaf"), [(True, 1.0), (False, 2.0)])
def test_a_missing_value_goes_to_its_side(side: bool, leaf: float) -> None:
    assert predicted([split(missing_true=side)], [np.nan]).ravel().tolist() == [leaf]


def test_a_set_of_categories_has_the_true_side() -> None:
    tree = split(members=np.array([1.0, 70.0, 255.0]))
    assert predicted([tree], [0.0, 1.0, 70.0, 71.0, 255.0]).ravel().tolist() == [2.0, 1.0, 1.0, 2.0, 1.0]


def test_trees_are_added_to_their_targets() -> None:
    result = predicted([split(), constant(10.0), split(target=1), constant(0.5, 1)], [0.0, 1.0], targets=2)
    assert result.tolist() == [[11.0, 1.5], [12.0, 2.5]]


def test_sums_are_made_in_the_order_of_the_trees() -> None:
    values = [0.1, 0.2, 0.3, 1e16, -1e16]
    expected = 0.0
    for value in values:
        expected += value
    assert predicted([constant(value) for value in values], [0.0]).item() == expected


def test_many_nodes_become_several_operators_with_the_same_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_operator, "GROUP_NODES", 5)
    forest = [replace(split(), value=np.array([0.0, value, -value])) for value in (0.1, 0.2, 0.3, 1e16, -1e16)]
    assert tree_operator.is_large(forest)
    graph = Graph()
    graph.output("result", tree_operator.sum_of_groups(graph.input("rows", np.float64, 1), forest))
    operators = [node.op_type for node in onnx.load_from_string(graph.serialize()).graph.node]
    assert operators.count("TreeEnsemble") == len(forest)
    session = onnxruntime.InferenceSession(graph.serialize(), providers=["CPUExecutionProvider"])
    assert session.run(None, {"rows": np.array([[0.0]])})[0].tolist() == [0.1 + 0.2 + 0.3 + 1e16 - 1e16]
