"""The operator that walks trees: `TreeEnsemble` of ai.onnx.ml 5, in float64 or float32 throughout.

https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.layout import frequent_side_next, with_negated
from tools.model.graphs.tensor import ML, Tensor, concat, total
from tools.model.graphs.trees import MEMBER, Tree

SUM, IDENTITY = 1, 0
GROUP_NODES = 60_000
"""Nodes of one operator, about two megabytes. It walks all of its trees for one row after the other, which for batches
takes longer when the trees do not fit into a processor's cache. One row pays for each operator."""
SMALL_NODES = 5_000
"""Nodes up to which the order of the sides makes no difference: the trees stay in a processor's cache."""


def ensemble(rows: Tensor, trees: Sequence[Tree], targets: int = 1, dtype: Any = np.float64) -> Tensor:
    """Return the sum of the trees for each target, added in their order, shape (rows, targets)."""
    rows.graph.smooth = False
    if rows.width and _nodes(trees) >= SMALL_NODES:
        trees = [frequent_side_next(tree, rows.width, dtype) for tree in trees]
        rows = with_negated(rows)
    return rows.graph.node(
        "TreeEnsemble",
        rows,
        dtype=dtype,
        domain=ML,
        n_targets=targets,
        aggregate_function=SUM,
        post_transform=IDENTITY,
        **_joined(trees, dtype),
    )


def _joined(trees: Sequence[Tree], dtype: Any) -> dict[str, NDArray[Any]]:
    """Return the trees as the operator's attributes."""
    flat = [_flatten(tree) for tree in trees]
    splits = np.cumsum([0, *(len(part["nodes_featureids"]) for part in flat)])
    leaves = np.cumsum([0, *(len(part["leaf_weights"]) for part in flat)])
    for part, split, leaf in zip(flat, splits, leaves, strict=False):
        for side in ("true", "false"):
            part[f"nodes_{side}nodeids"] += np.where(part[f"nodes_{side}leafs"], leaf, split)
    arrays = {name: np.concatenate([part[name] for part in flat]) for name in flat[0]}
    for name in ("nodes_splits", "leaf_weights", "membership_values"):
        arrays[name] = arrays[name].astype(dtype)
    if not len(arrays["membership_values"]):
        del arrays["membership_values"]
    if not arrays["nodes_missing_value_tracks_true"].any():  # the operator's default
        del arrays["nodes_missing_value_tracks_true"]
    _share_leaves(arrays)
    return {"tree_roots": splits[:-1].astype(np.int64), **arrays}


def _share_leaves(arrays: dict[str, NDArray[Any]]) -> None:
    """Keep one of equal leaves. onnxruntime keeps these arrays beside its own nodes."""
    weights, targets = arrays["leaf_weights"], arrays["leaf_targetids"]
    bits = weights.view(np.int64 if weights.dtype == np.float64 else np.int32)
    codes = np.unique(bits, return_inverse=True)[1] * (targets.max() + 1) + targets
    _, kept, places = np.unique(codes, return_index=True, return_inverse=True)
    arrays["leaf_weights"], arrays["leaf_targetids"] = weights[kept], targets[kept]
    for side in ("true", "false"):
        nodes, leafs = arrays[f"nodes_{side}nodeids"], arrays[f"nodes_{side}leafs"].astype(bool)
        nodes[leafs] = places[nodes[leafs]]


def is_large(trees: Sequence[Tree]) -> bool:
    """Return true if the trees are better written as several operators."""
    return _nodes(trees) > GROUP_NODES


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


def _nodes(trees: Sequence[Tree]) -> int:
    return sum(len(tree.feature) for tree in trees)


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
