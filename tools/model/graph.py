"""The ONNX graph: the estimator written for onnxruntime, and served in its place only when both answer the same.

Both are asked rows of the training data, 10,000 random ones, half of them outside its range, and 200 with numbers up to
±1e300. A model that cannot be written, cannot be loaded, or answers otherwise stays with scikit-learn, and the person
who adopts it reads why.
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
from shared.model import Answering
from shared.onnx import Graph
from shared.problems import InvalidInstances
from shared.rows import Answers, Column
from tools.model.data import Table, sample
from tools.model.refused import one_line

FILE = "slr.onnx"
OPSETS = {"": 21, "ai.onnx.ml": 3}  # what the deployed onnxruntime has float64 kernels for
TREES = (b"sklearn.tree._tree", b"sklearn.ensemble._hist_gradient_boosting")
RANDOM_ROWS = 10_000
MOST_DATA_ROWS = 10_000  # with the random ones half a minute of a network of 9 million weights
FAR_ROWS = 200
FAR_SPANS = 1_000  # of the training range, that a quarter of the random rows may lie beside it
MOST_DIGITS = 300  # before or after the decimal point of a far number
MISSING = 0.1  # of the values that may be missing
ZERO = 0.1  # of the far numbers that are 0 or -0
ALONE = 5  # rows that are also asked by themselves: most requests have one
TOLERANCE = 1e-9  # rounding differs by 1e-12 and less; a float32 step on the way by 1e-7 and more


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


def _written(found: Manifest, estimator: Any, table: Table, inputs: Inputs) -> Written:
    """The graph with these inputs. Raises Stays."""
    classes = found.output.classes if found.kind == "classifier" else ()
    try:
        converted = _converted(estimator, inputs)
        content = bytes(converted.SerializeToString(deterministic=True))
        graph = Graph(content, classes)
    except Exception as error:
        raise Stays(f"it has no ONNX graph that onnxruntime loads ({one_line(error)})") from error
    _refuse_steps(converted)
    difference = _difference(found, Fitted(found, estimator), graph, table)
    if difference > TOLERANCE:
        far = f", by up to {difference:.1e}" if np.isfinite(difference) else ": another label, or none for a row"
        raise Stays(f"its ONNX graph answers otherwise{far}")
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
    try:
        from skl2onnx.common.data_types import DoubleTensorType, StringTensorType
    except ImportError as error:
        raise Stays(f"skl2onnx, which writes ONNX graphs, cannot be imported ({one_line(error)})") from error

    if all(isinstance(feature, Number) for feature in features):
        yield [("rows", DoubleTensorType([None, len(features)]))]
    kinds = [DoubleTensorType if isinstance(feature, Number) else StringTensorType for feature in features]
    yield [(feature.name, kind([None, 1])) for feature, kind in zip(features, kinds, strict=True)]


def _refuse_steps(graph: Any) -> None:
    """Raises Stays for what rows seldom show: float32 at the edges between labels, and the memory of large requests.

    Weights that are an attribute, as those of support vectors, are float32; float64 ones are tensors.
    """
    steps = graph.graph.node
    if any(step.op_type == "Scan" for step in steps):
        raise Stays("its ONNX graph holds the distances from all rows to all training rows in memory")
    if any(given.floats for step in steps for given in step.attribute):
        raise Stays("its ONNX graph computes in float32")


def _converted(estimator: Any, inputs: Inputs) -> Any:
    """The graph as ONNX's own type, the same for the same estimator."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DoubleTensorType

    options, outputs = None, None
    if hasattr(estimator, "classes_"):
        options = {id(estimator): {"zipmap": False}}
        outputs = [("label", None), ("probabilities", DoubleTensorType())]  # float32 behind texts, left to itself
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return convert_sklearn(estimator, "model", inputs, target_opset=OPSETS, options=options, final_types=outputs)


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
        far = [*_far_answers(found, fitted, graph)]
    except Exception as error:
        raise Stays(f"not every row can be compared ({one_line(error)})") from error
    scale = float(np.max(np.abs(answers[0][0].predictions))) if found.kind == "regressor" else 0.0
    return max(_apart(found, scale, *pair) for pair in [*answers, *far])


def _far_answers(found: Manifest, fitted: Fitted, graph: Graph) -> Iterator[tuple[Answers, Answers]]:
    """Both answers to far rows, each asked by itself, as one that is refused takes its whole request along."""
    columns = far_rows(found.features, FAR_ROWS)
    for i in range(FAR_ROWS):
        row = [column[i : i + 1] for column in columns]
        for likely in {False, found.output.probabilities}:
            yield _answer(found, fitted, row, likely=likely), _answer(found, graph, row, likely=likely)


def _answer(found: Manifest, answering: Answering, row: Sequence[Column], *, likely: bool) -> Answers:
    """The answer to one row; none where the service would refuse it."""
    try:
        answers = answering.answer(row, probabilities=likely)
    except InvalidInstances:
        return Answers([])
    told = answers.predictions if found.kind == "regressor" else answers.probabilities or []
    return answers if np.isfinite(told).all() else Answers([])


def _apart(found: Manifest, scale: float, wanted: Answers, given: Answers) -> float:
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


def _texts(feature: Category, count: int, chance: np.random.Generator) -> Column:
    return chance.choice(np.array(feature.values, dtype=object), count)
