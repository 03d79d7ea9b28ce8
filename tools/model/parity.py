"""Parity: whether something else answers as the estimator does, so that it may be served in its place.

Both are asked rows of the training data, 10,000 random ones, half of them outside its range, and 200 with numbers up to
±1e300.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from shared.model.columns import Column
from shared.model.manifest import Boolean, Category, Feature, Manifest, Number, Text
from shared.model.runtimes import Predicted, Runtime
from shared.model.runtimes.sklearn import SklearnModel
from shared.problems import InvalidInstances
from tools.model import probe
from tools.model.data import Table, sample
from tools.model.refused import one_line
from tools.model.texts import NEUTRAL

RANDOM_ROWS = 10_000
MOST_DATA_ROWS = 10_000  # with the random ones half a minute of a network of 9 million weights
FAR_ROWS = 200
FAR_SPANS = 1_000  # of the training range, that a quarter of the random rows may lie beside it
MOST_DIGITS = 300  # before or after the decimal point of a far number
MISSING = 0.1  # of the values that may be missing
ZERO = 0.1  # of the far numbers that are 0 or -0
ALONE = 5  # rows that are also asked by themselves: most requests have one
TOLERANCE = 1e-9  # rounding differs by 1e-12 and less; a float32 step on the way by 1e-7 and more


class NotServed(Exception):
    """The estimator cannot be served in another form. The message is the reason, and is printed after a colon."""


def held(found: Manifest, estimator: Any, other: Runtime, table: Table, name: str) -> float:
    """The greatest difference between the answers of the estimator and of `other`, called `name`. Raises NotServed."""
    difference = _difference(found, SklearnModel(found, estimator), other, table)
    if difference > TOLERANCE:
        far = f", by up to {difference:.1e}" if np.isfinite(difference) else ": another label, or none for a row"
        raise NotServed(f"{name} answers otherwise{far}")
    return float(f"{difference:.1e}")


def random_rows(features: Sequence[Feature], count: int) -> list[Column]:
    """Columns of rows that nobody has: half within the training range, half around it, some values missing."""
    chance = np.random.default_rng(0)
    return [_random(feature, count, chance) for feature in features]


def far_rows(features: Sequence[Feature], count: int) -> list[Column]:
    """Columns of rows in which a number, or every second, is of any size, or 0."""
    chance = np.random.default_rng(1)
    columns = [_random(feature, count, chance) for feature in features]
    numbers = [i for i, feature in enumerate(features) if isinstance(feature, Number)]
    for place, i in enumerate(numbers):
        chosen = (chance.random(count) < 0.5) | (np.arange(count) % len(numbers) == place)
        sizes = chance.choice([-1.0, 1.0], count) * 10.0 ** chance.uniform(-MOST_DIGITS, MOST_DIGITS, count)
        sizes[chance.random(count) < ZERO] *= 0.0
        columns[i] = np.where(chosen, sizes, columns[i])
    return columns


def _difference(found: Manifest, fitted: SklearnModel, other: Runtime, table: Table) -> float:
    """The greatest difference between both over all rows that are asked; infinite for different labels."""
    data = sample(table, found.features, MOST_DATA_ROWS).columns(found.features)
    random = random_rows(found.features, RANDOM_ROWS)
    alone = [[column[i : i + 1] for column in random] for i in range(ALONE)]
    asked = [data, random, *alone] if len(data[0]) else [random, *alone]
    likely = found.output.probabilities
    try:
        answers = [
            (fitted.predict(each, probabilities=likely), other.predict(each, probabilities=likely)) for each in asked
        ]
        far = [*_far_answers(found, fitted, other)]
    except Exception as error:
        raise NotServed(f"not every row can be compared ({one_line(error)})") from error
    scale = float(np.max(np.abs(answers[0][0].predictions))) if found.kind == "regressor" else 0.0
    return max(_apart(found, scale, *pair) for pair in [*answers, *far])


def _far_answers(found: Manifest, fitted: SklearnModel, other: Runtime) -> Iterator[tuple[Predicted, Predicted]]:
    """Both answers to far rows, each asked by itself, as one that is refused takes its whole request along."""
    columns = far_rows(found.features, FAR_ROWS)
    for i in range(FAR_ROWS):
        row = [column[i : i + 1] for column in columns]
        for likely in {False, found.output.probabilities}:
            yield _answer(found, fitted, row, likely=likely), _answer(found, other, row, likely=likely)


def _answer(found: Manifest, answering: Runtime, row: Sequence[Column], *, likely: bool) -> Predicted:
    """The answer to one row; none where the service would refuse it."""
    try:
        answers = answering.predict(row, probabilities=likely)
    except InvalidInstances:
        return Predicted([])
    told = answers.predictions if found.kind == "regressor" else answers.probabilities or []
    return answers if np.isfinite(told).all() else Predicted([])


def _apart(found: Manifest, scale: float, wanted: Predicted, given: Predicted) -> float:
    if len(wanted.predictions) != len(given.predictions):
        return float("inf")
    if found.kind == "regressor":
        return _relative(np.asarray(wanted.predictions), np.asarray(given.predictions), scale)
    if [*map(_typed, wanted.predictions)] != [*map(_typed, given.predictions)]:
        return float("inf")
    if wanted.probabilities is None:
        return 0.0
    return _greatest(np.abs(np.asarray(wanted.probabilities) - np.asarray(given.probabilities)))


def _relative(wanted: Any, given: Any, scale: float) -> float:
    """The greatest difference, relative to the values, or to the data's greatest one for values near zero."""
    if wanted.shape != given.shape or not np.array_equal(np.isfinite(wanted), np.isfinite(given)):
        return float("inf")
    finite = np.isfinite(wanted)
    size = np.maximum(np.abs(wanted[finite]), scale or 1.0)
    return _greatest(np.abs(wanted[finite] - given[finite]) / size)


def _greatest(differences: Any) -> float:
    """The greatest of them, 0 of none; one that is not a number counts as infinite."""
    return float(np.nan_to_num(np.max(differences, initial=0.0), nan=np.inf))


def _typed(label: Any) -> tuple[type, Any]:
    """1 and True are equal, and are not the same answer."""
    return type(label), label


def _random(feature: Feature, count: int, chance: np.random.Generator) -> Column:
    values = _numbers(feature, count, chance) if isinstance(feature, Number) else _texts(feature, count, chance)
    if feature.optional:
        values[chance.random(count) < MISSING] = np.nan
    return values


def _numbers(feature: Number, count: int, chance: np.random.Generator) -> Column:
    low, high = feature.range
    span = high - low or max(abs(low), 1.0)
    values = chance.uniform(low, high, count)
    around, far = np.split(values[count // 2 :], 2)
    around += chance.uniform(-span, span, len(around))
    far += chance.uniform(-span, span, len(far)) * FAR_SPANS
    return values


def _texts(feature: Category | Boolean | Text, count: int, chance: np.random.Generator) -> Column:
    if isinstance(feature, Text):
        return chance.choice(np.array(NEUTRAL, dtype=object), count)
    if isinstance(feature, Boolean):
        return chance.integers(0, 2, count).astype(np.float64)
    values = [*feature.values, *(probe.unseen(feature) if feature.open else ())]
    return chance.choice(np.array(values, dtype=object), count)
