"""The estimator as an ONNX graph in onnxruntime: nothing is unpickled, and scikit-learn is not imported.

`tools/model` writes the graph and compares it with the estimator; the manifest names it only where both agree. Numbers
are float64 throughout, as in scikit-learn.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.model import artifact
from shared.model.columns import Column, matrix
from shared.model.manifest import Label, Onnx
from shared.model.runtimes import Predicted, summarize
from shared.problems import ModelCorrupt

MISSING = "nan"
OTHER_TEXT = "\0nan"  # for a text "nan" in a request, which is no missing value; numpy strips a NUL at the end
SEVERITY_FATAL = 4  # an error is raised as an exception too; warnings are about the graph's form: nothing to act on


class OnnxModel:
    """A graph. Safe to use from several threads at once: a session keeps no state of a run.

    It has one input for the whole matrix, or one for each feature; its outputs are the values, or labels and
    probabilities in the order of `classes`.
    """

    def __init__(self, content: bytes, classes: Sequence[Label] = ()) -> None:
        self._session = _session(content)
        self._inputs = [node.name for node in self._session.get_inputs()]
        self._outputs = [node.name for node in self._session.get_outputs()]
        self._label_type = type(classes[0]) if classes else None
        """Labels in ONNX are texts or whole numbers; floats and booleans are converted back."""

    def predict(self, columns: Sequence[Column], *, probabilities: bool = False) -> Predicted:
        """Return the predictions for some rows."""
        outputs = self._session.run(self._outputs[: 1 + probabilities], self._feeds(columns))
        predictions = outputs[0].ravel()
        if self._label_type is None:
            return Predicted(predictions.tolist(), None, summarize(predictions))
        if self._label_type in (bool, float):
            predictions = predictions.astype(self._label_type)
        return Predicted(predictions.tolist(), outputs[1].tolist() if probabilities else None)

    def _feeds(self, columns: Sequence[Column]) -> Mapping[str, NDArray[Any]]:
        if len(self._inputs) == 1:
            return {self._inputs[0]: matrix(columns)}
        return {name: _without_nan(column).reshape(-1, 1) for name, column in zip(self._inputs, columns, strict=True)}


def _without_nan(column: Column) -> Column:
    """Return the column with the text `nan` for missing texts: skl2onnx writes the NaN of an encoder so."""
    if column.dtype != object:
        return column
    return np.where(column == column, np.where(column == MISSING, OTHER_TEXT, column), MISSING)  # noqa: PLR0124 - NaN


def load(folder: Path, onnx: Onnx, classes: Sequence[Label]) -> OnnxModel:
    """Return the graph in `onnx`'s file. Raises ModelUnavailable or ModelCorrupt."""
    content = artifact.read(folder / onnx.file, onnx.sha256)
    try:
        return OnnxModel(content, classes)
    except Exception as error:
        raise ModelCorrupt(reason=f"the ONNX graph cannot be loaded: {type(error).__name__}: {error}") from error


def _session(content: bytes) -> Any:
    import onnxruntime  # noqa: PLC0415 - only where a graph is served

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # requests share the cores, not their matrices
    options.log_severity_level = SEVERITY_FATAL
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
