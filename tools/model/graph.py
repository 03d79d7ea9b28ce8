"""The ONNX graph: the estimator written for onnxruntime, and served in its place only when both answer the same.

The person who adopts a model that cannot be written, cannot be loaded, or answers otherwise reads why.
"""

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

import cloudpickle

from shared.model.manifest import Feature, Manifest, Onnx, Text, is_numeric
from shared.model.runtimes.onnx import OnnxModel
from tools.model import parity
from tools.model.data import Table
from tools.model.parity import NotServed
from tools.model.refused import one_line

FILE = "slr.onnx"
OPSETS = {"": 21, "ai.onnx.ml": 3}  # what the deployed onnxruntime has float64 kernels for
TREES = (b"sklearn.tree._tree", b"sklearn.ensemble._hist_gradient_boosting")

type Inputs = list[tuple[str, Any]]
"""Name and type of each input of a graph."""


class Written(NamedTuple):
    """A graph that answers as the estimator does: its file's content, and what the manifest says of it."""

    content: bytes
    onnx: Onnx
    graph: OnnxModel


def of(found: Manifest, estimator: Any, table: Table) -> Written:
    """The estimator as a graph. Raises NotServed, with what was wrong with the first form that was tried."""
    if any(isinstance(feature, Text) for feature in found.features):
        raise NotServed("it reads free text")
    _refuse_trees(estimator)
    reasons = []
    for inputs in _inputs(found.features):
        try:
            return _written(found, estimator, table, inputs)
        except NotServed as reason:
            reasons.append(reason)
    raise reasons[0]


def _written(found: Manifest, estimator: Any, table: Table, inputs: Inputs) -> Written:
    """The graph with these inputs. Raises NotServed."""
    try:
        converted = _converted(estimator, inputs)
        content = bytes(converted.SerializeToString(deterministic=True))
        graph = OnnxModel(content, found.labels)
    except Exception as error:
        raise NotServed(f"it has no ONNX graph that onnxruntime loads ({one_line(error)})") from error
    _refuse_steps(converted)
    difference = parity.held(found, estimator, graph, table, "its ONNX graph")
    digest, runtime = hashlib.sha256(content).hexdigest(), version("onnxruntime")
    said = Onnx(file=FILE, sha256=digest, runtime=runtime, difference=difference, tolerance=parity.TOLERANCE)
    return Written(content, said, graph)


def _refuse_trees(estimator: Any) -> None:
    """Writing a forest takes minutes, and is for nothing: onnxruntime has trees in float32 only."""
    content = cloudpickle.dumps(estimator)  # takes functions of the training script too
    if any(module in content for module in TREES):
        raise NotServed("onnxruntime has no trees in float64")


def _inputs(features: Sequence[Feature]) -> Iterator[Inputs]:
    """The forms in which rows may go in: one matrix where all are numbers, or one input for each feature."""
    try:
        from skl2onnx.common.data_types import DoubleTensorType, StringTensorType
    except ImportError as error:
        raise NotServed(f"skl2onnx, which writes ONNX graphs, cannot be imported ({one_line(error)})") from error

    if all(map(is_numeric, features)):
        yield [("rows", DoubleTensorType([None, len(features)]))]
    kinds = [DoubleTensorType if is_numeric(feature) else StringTensorType for feature in features]
    yield [(feature.name, kind([None, 1])) for feature, kind in zip(features, kinds, strict=True)]


def _refuse_steps(graph: Any) -> None:
    """Raises NotServed for what rows seldom show: float32 at edges between labels, and the memory of large requests.

    Weights that are an attribute, as those of support vectors, are float32; float64 ones are tensors.
    """
    steps = graph.graph.node
    if any(step.op_type == "Scan" for step in steps):
        raise NotServed("its ONNX graph holds the distances from all rows to all training rows in memory")
    if any(given.floats for step in steps for given in step.attribute):
        raise NotServed("its ONNX graph computes in float32")


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
