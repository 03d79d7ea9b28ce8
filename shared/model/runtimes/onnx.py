"""The estimator as an ONNX graph in onnxruntime: nothing is unpickled, and scikit-learn is not imported.

`tools/model/graphs` writes the graph, and `tools/model` compares it with the estimator; the manifest names it only
where both agree. Its input is one matrix in float64, in which a category is the place of its value in the manifest.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.model import artifact
from shared.model.columns import Column, matrix
from shared.model.manifest import Category, Feature, Label, Onnx
from shared.model.runtimes import Predicted, summarize
from shared.problems import MAX_BAD_FIELDS, BadField, InvalidInstances, ModelCorrupt, Reason, pointer

ROWS = "rows"
PREDICTIONS, CLASS, PROBABILITIES, VALID = "predictions", "class", "probabilities", "valid"
CHUNK = 5_000  # rows at once, half of the largest request: a graph of 500 trees needs up to a megabyte for a hundred
SEVERITY_FATAL = 4  # an error is raised as an exception too; warnings are about the graph's form: nothing to act on

type Results = dict[str, NDArray[Any]]


class OnnxModel:
    """A graph. Safe to use from several threads at once: a session keeps no state of a run."""

    def __init__(self, content: bytes, features: Sequence[Feature], labels: Sequence[Label] = ()) -> None:
        self._session = _session(content)
        self._outputs = {node.name for node in self._session.get_outputs()}
        self._labels = list(labels)
        self._codes = [_Codes(feature.values) if isinstance(feature, Category) else None for feature in features]
        main, valid, shares = CLASS if labels else PREDICTIONS, self._present(VALID), self._present(PROBABILITIES)
        self._without, self._with_probabilities = [main, *valid], [main, *shares, *valid]
        self._has_categories = any(self._codes)
        if main not in self._outputs:
            raise ModelCorrupt(reason="the ONNX graph is of an older form: run make model again")

    def predict(self, columns: Sequence[Column], *, probabilities: bool = False) -> Predicted:
        """Return the predictions for some rows. Raises InvalidInstances for rows that the estimator refuses."""
        wanted = self._with_probabilities if probabilities else self._without
        results = self._run(self._rows(columns), wanted)
        shares = results[PROBABILITIES].tolist() if PROBABILITIES in results else None
        if not self._labels:
            predictions = results[PREDICTIONS]
            return Predicted(predictions.tolist(), None, summarize(predictions))
        return Predicted([self._labels[i] for i in results[CLASS].tolist()], shares)

    def accepts(self, columns: Sequence[Column]) -> NDArray[np.bool_]:
        """Return true for each row that the estimator does not refuse."""
        if VALID not in self._outputs:
            return np.ones(len(columns[0]), dtype=bool)
        chunks = [self._session.run([VALID], {ROWS: chunk})[0] for chunk in _chunks(self._rows(columns))]
        return np.concatenate(chunks)

    def _run(self, rows: NDArray[np.float64], wanted: list[str]) -> Results:
        chunks = [self._session.run(wanted, {ROWS: chunk}) for chunk in _chunks(rows)]
        joined = chunks[0] if len(chunks) == 1 else map(np.concatenate, zip(*chunks, strict=True))
        results = dict(zip(wanted, joined, strict=True))
        if VALID in results and not results[VALID].all():
            _raise_invalid(results[VALID])
        return results

    def _present(self, output: str) -> list[str]:
        return [output] if output in self._outputs else []

    def _rows(self, columns: Sequence[Column]) -> NDArray[np.float64]:
        """Return the columns as the graph's input, with codes for categories."""
        if not self._has_categories:
            return matrix(columns)
        pairs = zip(columns, self._codes, strict=True)
        return matrix([column if codes is None else codes.encode(column) for column, codes in pairs])


class _Codes:
    """The codes of a category's values: their places, then one for an unknown value, then one for a missing one."""

    def __init__(self, values: Sequence[str]) -> None:
        self._places: dict[Any, float] = {value: float(i) for i, value in enumerate(values)}
        self._unknown = float(len(values))
        self._missing = self._unknown + 1.0

    def encode(self, column: Column) -> NDArray[np.float64]:
        """Return the codes of texts; NaN is a missing one."""
        get, unknown, missing = self._places.get, self._unknown, self._missing
        codes = [get(value, unknown) if isinstance(value, str) else missing for value in column.tolist()]
        return np.array(codes, dtype=np.float64)


def load(folder: Path, onnx: Onnx, features: Sequence[Feature], labels: Sequence[Label]) -> OnnxModel:
    """Return the graph in `onnx`'s file. Raises ModelUnavailable or ModelCorrupt; ImportError without onnxruntime."""
    content = artifact.read(folder / onnx.file, onnx.sha256)
    try:
        return OnnxModel(content, features, labels)
    except (ModelCorrupt, ImportError):
        raise
    except Exception as error:
        raise ModelCorrupt(reason=f"the ONNX graph cannot be loaded: {type(error).__name__}: {error}") from error


def _chunks(rows: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Yield the rows in parts, so that a large request needs no more memory than a part of it."""
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _raise_invalid(valid: NDArray[np.bool_]) -> None:
    detail = "has a value that the model does not take"
    positions = np.flatnonzero(~valid)[:MAX_BAD_FIELDS].tolist()
    bad_fields = [BadField(pointer("instances", i), detail, Reason.REFUSED) for i in positions]
    raise InvalidInstances("The model takes no such values", bad_fields=bad_fields, reason="refused by the graph")


def _session(content: bytes) -> Any:
    import onnxruntime  # noqa: PLC0415 - only where a graph is served

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # requests share the cores, not their matrices
    options.log_severity_level = SEVERITY_FATAL
    options.enable_cpu_mem_arena = False  # it would keep the memory of the largest batch, and is not faster
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    session._model_bytes = None  # noqa: SLF001 - the whole file, kept in case the providers change
    return session
