"""The ONNX graph: the estimator written for onnxruntime, and served in its place only when both answer the same.

Both are asked the training data and 10,000 random rows, half of them outside its range. A model that cannot be
written, cannot be loaded, or answers otherwise stays with scikit-learn, and the person who adopts it reads why.
"""

import hashlib
import pickle
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

from shared.fitted import Fitted
from shared.manifest import Category, Feature, Manifest, Number, Onnx
from shared.onnx import Graph
from shared.rows import Answers, Column
from tools.model.data import Table, sample
from tools.model.refused import one_line

FILE = "slr.onnx"
OPSETS = {"": 21, "ai.onnx.ml": 3}  # what the deployed onnxruntime has float64 kernels for
TREES = (b"sklearn.tree._tree", b"sklearn.ensemble._hist_gradient_boosting")
RANDOM_ROWS = 10_000
MOST_DATA_ROWS = 100_000
MISSING = 0.1  # of the values that may be missing
ALONE = 5  # rows that are also asked by themselves: most requests have one
TOLERANCE = 1e-9  # rounding differs by 1e-13 and less; a float32 step on the way by 1e-7 and more


type Inputs = list[tuple[str, Any]]
"""Name and type of each input of a graph."""


class Stays(Exception):
    """Why the estimator is served by scikit-learn; a reason for people, to be read after a colon."""


class Written(NamedTuple):
    """A graph that answers as the estimator does: its file's content, and what the manifest says of it."""

    content: bytes
    onnx: Onnx
    graph: Graph


def of(found: Manifest, estimator: Any, table: Table) -> Written:
    """The estimator as a graph. Raises Stays, with what was wrong with the first form that was tried."""
    _refuse_trees(estimator)
    reasons = []
    for inputs in _inputs(found.features):
        try:
            return _written(found, estimator, table, inputs)
        except Stays as reason:
            reasons.append(reason)
    raise reasons[0]


def random_rows(features: Sequence[Feature], count: int) -> list[Column]:
    """Columns of rows that nobody has: half within the training range, half around it, some values missing."""
    chance = np.random.default_rng(0)
    return [_random(feature, count, chance) for feature in features]


def _written(found: Manifest, estimator: Any, table: Table, inputs: Inputs) -> Written:
    """The graph with these inputs. Raises Stays."""
    classes = found.output.classes if found.kind == "classifier" else ()
    try:
        content = _converted(estimator, inputs)
        graph = Graph(content, classes)
    except Exception as error:
        raise Stays(f"it has no ONNX graph that onnxruntime loads ({one_line(error)})") from error
    difference = _difference(found, Fitted(found, estimator), graph, table)
    if difference > TOLERANCE:
        raise Stays(f"its ONNX graph answers otherwise, by up to {difference:.1e}")
    digest, told = hashlib.sha256(content).hexdigest(), float(f"{difference:.1e}")
    said = Onnx(file=FILE, sha256=digest, runtime=version("onnxruntime"), difference=told, tolerance=TOLERANCE)
    return Written(content, said, graph)


def _refuse_trees(estimator: Any) -> None:
    """Writing a forest takes minutes, and is for nothing: onnxruntime has trees in float32 only."""
    content = pickle.dumps(estimator)
    if any(module in content for module in TREES):
        raise Stays("onnxruntime has no trees in float64")


def _inputs(features: Sequence[Feature]) -> Iterator[Inputs]:
    """The forms in which rows may go in: one matrix where all are numbers, or one input for each feature."""
    from skl2onnx.common.data_types import DoubleTensorType, StringTensorType

    if all(isinstance(feature, Number) for feature in features):
        yield [("rows", DoubleTensorType([None, len(features)]))]
    kinds = [DoubleTensorType if isinstance(feature, Number) else StringTensorType for feature in features]
    yield [(feature.name, kind([None, 1])) for feature, kind in zip(features, kinds, strict=True)]


def _converted(estimator: Any, inputs: Inputs) -> bytes:
    """The graph's bytes, the same for the same estimator."""
    from skl2onnx import convert_sklearn

    options = {id(estimator): {"zipmap": False}} if hasattr(estimator, "classes_") else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = convert_sklearn(estimator, "model", inputs, target_opset=OPSETS, options=options)
    return bytes(graph.SerializeToString(deterministic=True))


def _difference(found: Manifest, fitted: Fitted, graph: Graph, table: Table) -> float:
    """The greatest difference between both over all rows that are asked; infinite for different labels."""
    data = sample(table, found.features, MOST_DATA_ROWS).columns(found.features)
    random = random_rows(found.features, RANDOM_ROWS)
    alone = [[column[i : i + 1] for column in random] for i in range(ALONE)]
    asked = [data, random, *alone] if len(data[0]) else [random, *alone]
    likely = found.output.probabilities
    try:
        answers = [
            (fitted.answer(each, probabilities=likely), graph.answer(each, probabilities=likely)) for each in asked
        ]
    except Exception as error:
        raise Stays(f"not every row can be compared ({one_line(error)})") from error
    scale = float(np.max(np.abs(answers[0][0].predictions))) if found.kind == "regressor" else 0.0
    return max(_apart(found, scale, *pair) for pair in answers)


def _apart(found: Manifest, scale: float, wanted: Answers, given: Answers) -> float:
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
    values[count // 2 :] += chance.uniform(-span, span, count - count // 2)
    return values


def _texts(feature: Category, count: int, chance: np.random.Generator) -> Column:
    return chance.choice(np.array(feature.values, dtype=object), count)
