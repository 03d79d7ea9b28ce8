"""Boosting of scikit-learn: gradient boosting, histogram gradient boosting, AdaBoost.

Gradient boosting starts from the prediction of `init_` and adds learning rate × leaf for every tree; rows are rounded
to float32. Histogram gradient boosting starts from a baseline and adds leaves; it compares float64 values themselves,
has a side for missing values and sets of categories. A link function turns the sum into a prediction.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.forests import leaf_totals, leaf_values, rounded
from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.registry import (
    Classified,
    by_sign,
    classifier,
    classify,
    name_of,
    pair,
    regress,
    regressor,
    transform,
)
from tools.model.graphs.tensor import Tensor, stack, total
from tools.model.graphs.tree_operator import by_tree, ensemble
from tools.model.graphs.trees import Tree, constant, from_sklearn

EPSILON = np.finfo(np.float64).eps
BITS = 32  # of one word of a set of categories
NO_CODE = -1.0  # stands in an empty set, which the operator does not take


@regressor("sklearn.GradientBoostingRegressor", checks=False)
def gradient_boosting_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the sum of the trees; all losses are of the predictions themselves."""
    return _gradient_boosting(estimator, frame).reshape(-1)


@classifier("sklearn.GradientBoostingClassifier", checks=False)
def gradient_boosting_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the link of the sums. For two classes a sum of 0 is the second one."""
    return _classified(estimator, _gradient_boosting(estimator, frame), len(estimator.classes_), zero=True)


@regressor("sklearn.HistGradientBoostingRegressor", checks=False)
def histogram_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the sum of the trees, or its exponential for a loss with a log link."""
    total = _histogram(estimator, frame).reshape(-1)
    link = type(estimator._loss.link).__name__
    if link == "IdentityLink":
        return total
    if link == "LogLink":
        return total.apply("Exp")
    raise Unsupported(f"no graph is written for the link {link}")


@classifier("sklearn.HistGradientBoostingClassifier", checks=False)
def histogram_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the link of the sums. For two classes a sum of 0 is the first one."""
    return _classified(estimator, _histogram(estimator, frame), len(estimator.classes_), zero=False)


@regressor("sklearn.AdaBoostRegressor")
def ada_boost_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the weighted median: the first prediction, in ascending order, at which half of the weight is reached."""
    members = estimator.estimators_
    count = len(members)
    if all(name_of(member) == "sklearn.DecisionTreeRegressor" for member in members):
        predictions = by_tree(rounded(frame, members[0]), leaf_values(members))
    else:
        predictions = stack([regress(member, frame) for member in members])
    ascending, order = predictions.top(count, largest=False)
    weights = order.lookup(estimator.estimator_weights_[:count])
    reached = weights.graph.node("CumSum", weights, np.array(1, np.int64), dtype=np.float64)
    half = reached.columns([count - 1]) * 0.5
    place = (reached >= half).cast(np.int32).argmax()
    return ascending.graph.node("GatherElements", ascending, place.reshape(-1, 1), dtype=np.float64, axis=1).reshape(-1)


@classifier("sklearn.AdaBoostClassifier")
def ada_boost_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the class with the greatest sum of weights, where a tree's other classes lose weight / (classes - 1)."""
    classes = len(estimator.classes_)
    if classes == 1:
        raise Unsupported("the classifier has one class")
    decision = _votes(estimator, frame, classes) / float(estimator.estimator_weights_.sum())
    if classes > 2:
        return Classified(decision.argmax(), (decision / (classes - 1.0)).softmax(), decision)
    single = (decision * np.array([-1.0, 1.0])).sum()
    shares = (stack([-single, single]) / 2.0).softmax()
    return Classified(by_sign(single), shares, single)


def _votes(estimator: Any, frame: Frame, classes: int) -> Tensor:
    """Return the sum of the members' weights for and against each class, shape (rows, classes)."""
    members = estimator.estimators_
    tables = []
    for weight in estimator.estimator_weights_[: len(members)].tolist():
        table = np.full((classes, classes), -1 / (classes - 1) * weight)
        np.fill_diagonal(table, weight)
        tables.append(table)
    if all(name_of(member) == "sklearn.DecisionTreeClassifier" for member in members):
        labels = [member.tree_.value[:, 0, :].argmax(axis=1) for member in members]
        by_leaf = [table[label] for table, label in zip(tables, labels, strict=True)]
        return leaf_totals(members, rounded(frame, members[0]), by_leaf)
    return total([classify(member, frame).position.lookup(t) for member, t in zip(members, tables, strict=True)])


def _gradient_boosting(estimator: Any, frame: Frame) -> Tensor:
    """Return the raw sums, shape (rows, targets)."""
    rows = rounded(frame, estimator.estimators_[0, 0])
    targets = estimator.estimators_.shape[1]
    trees = [
        from_sklearn(member.tree_, estimator.learning_rate * member.tree_.value[:, 0, 0], target=k)
        for stage in estimator.estimators_
        for k, member in enumerate(stage)
    ]
    starts = [constant(value, k) for k, value in enumerate(_initial(estimator, targets))]
    return ensemble(rows, [*starts, *trees], targets)


def _initial(estimator: Any, targets: int) -> list[float]:
    """Return the sums before the first tree. Raises Unsupported where they are not the same for each row."""
    initial = estimator.init_
    if isinstance(initial, str):
        return [0.0] * targets
    if name_of(initial) not in ("sklearn.DummyRegressor", "sklearn.DummyClassifier"):
        raise Unsupported("gradient boosting starts from an estimator of your own (init)")
    row = np.zeros((1, estimator.n_features_in_))
    if hasattr(initial, "predict_proba") and hasattr(estimator, "classes_"):
        value = initial.predict_proba(row)
        value = np.clip(value if targets > 1 else value[:, 1], EPSILON, 1 - EPSILON)
    else:
        value = initial.predict(row).astype(np.float64)
    start: list[float] = np.ravel(estimator._loss.link.link(value)).tolist()
    return start


def _histogram(estimator: Any, frame: Frame) -> Tensor:
    """Return the raw sums, shape (rows, targets)."""
    if estimator._preprocessor is not None:
        frame = transform(estimator._preprocessor, frame)
    baseline = np.ravel(estimator._baseline_prediction)
    trees = [constant(value, k) for k, value in enumerate(baseline.tolist())]
    for stage in estimator._predictors:
        trees += [_histogram_tree(predictor, k) for k, predictor in enumerate(stage)]
    return ensemble(frame.matrix(), trees, len(baseline))


def _histogram_tree(predictor: Any, target: int) -> Tree:
    nodes = predictor.nodes
    is_leaf = nodes["is_leaf"].astype(bool)
    categorical = np.flatnonzero(nodes["is_categorical"].astype(bool) & ~is_leaf).tolist()
    return Tree(
        feature=np.where(is_leaf, -1, nodes["feature_idx"]),
        threshold=nodes["num_threshold"],
        true=nodes["left"].astype(np.int64),
        false=nodes["right"].astype(np.int64),
        missing_true=nodes["missing_go_to_left"].astype(bool),
        value=nodes["value"],
        members={i: _codes(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][i]]) for i in categorical},
        target=target,
        counts=nodes["count"].astype(np.int64),
    )


def _codes(words: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Return the numbers of the bits that are set in a row of 32-bit words."""
    bits = (words[:, None] >> np.arange(BITS, dtype=np.uint32)) & 1
    codes = np.flatnonzero(bits.ravel()).astype(np.float64)
    return codes if len(codes) else np.array([NO_CODE])


def _classified(estimator: Any, sums: Tensor, classes: int, *, zero: bool) -> Classified:
    """Return the results of the loss's link: logistic for two classes, else softmax."""
    if classes > 2:
        return Classified(sums.argmax(), sums.softmax(), sums)
    decision = sums.reshape(-1)
    half = type(estimator._loss.link).__name__ == "HalfLogitLink"
    positive = (decision * 2.0 if half else decision).sigmoid()
    return Classified(by_sign(decision, zero=zero), pair(positive), decision)
