"""Trees as they are fast to walk in onnxruntime, with the same results to the last bit.

onnxruntime keeps a node's false side next to the node and its true side somewhere else. One row visits some thousand
nodes of a forest, most of them not in a processor's cache, so the side that most rows take belongs next to the node.
Where that is the true side, the node compares the negated value, and its sides change places: `x <= t` is false where
`-x < -t`, which is where `-x` is at most the number before `-t`.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.tensor import Tensor, concat
from tools.model.graphs.trees import LESS, Tree


def with_negated(rows: Tensor) -> Tensor:
    """Return the columns, then the same columns negated."""
    return concat([rows, -rows]).wide(2 * rows.width)


def frequent_side_next(tree: Tree, width: int, dtype: Any = np.float64) -> Tree:
    """Return a tree for rows `with_negated` columns, whose false sides are those that most training rows take.

    `width` is the number of columns before, `dtype` the type in which they are compared. A tree without counts is
    returned as it is.
    """
    if tree.counts is None:
        return tree
    threshold = tree.threshold.astype(dtype)
    swapped = _is_swapped(tree, threshold, tree.counts)
    return replace(
        tree,
        feature=np.where(swapped, tree.feature + width, tree.feature),
        threshold=np.where(swapped, _negated(threshold, tree.mode), threshold),
        true=np.where(swapped, tree.false, tree.true),
        false=np.where(swapped, tree.true, tree.false),
        missing_true=tree.missing_true ^ swapped,
    )


def _is_swapped(tree: Tree, threshold: NDArray[Any], counts: NDArray[Any]) -> NDArray[np.bool_]:
    """Return true for nodes that compare numbers and send more rows to their true side."""
    inner = tree.feature >= 0
    more = counts[np.where(inner, tree.true, 0)] > counts[np.where(inner, tree.false, 0)]
    compares = inner & np.isfinite(threshold)  # before minus infinity there is no number
    compares[list(tree.members or {})] = False
    return compares & more


def _negated(threshold: NDArray[Any], mode: int) -> NDArray[Any]:
    """Return the thresholds for negated values: `-x <= before -t`, or `-x < after -t`."""
    end = threshold.dtype.type(np.inf if mode == LESS else -np.inf)
    with np.errstate(over="ignore"):
        negated: NDArray[Any] = np.nextafter(-threshold, end)
    return negated
