"""Trees as arrays, and the operator that walks them: `TreeEnsemble` of ai.onnx.ml 5, in float64 or float32 throughout.

https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.tensor import ML, Tensor, concat, total

LESS_OR_EQUAL, LESS, MEMBER = 0, 1, 6  # modes of a comparison
SUM, IDENTITY = 1, 0
GROUP_NODES = 30_000
"""Nodes of one operator, about a megabyte. It walks all of its trees for one row after the other, which for batches
takes up to four times as long when the trees do not fit into a processor's cache. One row pays for each operator."""


@dataclass(frozen=True)
class Tree:
    """A binary tree; node 0 is its root. All arrays have one entry for each node, leaf or not."""

    feature: NDArray[np.integer[Any]]
    """The column that a node compares; -1 in a leaf."""
    threshold: NDArray[Any]
    true: NDArray[np.integer[Any]]
    """The next node where the comparison is true."""
    false: NDArray[np.integer[Any]]
    missing_true: NDArray[np.bool_]
    """True when a missing value goes to `true`."""
    value: NDArray[Any]
    """Of leaves."""
    mode: int = LESS_OR_EQUAL
    members: dict[int, NDArray[Any]] | None = None
    """Node → the codes that go to `true`, for nodes that compare with a set of categories."""
    target: int = 0
    """The output that the leaf's value is added to."""


def from_sklearn(tree: Any, value: NDArray[Any], target: int = 0) -> Tree:
    """Return a tree of scikit-learn, whose leaves have other values. Its left side is `<=`."""
    return Tree(
        feature=np.where(tree.children_left < 0, -1, tree.feature),
        threshold=tree.threshold,
        true=tree.children_left,
        false=tree.children_right,
        missing_true=tree.missing_go_to_left.astype(bool),
        value=value,
        target=target,
    )


def constant(value: float, target: int = 0) -> Tree:
    """Return a tree without a split: it adds a constant, in its place of the order of the sum."""
    none, no = np.array([-1]), np.array([False])
    return Tree(none, np.zeros(1), none, none, no, np.array([value]), target=target)


def ensemble(rows: Tensor, trees: Sequence[Tree], targets: int = 1, dtype: Any = np.float64) -> Tensor:
    """Return the sum of the trees for each target, added in their order, shape (rows, targets)."""
    flat = [_flatten(tree) for tree in trees]
    splits = np.cumsum([0, *(len(part["nodes_featureids"]) for part in flat)])
    leaves = np.cumsum([0, *(len(part["leaf_weights"]) for part in flat)])
    for part, split, leaf in zip(flat, splits, leaves, strict=False):
        for side in ("true", "false"):
            part[f"nodes_{side}nodeids"] += np.where(part[f"nodes_{side}leafs"], leaf, split)
    rows.graph.smooth = False
    arrays = {name: np.concatenate([part[name] for part in flat]) for name in flat[0]}
    for name in ("nodes_splits", "leaf_weights", "membership_values"):
        arrays[name] = arrays[name].astype(dtype)
    if not len(arrays["membership_values"]):
        del arrays["membership_values"]
    if not arrays["nodes_missing_value_tracks_true"].any():  # the operator's default
        del arrays["nodes_missing_value_tracks_true"]
    return rows.graph.node(
        "TreeEnsemble",
        rows,
        dtype=dtype,
        domain=ML,
        n_targets=targets,
        aggregate_function=SUM,
        post_transform=IDENTITY,
        tree_roots=splits[:-1].astype(np.int64),
        **arrays,
    )


def is_large(trees: Sequence[Tree]) -> bool:
    """Return true if the trees are better written as several operators."""
    return sum(len(tree.feature) for tree in trees) > GROUP_NODES


def by_tree(rows: Tensor, trees: Sequence[Tree]) -> Tensor:
    """Return the value of every tree, shape (rows, trees)."""
    parts = []
    for group in groups(trees):
        targeted = [replace(tree, target=i) for i, tree in enumerate(group)]
        parts.append(ensemble(rows, targeted, len(group)))
    return concat(parts)


def sum_of_groups(rows: Tensor, trees: Sequence[Tree]) -> Tensor:
    """Return the sum of the trees, shape (rows,). The sums of groups are added in their order.

    With several groups it differs by some 1e-15 from a sum of one tree after the other, which would need a column for
    each tree: a batch would take a third longer, and 8 MB for 10,000 rows and 100 trees.
    """
    return total([ensemble(rows, group) for group in groups(trees)]).reshape(-1)


def groups(trees: Sequence[Tree]) -> list[list[Tree]]:
    """Return the trees in their order, in groups of at most GROUP_NODES nodes, or one tree."""
    result: list[list[Tree]] = [[]]
    nodes = 0
    for tree in trees:
        if result[-1] and nodes + len(tree.feature) > GROUP_NODES:
            result.append([])
            nodes = 0
        result[-1].append(tree)
        nodes += len(tree.feature)
    return result


def _flatten(tree: Tree) -> dict[str, NDArray[Any]]:
    """Return one tree as the operator's attributes. Splits and leaves are numbered by themselves, each from 0."""
    is_leaf = tree.feature < 0
    if is_leaf[0]:  # the operator needs a split: both sides are the same leaf
        return _attributes(tree, np.array([0]), np.array([0]), np.zeros(1, np.int64), np.array([True]))
    inner, outer = np.flatnonzero(~is_leaf), np.flatnonzero(is_leaf)
    number = np.empty(len(is_leaf), np.int64)
    number[inner], number[outer] = np.arange(len(inner)), np.arange(len(outer))
    return _attributes(tree, inner, outer, number, is_leaf)


def _attributes(
    tree: Tree,
    inner: NDArray[Any],
    outer: NDArray[Any],
    number: NDArray[np.int64],
    is_leaf: NDArray[np.bool_],
) -> dict[str, NDArray[Any]]:
    true, false = (np.maximum(side[inner], 0) for side in (tree.true, tree.false))
    members = tree.members or {}
    modes = np.full(len(inner), tree.mode, np.uint8)
    modes[[i for i, node in enumerate(inner.tolist()) if node in members]] = MEMBER
    sets = [np.append(members[node], np.nan) for node in inner.tolist() if node in members]
    return {
        "nodes_featureids": np.maximum(tree.feature[inner], 0).astype(np.int64),
        "nodes_splits": tree.threshold[inner],
        "nodes_modes": modes,
        "nodes_truenodeids": number[true],
        "nodes_falsenodeids": number[false],
        "nodes_trueleafs": is_leaf[true].astype(np.int64),
        "nodes_falseleafs": is_leaf[false].astype(np.int64),
        "nodes_missing_value_tracks_true": tree.missing_true[inner].astype(np.int64),
        "leaf_weights": tree.value[outer],
        "leaf_targetids": np.full(len(outer), tree.target, np.int64),
        "membership_values": np.concatenate([np.zeros(0), *sets]),
    }
