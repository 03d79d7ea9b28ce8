"""The estimator as an ONNX graph, run by onnxruntime: nothing is unpickled, and scikit-learn is not even imported.

`tools/model` makes the graph and holds it against the estimator; the manifest names it only where both agree. Numbers
are float64 throughout, as in scikit-learn.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared import artifacts, rows
from shared.manifest import Label, Onnx
from shared.problems import ModelCorrupt
from shared.rows import Answers, Column

MISSING = "nan"
SEVERITY_FATAL = 4  # an error comes as an exception too; warnings are about the graph's form: nothing to act on


class Graph:
    """A graph that answers rows. Safe from several threads at once: a session keeps nothing of a run.

    It has one input for the whole matrix, or one for each feature; its outputs are the values, or labels and
    probabilities in the order of `classes`.
    """

    def __init__(self, content: bytes, classes: Sequence[Label] = ()) -> None:
        self._session = _session(content)
        self._inputs = [each.name for each in self._session.get_inputs()]
        self._outputs = [each.name for each in self._session.get_outputs()]
        self._label = type(classes[0]) if classes else None
        """ONNX has labels that are texts or whole numbers; numbers and booleans are made what they were."""

    def answer(self, columns: Sequence[Column], *, probabilities: bool = False) -> Answers:
        """Its answers to some rows."""
        outputs = self._session.run(self._outputs[: 1 + probabilities], self._fed(columns))
        predictions = outputs[0].ravel()
        if self._label is None:
            return Answers(predictions.tolist(), None, rows.spread(predictions))
        if self._label in (bool, float):
            predictions = predictions.astype(self._label)
        return Answers(predictions.tolist(), outputs[1].tolist() if probabilities else None)

    def _fed(self, columns: Sequence[Column]) -> Mapping[str, NDArray[Any]]:
        if len(self._inputs) == 1:
            return {self._inputs[0]: rows.matrix(columns)}
        return {name: _present(column).reshape(-1, 1) for name, column in zip(self._inputs, columns, strict=True)}


def _present(column: Column) -> Column:
    """The column, with the text `nan` where one is missing: so skl2onnx writes the NaN among an encoder's values."""
    return np.where(column == column, column, MISSING) if column.dtype == object else column  # noqa: PLR0124 - NaN


def graph(folder: Path, onnx: Onnx, classes: Sequence[Label]) -> Graph:
    """The graph in `onnx`'s file. Raises ModelUnavailable or ModelCorrupt."""
    content = artifacts.content(folder / onnx.file, onnx.sha256)
    try:
        return Graph(content, classes)
    except Exception as error:
        raise ModelCorrupt(reason=f"the ONNX graph cannot be loaded: {type(error).__name__}: {error}") from error


def _session(content: bytes) -> Any:
    import onnxruntime  # noqa: PLC0415 - only where a graph is served

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # requests share the cores, not their matrices
    options.log_severity_level = SEVERITY_FATAL
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
