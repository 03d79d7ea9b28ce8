"""The ONNX graph: the estimator written for onnxruntime, and served in its place only where both predict the same.

The owner of a model that has no graph, or whose graph predicts something else, reads why.
"""

import hashlib
import traceback
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from shared.model.manifest import APP, Manifest, Onnx, Text
from shared.model.runtimes.onnx import OnnxModel
from tools.model import parity
from tools.model.data import Table
from tools.model.parity import Candidate, NotServed

FILE = "slr.onnx"
NAME = "its ONNX graph"


class Written(NamedTuple):
    """A graph that predicts what the estimator predicts: its file's content, its description and its runtime."""

    content: bytes
    onnx: Onnx
    graph: OnnxModel


def build(manifest: Manifest, estimator: Any, table: Table) -> Written:
    """Return the estimator as a graph. Raises NotServed."""
    try:
        from tools.model import graphs
    except ImportError as error:
        raise NotServed("the package onnx, which writes graphs, cannot be imported") from error
    if any(isinstance(feature, Text) for feature in manifest.features):
        raise NotServed("it reads free text")
    shares = manifest.output.probabilities
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = graphs.write(
                estimator, manifest.features, classifier=manifest.kind == "classifier", probabilities=shares
            )
        graph = OnnxModel(file.content, manifest.features, manifest.labels)
    except graphs.Unsupported as reason:
        raise NotServed(str(reason)) from reason
    except Exception as error:
        raise NotServed(f"writing its ONNX graph failed, which is a fault of {_place(error)}") from error
    tolerance = parity.SINGLE_PRECISION if file.single_precision else parity.TOLERANCE
    candidate = Candidate(graph, NAME, tolerance, smooth=file.smooth)
    difference, limit = parity.compare(manifest, estimator, candidate, table)
    sha256 = hashlib.sha256(file.content).hexdigest()
    runtime = version("onnxruntime")
    onnx = Onnx(
        file=FILE, sha256=sha256, runtime=runtime, difference=difference, tolerance=tolerance, max_absolute=limit
    )
    return Written(file.content, onnx, graph)


def _place(error: Exception) -> str:
    """Return the line of this project that failed, for whoever mends it; an owner cannot use the error's own text."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(APP)]
    name = Path(own[-1].filename).relative_to(APP).as_posix()
    return f"{name}, line {own[-1].lineno} ({type(error).__name__})"
