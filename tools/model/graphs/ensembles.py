"""Ensembles of any estimators: bagging, voting, stacking, and one classifier for each class or pair of classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.registry import (
    Classified,
    by_sign,
    classifier,
    classify,
    pair,
    probabilities,
    regress,
    regressor,
)
from tools.model.graphs.tensor import Tensor, stack, total


@regressor("sklearn.BaggingRegressor", checks=False)
def bagging_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the mean of the members, each with its own columns."""
    return total([regress(*member) for member in _members(estimator, frame)]) / float(len(estimator.estimators_))


@classifier("sklearn.BaggingClassifier", checks=False)
def bagging_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the mean of the members' probabilities, or of their votes."""
    classes = len(estimator.classes_)
    shares = [_shares(member, part, classes) for member, part in _members(estimator, frame)]
    mean = total(shares) / float(len(shares))
    scores = None
    if all(hasattr(member, "decision_function") for member in estimator.estimators_):
        scores = total([_decision(*member) for member in _members(estimator, frame)]) / float(len(shares))
    return Classified(mean.argmax(), mean, scores)


@regressor("sklearn.VotingRegressor", checks=False)
def voting_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the weighted mean of the members."""
    return _average([regress(member, frame) for member in estimator.estimators_], estimator._weights_not_none)


@classifier("sklearn.VotingClassifier", checks=False)
def voting_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the class with the greatest weighted mean probability, or with the greatest weight of votes."""
    weights, classes = estimator._weights_not_none, len(estimator.classes_)
    if estimator.voting == "soft":
        mean = _average([probabilities(member, frame) for member in estimator.estimators_], weights)
        return Classified(mean.argmax(), mean)
    votes = []
    for member, weight in zip(estimator.estimators_, weights or [1.0] * len(estimator.estimators_), strict=True):
        votes.append(
            classify(member, frame).position.lookup(np.eye(classes)[np.asarray(member.classes_)] * float(weight))
        )
    return Classified(total(votes).argmax())


@regressor("sklearn.StackingRegressor", checks=False)
def stacking_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the final estimator's prediction from the members' results."""
    return regress(estimator.final_estimator_, _stacked(estimator, frame))


@classifier("sklearn.StackingClassifier", checks=False)
def stacking_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the final classifier's results from the members' results."""
    return classify(estimator.final_estimator_, _stacked(estimator, frame))


@classifier("sklearn.OneVsRestClassifier", checks=False)
def one_vs_rest(estimator: Any, frame: Frame) -> Classified:
    """Return the class whose own classifier has the greatest score."""
    if estimator.multilabel_:
        raise Unsupported("the classifier predicts several labels for one row")
    scores = [_binary_score(member, frame) for member in estimator.estimators_]
    shares = None
    if all(hasattr(member, "predict_proba") for member in estimator.estimators_):
        positive = stack([probabilities(member, frame).column(1) for member in estimator.estimators_])
        shares = _one_vs_rest_shares(positive, single=len(scores) == 1)
    if len(scores) == 1:
        return Classified(_binary_index(estimator.estimators_[0], scores[0]), shares, scores[0])
    together = stack(scores)
    return Classified(together.argmax(), shares, together)


@classifier("sklearn.OneVsOneClassifier", checks=False)
def one_vs_one(estimator: Any, frame: Frame) -> Classified:
    """Return the class with most votes of the pairs; confidences break ties."""
    if estimator.pairwise_indices_ is not None:
        raise Unsupported("the classifier has a precomputed kernel")
    labels = stack([classify(member, frame).position.cast(np.float64) for member in estimator.estimators_])
    confidences = stack([_binary_score(member, frame) for member in estimator.estimators_])
    scores = pair_votes(labels, confidences, len(estimator.classes_))
    if len(estimator.classes_) == 2:
        single = scores.column(1)
        threshold = 0.0 if hasattr(estimator.estimators_[0], "decision_function") else 0.5
        return Classified((single > threshold).cast(np.int64), None, single)
    return Classified(scores.argmax(), None, scores)


@classifier("sklearn.OutputCodeClassifier", checks=False)
def output_code(estimator: Any, frame: Frame) -> Classified:
    """Return the class whose code is nearest to the scores."""
    scores = stack([_binary_score(member, frame) for member in estimator.estimators_])
    book = np.ascontiguousarray(np.asarray(estimator.code_book_, dtype=np.float64))
    distances = (book * book).sum(axis=1).reshape(1, -1) - (scores @ np.ascontiguousarray(book.T)) * 2.0
    return Classified(distances.argmin())


@classifier("sklearn._ConstantPredictor", checks=False)
def constant_predictor(estimator: Any, frame: Frame) -> Classified:
    """Return the only class that a member of one-vs-rest was trained with."""
    value = float(estimator.y_[0])
    scores = frame.matrix().column(0) * 0.0 + value
    return Classified(scores.cast(np.int64), pair(scores), scores)


def pair_votes(labels: Tensor, confidences: Tensor, classes: int) -> Tensor:
    """Return votes of all pairs of classes plus confidences squeezed into ±1/3, shape (rows, classes).

    `labels` is 0 for the first class of a pair and 1 for the second, `confidences` positive for the second.
    """
    pairs = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    for_first, for_second = np.zeros((2, len(pairs), classes))
    for k, (i, j) in enumerate(pairs):
        for_first[k, i] = for_second[k, j] = 1.0
    votes = (1.0 - labels) @ for_first + labels @ for_second
    confidence = confidences @ (for_second - for_first)
    return votes + confidence / ((confidence.apply("Abs") + 1.0) * 3.0)


def _members(estimator: Any, frame: Frame) -> list[tuple[Any, Frame]]:
    """Return a bagging's members with the columns that each was trained on."""
    features = estimator.estimators_features_
    return [
        (member, frame.select(np.asarray(chosen).tolist()))
        for member, chosen in zip(estimator.estimators_, features, strict=True)
    ]


def _shares(member: Any, frame: Frame, classes: int) -> Tensor:
    """Return a member's probabilities or vote at the places of all classes; it may have seen only some of them."""
    seen = np.asarray(member.classes_, dtype=np.int64)
    result = classify(member, frame)
    if not hasattr(member, "predict_proba"):
        return result.position.lookup(np.eye(classes)[seen])
    if result.probabilities is None:
        raise Unsupported(f"{type(member).__name__} has no probabilities")
    return result.probabilities if len(seen) == classes else result.probabilities @ np.eye(classes)[seen]


def _decision(member: Any, frame: Frame) -> Tensor:
    decision = classify(member, frame).decision
    if decision is None:
        raise Unsupported(f"{type(member).__name__} has no decision function")
    return decision


def _binary_score(member: Any, frame: Frame) -> Tensor:
    """Return the score of a classifier of two classes, shape (rows,): decision, probability, or a prediction."""
    if not hasattr(member, "classes_") and not hasattr(member, "y_"):
        return regress(member, frame)
    result = classify(member, frame)
    if result.decision is not None:
        return result.decision
    return probabilities(member, frame).column(1)


def _binary_index(member: Any, score: Tensor) -> Tensor:
    by_probability = hasattr(member, "classes_") and not hasattr(member, "decision_function")
    return (score > 0.5).cast(np.int64) if by_probability or not hasattr(member, "classes_") else by_sign(score)


def _one_vs_rest_shares(positive: Tensor, *, single: bool) -> Tensor:
    if single:
        both = pair(positive.column(0))
        return both / both.sum(keepdims=True)
    row_sum = positive.sum(keepdims=True)
    return positive / row_sum.equals(0.0).where(1.0, row_sum)


def _stacked(estimator: Any, frame: Frame) -> Frame:
    """Return the members' results as columns, then the rows themselves where they are passed through."""
    parts = [
        _result(estimator, member, method, frame)
        for member, method in zip(estimator.estimators_, estimator.stack_method_, strict=True)
    ]
    if estimator.passthrough:
        parts.append(frame)
    return Frame.join(parts)


def _result(estimator: Any, member: Any, method: str, frame: Frame) -> Frame:
    """Return one member's columns: predictions, decisions or probabilities; of two classes the second's only."""
    if not hasattr(estimator, "classes_"):
        return Frame.from_tensor(regress(member, frame).reshape(-1, 1), 1)
    classes = len(member.classes_)
    if method == "predict_proba":
        shares = probabilities(member, frame)
        if len(estimator.classes_) == 2:
            return Frame.from_tensor(shares.columns([1]), 1)
        return Frame.from_tensor(shares, classes)
    result = classify(member, frame)
    if method == "predict":
        labels = np.asarray(member.classes_, dtype=np.float64).reshape(-1, 1)
        return Frame.from_tensor(result.position.lookup(labels), 1)
    decision = _decision(member, frame)
    return Frame.from_tensor(decision.reshape(-1, 1) if classes == 2 else decision, 1 if classes == 2 else classes)


def _average(results: Sequence[Tensor], weights: Any) -> Tensor:
    """Return numpy's average: the sum of results times weights, divided by the sum of weights; else the mean."""
    if weights is None:
        return total(results) / float(len(results))
    weighted = [result * float(weight) for result, weight in zip(results, weights, strict=True)]
    return total(weighted) / float(np.sum(weights))
