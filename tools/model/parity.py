"""Parity: proof that something else predicts what the estimator predicts, so that it may be served in its place.

Both predict rows of the data, random rows in and around the data's range, rows on both sides of every threshold that is
found, ties, rows with missing and with unseen values, rows with numbers up to ±1e300, and some rows alone. Where the
two differ only for the largest numbers, the limit for numbers is lower.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.model.manifest import MAX_ABSOLUTE, Manifest, Number
from shared.model.runtimes import Predicted, Runtime
from shared.model.runtimes.onnx import OnnxModel
from shared.model.runtimes.sklearn import SklearnModel
from shared.problems import InvalidInstances
from tools.model import rows
from tools.model.data import Table, sample
from tools.model.differences import Rows, by_row, margins, result_text, row_text, same_probabilities
from tools.model.refused import one_line

RANDOM_ROWS = 10_000
MAX_DATA_ROWS = 10_000  # with the random ones half a minute of a network of 9 million weights
FAR_ROWS = 200
LIMITS = (MAX_ABSOLUTE, 1e150, 1e30, 1e15, 1e12)  # for numbers, tried in this order
LAST_LIMIT = 1_000  # times the greatest number of the data
MAX_REFUSED = 20  # rows that are predicted alone, as one that is refused takes its whole request along
SINGLE_ROWS = 5  # rows that are also predicted alone: most requests have one
TOLERANCE = 1e-9  # rounding differs by 1e-12 and less; a float32 step on the way by 1e-7 and more
SINGLE_PRECISION = 2e-6  # for estimators that compute in float32 themselves
NEAR = 1e-9  # of a feature's range: moved by so much, a row leaves a boundary that rounding decides
MAX_MOVED_DIFFERENCE = 1e-7  # of a row that was moved so
MIN_JUMP = 1e-6  # a smaller difference is a fault, not a boundary


class NotServed(Exception):
    """The estimator cannot be served in another form. The message is the reason, and is printed after a colon."""


class Candidate(NamedTuple):
    """Another form of the model."""

    runtime: Runtime
    name: str
    """In messages."""
    tolerance: float = TOLERANCE
    smooth: bool = False
    """True when no step has exact thresholds, so that rounding may decide a row on the boundary of two classes."""


class Parity(NamedTuple):
    """The result of a comparison without a difference that matters."""

    difference: float
    max_absolute: float
    """The limit for numbers up to which both predict the same."""


class Comparison(NamedTuple):
    """The estimator and its candidate."""

    manifest: Manifest
    reference: Runtime
    candidate: Candidate
    scale: float = 0.0


def compare(manifest: Manifest, estimator: Any, candidate: Candidate, table: Table) -> Parity:
    """Return the greatest difference between the predictions of the estimator and the candidate. Raises NotServed."""
    comparison = Comparison(manifest, SklearnModel(manifest, estimator), candidate)
    data = sample(table, manifest.features, MAX_DATA_ROWS).columns(manifest.features)
    comparison = comparison._replace(scale=_scale(comparison, data))
    greatest = max(_difference(comparison, part) for part in _parts(comparison, data))
    far, limit = _far_difference(comparison)
    return Parity(float(f"{max(greatest, far):.1e}"), limit)


def _parts(comparison: Comparison, data: Rows) -> Iterator[Rows]:
    """Yield the rows to compare."""
    features = comparison.manifest.features
    random = rows.random(features, RANDOM_ROWS)
    yield data
    yield random
    yield from ([column[i : i + 1] for column in random] for i in range(SINGLE_ROWS))
    score = _scorer(comparison)
    known, around = (_accepted(comparison, part)[0] for part in (data if len(data[0]) else random, random))
    yield rows.incomplete(features, known)
    if len(known[0]) and len(around[0]):
        yield rows.at_thresholds(features, known, around, score)
        yield rows.at_ties(around, score)


def _scorer(comparison: Comparison) -> Callable[[Rows], NDArray[Any]]:
    """Return the function that predicts rows with the candidate: numbers, probabilities or codes of labels."""
    manifest = comparison.manifest
    codes = {label: i for i, label in enumerate(manifest.labels)}

    def score(columns: Rows) -> NDArray[Any]:
        numbers = np.full((len(columns[0]), max(1, len(codes) if manifest.output.probabilities else 1)), np.nan)
        accepted, positions = _accepted(comparison, columns)
        result = comparison.candidate.runtime.predict(accepted, probabilities=manifest.output.probabilities)
        if result.probabilities is not None:
            numbers[positions] = result.probabilities
        else:
            values = [codes[label] for label in result.predictions] if codes else result.predictions
            numbers[positions, 0] = values
        return numbers

    return score


def _accepted(comparison: Comparison, columns: Rows) -> tuple[Rows, NDArray[np.intp]]:
    """Return the rows that the candidate does not refuse, and their positions."""
    runtime = comparison.candidate.runtime
    if not isinstance(runtime, OnnxModel) or not len(columns[0]):
        return columns, np.arange(len(columns[0]))
    positions = np.flatnonzero(runtime.accepts(columns))
    return [column[positions] for column in columns], positions


def _scale(comparison: Comparison, data: Rows) -> float:
    """Return a regressor's greatest prediction for the data."""
    if comparison.manifest.kind == "classifier" or not len(data[0]):
        return 0.0
    return float(np.max(np.abs(_predict(comparison, comparison.reference, data).predictions)))


def _difference(comparison: Comparison, columns: Rows) -> float:
    """Return the greatest difference for some rows. Raises NotServed, with the first row that differs too much."""
    accepted, positions = _accepted(comparison, columns)
    refused = np.setdiff1d(np.arange(len(columns[0])), positions)[:MAX_REFUSED]
    for i in refused.tolist():
        _require_refused(comparison, [column[i : i + 1] for column in columns])
    return _accepted_difference(comparison, accepted) if len(accepted[0]) else 0.0


def _accepted_difference(comparison: Comparison, columns: Rows) -> float:
    expected = _predict(comparison, comparison.reference, columns)
    actual = _predict(comparison, comparison.candidate.runtime, columns)
    apart = by_row(comparison.manifest, comparison.scale, expected, actual)
    tolerance = comparison.candidate.tolerance
    tied = (margins(expected) <= tolerance) & ~same_probabilities(expected, actual)
    for i in np.flatnonzero((apart > tolerance) & ~tied).tolist():
        if apart[i] < MIN_JUMP or not _on_boundary(comparison, columns, i, expected, actual):
            raise NotServed(
                f"{comparison.candidate.name} predicts {result_text(actual, i)} instead of "
                f"{result_text(expected, i)} for {row_text(comparison.manifest, columns, i)}"
            )
    return float(np.max(apart[apart <= tolerance], initial=0.0))


def _on_boundary(comparison: Comparison, columns: Rows, position: int, expected: Predicted, actual: Predicted) -> bool:
    """Return true if the candidate jumps here: moved by a billionth, it predicts the one and the other.

    Then rounding decides. A threshold is exact, and is crossed along one feature; the boundary of a smooth function
    along several.
    """
    moved = _moved(comparison.manifest, columns, position)
    result = _predict(comparison, comparison.candidate.runtime, moved)
    at_expected, at_actual = (_equal(comparison, result, side, position) for side in (expected, actual))
    along = at_expected.reshape(-1, 2).any(axis=1).sum()
    return bool(at_actual.any() and along >= (1 if comparison.candidate.smooth else 2))


def _equal(comparison: Comparison, result: Predicted, side: Predicted, position: int) -> NDArray[np.bool_]:
    """Return true for results that are nearly one row's prediction."""
    count = len(result.predictions)
    shares = side.probabilities and [side.probabilities[position]] * count
    wanted = Predicted([side.predictions[position]] * count, shares or None)
    return np.less_equal(by_row(comparison.manifest, comparison.scale, wanted, result), MAX_MOVED_DIFFERENCE)


def _moved(manifest: Manifest, columns: Rows, position: int) -> Rows:
    """Return copies of a row, each with one number a little smaller or greater."""
    numbers = [i for i, feature in enumerate(manifest.features) if isinstance(feature, Number)]
    result: list[Any] = [np.repeat(column[position : position + 1], 2 * len(numbers)) for column in columns]
    for place, i in enumerate(numbers):
        low, high = manifest.features[i].range  # type: ignore[union-attr]
        step = NEAR * max(abs(float(columns[i][position])), high - low)
        result[i][2 * place] -= step
        result[i][2 * place + 1] += step
    return result


def _far_difference(comparison: Comparison) -> tuple[float, float]:
    """Return the greatest difference for large and tiny numbers, and the limit for numbers that was needed."""
    reasons = []
    ranges = [feature.range for feature in comparison.manifest.features if isinstance(feature, Number)]
    last = LAST_LIMIT * max((abs(end) for ends in ranges for end in ends), default=0.0)
    for limit in (*LIMITS, *([last] if 0 < last < LIMITS[-1] else [])):
        try:
            return _difference_up_to(comparison, limit), limit
        except NotServed as reason:
            reasons.append(reason)
    raise reasons[-1]


def _difference_up_to(comparison: Comparison, limit: float) -> float:
    columns = rows.far(comparison.manifest.features, FAR_ROWS, limit)
    runtime = comparison.candidate.runtime
    single = [[column[i : i + 1] for column in columns] for i in range(FAR_ROWS)]
    accepts = np.array([_accepts(comparison, runtime, row) for row in single])
    for i in np.flatnonzero(~accepts)[:MAX_REFUSED].tolist():
        _require_refused(comparison, single[i])
    for i in np.flatnonzero(accepts)[:MAX_REFUSED].tolist():
        if not _accepts(comparison, comparison.reference, single[i]):
            text = row_text(comparison.manifest, columns, i)
            raise NotServed(f"{comparison.candidate.name} has a prediction for {text}, and the model has none")
    accepted = [column[accepts] for column in columns]
    return _accepted_difference(comparison, accepted) if accepts.any() else 0.0


def _require_refused(comparison: Comparison, row: Rows) -> None:
    if _accepts(comparison, comparison.reference, row):
        raise NotServed(f"{comparison.candidate.name} has no prediction for {row_text(comparison.manifest, row, 0)}")


def _accepts(comparison: Comparison, runtime: Runtime, row: Rows) -> bool:
    """Return true if the service would return the prediction: no refused value, and finite numbers."""
    shares = comparison.manifest.output.probabilities
    try:
        result = runtime.predict(row, probabilities=shares)
    except InvalidInstances:
        return False
    numbers = result.predictions if comparison.manifest.kind == "regressor" else result.probabilities or []
    return bool(np.isfinite(numbers).all())


def _predict(comparison: Comparison, runtime: Runtime, columns: Rows) -> Predicted:
    try:
        return runtime.predict(columns, probabilities=comparison.manifest.output.probabilities)
    except Exception as error:
        if runtime is comparison.candidate.runtime:
            raise NotServed(f"{comparison.candidate.name} fails on rows that the model predicts") from error
        reason = getattr(error, "reason", "") or one_line(error)
        raise NotServed(f"the model fails on rows that are made for the comparison ({reason})") from error
