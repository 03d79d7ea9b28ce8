"""Differences between two forms of a model, row by row, and the texts that describe them."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from shared.model.columns import Column
from shared.model.manifest import Instance, Manifest
from shared.model.runtimes import Predicted

MAX_LISTED = 10  # features and probabilities in a message

type Rows = list[Column]


def by_row(manifest: Manifest, scale: float, expected: Predicted, actual: Predicted) -> NDArray[np.float64]:
    """Return each row's difference: relative for numbers, absolute for probabilities, infinite for other labels.

    `scale` is a regressor's greatest prediction for the data: differences near zero are relative to it.
    """
    if len(expected.predictions) != len(actual.predictions):
        return np.full(len(expected.predictions), np.inf)
    if manifest.kind == "regressor":
        return _relative(np.asarray(expected.predictions), np.asarray(actual.predictions), scale)
    pairs = zip(expected.predictions, actual.predictions, strict=True)
    other_label = np.array([_typed(first) != _typed(second) for first, second in pairs], dtype=bool)
    return np.where(other_label, np.inf, _between(expected, actual))


def margins(predicted: Predicted) -> NDArray[np.float64]:
    """Return the difference between each row's two greatest probabilities; infinite where there are none."""
    if predicted.probabilities is None or len(predicted.probabilities[0]) < 2:
        return np.full(len(predicted.predictions), np.inf)
    two = np.sort(np.asarray(predicted.probabilities), axis=1)[:, -2:]
    return np.asarray(two[:, 1] - two[:, 0])


def same_probabilities(expected: Predicted, actual: Predicted) -> NDArray[np.bool_]:
    """Return true for rows whose probabilities are equal to the last bit."""
    return np.equal(_between(expected, actual), 0.0)


def result_text(predicted: Predicted, position: int) -> str:
    """Return one prediction as text, with its probabilities."""
    if predicted.probabilities is None:
        return repr(predicted.predictions[position])
    shares = predicted.probabilities[position]
    more = ", …" if len(shares) > MAX_LISTED else ""
    return f"{predicted.predictions[position]!r} [{', '.join(map(repr, shares[:MAX_LISTED]))}{more}]"


def row_text(manifest: Manifest, columns: Rows, position: int) -> str:
    """Return one row as a client would send it; of many features only the first ones."""
    values = [column[position : position + 1].tolist()[0] for column in columns[:MAX_LISTED]]
    instance: Instance = {
        feature.name: None if value != value else value  # noqa: PLR0124 - NaN
        for feature, value in zip(manifest.features[:MAX_LISTED], values, strict=True)
    }
    text = msgspec.json.encode(instance).decode()
    return f"{text[:-1]}, …}}" if len(columns) > MAX_LISTED else text


def _between(expected: Predicted, actual: Predicted) -> NDArray[np.float64]:
    """Return the greatest absolute difference of each row's probabilities, 0 where there are none."""
    if expected.probabilities is None or actual.probabilities is None:
        return np.zeros(len(expected.predictions))
    first, second = np.asarray(expected.probabilities), np.asarray(actual.probabilities)
    both_missing = np.isnan(first) & np.isnan(second)
    apart = np.where(both_missing, 0.0, np.abs(first - second)).max(axis=1)
    return np.asarray(np.nan_to_num(apart, nan=np.inf))


def _relative(expected: NDArray[Any], actual: NDArray[Any], scale: float) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(expected - actual) / np.maximum(np.abs(expected), scale or 1.0)
    same = (expected == actual) | (np.isnan(expected) & np.isnan(actual))
    return np.where(same, 0.0, np.nan_to_num(apart, nan=np.inf))


def _typed(label: Any) -> tuple[type, Any]:
    """1 and True are equal, and are not the same prediction."""
    return type(label), label
