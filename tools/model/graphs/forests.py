"""Decision trees and forests of scikit-learn.

A row is rounded to float32 and compared with thresholds in float64. A forest is the sum of its trees in their order,
divided once by their number. A classifier's tree adds the shares of the classes among the training rows of its leaf;
the label is the class with the greatest sum, the first of equal ones.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.registry import Classified, classifier, regressor, require_finite
from tools.model.graphs.tensor import Tensor
from tools.model.graphs.trees import Tree, ensemble, from_sklearn

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


def _sum(estimators: Sequence[Any], rows: Tensor) -> Tensor:
    """Return the sum of regression trees, shape (rows,)."""
    if estimators[0].n_outputs_ != 1:
        raise Unsupported("a tree has several targets")
    trees = [from_sklearn(estimator.tree_, estimator.tree_.value[:, 0, 0]) for estimator in estimators]
    return ensemble(rows, trees).reshape(-1)


def _shares(estimators: Sequence[Any], rows: Tensor) -> Tensor:
    """Return the sum of the trees' class shares, shape (rows, classes)."""
    if estimators[0].n_outputs_ != 1:
        raise Unsupported("a tree has several targets")
    classes = len(estimators[0].classes_)
    if classes > MAX_REPLICATED:
        return _shares_by_leaf(estimators, rows)
    trees = [
        from_sklearn(estimator.tree_, estimator.tree_.value[:, 0, k], target=k)
        for estimator in estimators
        for k in range(classes)
    ]
    return ensemble(rows, trees, classes)


def _shares_by_leaf(estimators: Sequence[Any], rows: Tensor) -> Tensor:
    """Return the same in one pass: a leaf's value is its place in a table of shares, and every tree has a target."""
    trees: list[Tree] = []
    tables = []
    start = 0
    for number, estimator in enumerate(estimators):
        tree = estimator.tree_
        trees.append(from_sklearn(tree, np.arange(start, start + tree.node_count), target=number))
        tables.append(tree.value[:, 0, :])
        start += tree.node_count
    leaves = ensemble(rows, trees, len(trees)).cast(np.int64)
    return leaves.lookup(np.concatenate(tables)).sum(axis=1)
