"""Trees as arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LESS_OR_EQUAL, LESS, MEMBER = 0, 1, 6  # modes of a comparison


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
    counts: NDArray[Any] | None = None
    """Training rows in a node, or their weight, where they are known."""


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
        counts=tree.n_node_samples,
    )


def constant(value: float, target: int = 0) -> Tree:
    """Return a tree without a split: it adds a constant, in its place of the order of the sum."""
    none, no = np.array([-1]), np.array([False])
    return Tree(none, np.zeros(1), none, none, no, np.array([value]), target=target)
