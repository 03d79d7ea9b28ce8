"""XGBoost through its scikit-learn interface, from the model that it writes as JSON.

All is in float32: rows, thresholds, leaves and their sum, which begins with the base score. A row goes to the left
where its value is less than the threshold, or is not in a set of categories. The package is not imported here.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.boosters import EXP_LINKS, linked, numbered
from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.registry import Classified, classifier, pair, regressor
from tools.model.graphs.tensor import Tensor
from tools.model.graphs.tree_operator import ensemble
from tools.model.graphs.trees import LESS, Tree, constant

NO_CODE = -1.0  # stands in an empty set, which the operator does not take


@regressor("xgboost.XGBRegressor", "xgboost.XGBRFRegressor", checks=False)
def xgboost_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the sum of the trees through the objective's link, as float64."""
    learner = _learner(estimator)
    total = _sum(learner, estimator, frame).reshape(-1)
    return linked(learner["objective"]["name"], total).cast(np.float64)


@classifier("xgboost.XGBClassifier", "xgboost.XGBRFClassifier", checks=False)
def xgboost_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return logistic probabilities of the sum for two classes, else the softmax of the sums, in float32."""
    learner = _learner(estimator)
    total = _sum(learner, estimator, frame)
    objective = learner["objective"]["name"]
    if objective == "binary:logistic":
        positive = total.reshape(-1).sigmoid()
        return Classified((positive > 0.5).cast(np.int64), pair(positive).cast(np.float64))
    if objective == "multi:softprob":
        shares = total.softmax()
        return Classified(shares.argmax(), shares.cast(np.float64))
    raise Unsupported(f"no graph is written for the objective {objective}")


def _learner(estimator: Any) -> dict[str, Any]:
    """Return the learner's part of the model."""
    if estimator.missing is not None and not np.isnan(estimator.missing):
        raise Unsupported("the parameter missing of XGBoost is a number")
    learner: dict[str, Any] = json.loads(estimator.get_booster().save_raw("json"))["learner"]
    booster = learner["gradient_booster"]["name"]
    if booster != "gbtree":
        raise Unsupported(f"no graph is written for the booster {booster}")
    return learner


def _sum(learner: dict[str, Any], estimator: Any, frame: Frame) -> Tensor:
    """Return the margins in float32, shape (rows, targets)."""
    model, parameters = learner["gradient_booster"]["model"], learner["learner_model_param"]
    targets = max(1, int(parameters["num_class"]))
    bases = np.broadcast_to(np.array(json.loads(parameters["base_score"]), np.float32, ndmin=1), targets)
    categories = _categories(model, len(frame))
    trees = [constant(float(base), k) for k, base in enumerate(_margins(learner["objective"]["name"], bases))]
    pairs = list(zip(model["trees"], model["tree_info"], strict=True))[: _tree_count(estimator, model)]
    trees += [_tree(tree, target, categories) for tree, target in pairs]
    frame.graph.single_precision = True
    return ensemble(numbered(frame, categories).matrix().cast(np.float32), trees, targets, np.float32)


def _margins(objective: str, bases: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the base scores before the link."""
    if objective in ("binary:logistic", "reg:logistic"):
        return -np.log(np.float32(1.0) / bases - np.float32(1.0))
    return np.log(bases) if objective in EXP_LINKS else bases


def _tree_count(estimator: Any, model: dict[str, Any]) -> int:
    """Return the number of trees that count: after early stopping those up to the best round."""
    if not getattr(estimator, "early_stopping_rounds", None):
        return len(model["trees"])
    return int(model["iteration_indptr"][estimator.best_iteration + 1])


def _categories(model: dict[str, Any], count: int) -> list[list[Any] | None]:
    """Return each column's categories in the order of their codes; None for numbers."""
    encodings = model.get("cats", {}).get("enc") or [{}] * count
    return [_texts(encoding) if encoding.get("values") else None for encoding in encodings]


def _texts(encoding: dict[str, Any]) -> list[Any]:
    if "offsets" not in encoding:
        return list(encoding["values"])
    content = bytes(value & 0xFF for value in encoding["values"])
    ends = encoding["offsets"]
    return [content[start:end].decode() for start, end in pairwise(ends)]


def _tree(tree: dict[str, Any], target: int, categories: Sequence[Sequence[Any] | None]) -> Tree:
    left = np.array(tree["left_children"])
    conditions = np.array(tree["split_conditions"], np.float32)
    return Tree(
        feature=np.where(left < 0, -1, np.array(tree["split_indices"])),
        threshold=conditions,
        true=left,
        false=np.array(tree["right_children"]),
        missing_true=np.array(tree["default_left"]).astype(bool),
        value=conditions,
        mode=LESS,
        members=_left_sets(tree, categories),
        target=target,
        counts=np.array(tree["sum_hessian"]),
    )


def _left_sets(tree: dict[str, Any], categories: Sequence[Sequence[Any] | None]) -> dict[int, NDArray[np.float64]]:
    """Return node → codes that go to the left: all but those in the tree's own set."""
    sets = {}
    for node, start, size in zip(
        tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True
    ):
        known = categories[tree["split_indices"][node]] or ()
        right = set(tree["categories"][start : start + size])
        sets[node] = np.array([float(code) for code in range(len(known)) if code not in right] or [NO_CODE])
    return sets
