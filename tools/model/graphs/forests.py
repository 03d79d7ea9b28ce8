"""Decision trees and forests of scikit-learn.

A row is rounded to float32 and compared with thresholds in float64. A forest is the sum of its trees in their order,
divided once by their number. A classifier's tree adds the shares of the classes among the training rows of its leaf;
the label is the class with the greatest sum, the first of equal ones.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.registry import Classified, classifier, regressor, require_finite
from tools.model.graphs.tensor import Tensor, concat
from tools.model.graphs.tree_operator import by_tree, ensemble, groups, is_large, sum_of_groups
from tools.model.graphs.trees import Tree, from_sklearn

MAX_REPLICATED = 2
"""Classes up to which each tree is written once per class, which is faster for large batches."""


def rounded(frame: Frame, estimator: Any) -> Tensor:
    """Return the rows as trees compare them: rounded to float32. Requires that none overflows there."""
    rows = frame.matrix().cast(np.float32).cast(np.float64)
    require_finite(estimator, rows)
    return rows


@regressor("sklearn.DecisionTreeRegressor", "sklearn.ExtraTreeRegressor", checks=False)
def tree_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the value of the row's leaf."""
    return _sum([estimator], rounded(frame, estimator))


@regressor("sklearn.RandomForestRegressor", "sklearn.ExtraTreesRegressor", checks=False)
def forest_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the mean of the trees."""
    trees = estimator.estimators_
    return _sum(trees, rounded(frame, estimator)) / float(len(trees))


@classifier("sklearn.DecisionTreeClassifier", "sklearn.ExtraTreeClassifier", checks=False)
def tree_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the class shares of the row's leaf."""
    shares = _shares([estimator], rounded(frame, estimator))
    return Classified(shares.argmax(), shares)


@classifier("sklearn.RandomForestClassifier", "sklearn.ExtraTreesClassifier", checks=False)
def forest_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the mean of the trees' class shares."""
    trees = estimator.estimators_
    shares = _shares(trees, rounded(frame, estimator)) / float(len(trees))
    return Classified(shares.argmax(), shares)


def leaf_totals(estimators: Sequence[Any], rows: Tensor, tables: Sequence[NDArray[np.float64]]) -> Tensor:
    """Return the sum over the trees of one row of each tree's table, which has a row for every node.

    A leaf's value is its place in the tables of its group, so that every tree is walked once for any number of columns.
    """
    numbered = [_numbered(estimator.tree_) for estimator in estimators]
    parts = []
    first = 0
    for group in groups(numbered):
        members = range(first, first + len(group))
        first = members.stop
        leaves = [estimators[i].tree_.children_left < 0 for i in members]
        starts = np.cumsum([0, *(int(leaf.sum()) for leaf in leaves)])
        trees = [replace(tree, value=tree.value + start) for tree, start in zip(group, starts, strict=False)]
        table = np.concatenate([tables[i][leaf] for i, leaf in zip(members, leaves, strict=True)])
        parts.append(by_tree(rows, trees).cast(np.int64).lookup(table))
    return concat(parts).sum(axis=1)


def _numbered(tree: Any) -> Tree:
    """Return a tree whose leaves have the value 0, 1, 2 and so on."""
    leaves = tree.children_left < 0
    return from_sklearn(tree, (np.cumsum(leaves) - 1).astype(np.float64))


def leaf_values(estimators: Sequence[Any]) -> list[Tree]:
    """Return regression trees. Raises Unsupported for those of several targets."""
    _refuse_targets(estimators)
    return [from_sklearn(estimator.tree_, estimator.tree_.value[:, 0, 0]) for estimator in estimators]


def _sum(estimators: Sequence[Any], rows: Tensor) -> Tensor:
    """Return the sum of regression trees, shape (rows,)."""
    return sum_of_groups(rows, leaf_values(estimators))


def _shares(estimators: Sequence[Any], rows: Tensor) -> Tensor:
    """Return the sum of the trees' class shares, shape (rows, classes)."""
    _refuse_targets(estimators)
    classes = len(estimators[0].classes_)
    trees = [
        from_sklearn(estimator.tree_, estimator.tree_.value[:, 0, k], target=k)
        for estimator in estimators
        for k in range(classes)
    ]
    if classes > MAX_REPLICATED or is_large(trees):
        return leaf_totals(estimators, rows, [estimator.tree_.value[:, 0, :] for estimator in estimators])
    return ensemble(rows, trees, classes)


def _refuse_targets(estimators: Sequence[Any]) -> None:
    if estimators[0].n_outputs_ != 1:
        raise Unsupported("a tree has several targets")
