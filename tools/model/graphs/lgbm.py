"""LightGBM through its scikit-learn interface, from the model that it dumps as JSON.

All is in float64; the learning rate is in the leaves. Trees take turns over the classes. A missing category, and one
that is in no set, goes to the right. The package is not imported here.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.boosters import linked, numbered
from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.registry import Classified, classifier, pair, regressor
from tools.model.graphs.tensor import Tensor
from tools.model.graphs.tree_operator import ensemble
from tools.model.graphs.trees import Tree

CATEGORY = "=="  # the decision of a node with a set of categories


@regressor("lightgbm.LGBMRegressor", checks=False)
def lightgbm_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the sum of the trees through the objective's link."""
    model = _model(estimator)
    objective, *options = str(model["objective"]).split()
    if "sqrt" in options:
        raise Unsupported("no graph is written for reg_sqrt of LightGBM")
    return linked(objective, _sum(model, frame).reshape(-1))


@classifier("lightgbm.LGBMClassifier", checks=False)
def lightgbm_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return logistic probabilities of the sum for two classes, else the softmax of the sums."""
    model = _model(estimator)
    objective, *options = str(model["objective"]).split()
    total = _sum(model, frame)
    if objective == "binary":
        steepness = float(dict(option.split(":") for option in options if ":" in option).get("sigmoid", 1.0))
        positive = (total.reshape(-1) * steepness).sigmoid()
        return Classified((positive > 0.5).cast(np.int64), pair(positive))
    if objective == "multiclass":
        shares = total.softmax()
        return Classified(shares.argmax(), shares)
    raise Unsupported(f"no graph is written for the objective {objective}")


def _model(estimator: Any) -> dict[str, Any]:
    """Return the dumped model, after early stopping up to the best round."""
    booster = estimator.booster_
    rounds = booster.best_iteration if booster.best_iteration > 0 else None
    model: dict[str, Any] = booster.dump_model(num_iteration=rounds)
    return model


def _sum(model: dict[str, Any], frame: Frame) -> Tensor:
    """Return the margins, shape (rows, targets)."""
    targets = model["num_tree_per_iteration"]
    roots = [tree["tree_structure"] for tree in model["tree_info"]]
    trees = [_tree(root, i % targets) for i, root in enumerate(roots)]
    total = ensemble(numbered(frame, _categories(model, frame)).matrix(), trees, targets)
    if model.get("average_output"):  # a random forest
        return total / float(len(trees) // targets)
    return total


def _categories(model: dict[str, Any], frame: Frame) -> list[list[Any] | None]:
    """Return each column's categories in the order of their codes; None for numbers.

    LightGBM lists the categories of its category columns in the order of the columns.
    """
    listed = iter(model.get("pandas_categorical") or [])
    return [None if column.values is None else next(listed, None) for column in frame.columns]


def _tree(root: dict[str, Any], target: int) -> Tree:
    nodes = list(_walk(root))
    numbers = {id(node): i for i, node in enumerate(nodes)}
    splits = [node if "split_feature" in node else {} for node in nodes]
    sides = [[numbers.get(id(node.get(f"{side}_child")), -1) for node in splits] for side in ("left", "right")]
    sets = {i: _set(node) for i, node in enumerate(splits) if node.get("decision_type") == CATEGORY}
    thresholds = [0.0 if i in sets else node.get("threshold", 0.0) for i, node in enumerate(splits)]
    return Tree(
        feature=np.array([node.get("split_feature", -1) for node in splits]),
        threshold=np.array(thresholds, np.float64),
        true=np.array(sides[0]),
        false=np.array(sides[1]),
        missing_true=np.array([_missing_left(node) for node in splits]),
        value=np.array([node.get("leaf_value", 0.0) for node in nodes]),
        members=sets,
        target=target,
        counts=np.array([node.get("internal_count", node.get("leaf_count", 0)) for node in nodes]),
    )


def _walk(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a tree's nodes, the root first."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        if "split_feature" in node:
            pending += [node["right_child"], node["left_child"]]


def _set(node: dict[str, Any]) -> NDArray[np.float64]:
    return np.array([float(code) for code in str(node["threshold"]).split("||")])


def _missing_left(node: dict[str, Any]) -> bool:
    """Return true if a missing number goes to the left: by its own side, or as 0 where training had no gaps."""
    if not node or node["decision_type"] == CATEGORY:
        return False
    if node["missing_type"] == "Zero":
        raise Unsupported("zero_as_missing of LightGBM is set")
    return bool(node["default_left"]) if node["missing_type"] == "NaN" else bool(node["threshold"] >= 0)
