"""`python -m bench.models`: write the table of models in docs/models.md.

Each model is adopted as its owner would. The times are the shortest of several, of one row through the runtime.
"""

import contextlib
import io
import sys
import tempfile
import time
import timeit
from pathlib import Path
from typing import Any, NamedTuple

from bench.models.subjects import Subject, fitted, subjects
from shared.model.loader import load_runtime
from shared.model.manifest import Manifest
from shared.model.runtimes import Runtime
from shared.model.runtimes.sklearn import SklearnModel
from tools.model import Refused, adopt, rows

REPEATS, SECONDS = 5, 0.02


class Result(NamedTuple):
    """One line of the table."""

    subject: Subject
    runtime: str
    difference: float | None
    served: float
    """Seconds for one row."""
    sklearn: float
    reason: str
    seconds: float
    """Of the adoption."""


def main() -> None:
    """Print the table, or the lines of the subjects that are named."""
    for subject in subjects():
        if len(sys.argv) > 1 and not any(word in subject.name for word in sys.argv[1:]):
            continue
        result = measure(subject)
        print(line(result) if result else f"| {subject.name} | does not fit |", flush=True)


def measure(subject: Subject) -> Result | None:
    """Adopt one model and time it; None if it does not fit its data."""
    estimator = fitted(subject)
    if estimator is None:
        return None
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as printed:
        started = time.perf_counter()
        try:
            manifest = _adopted(subject, estimator, Path(folder))
        except Refused as error:
            return Result(subject, "refused", None, 0.0, 0.0, str(error), time.perf_counter() - started)
        seconds = time.perf_counter() - started
        served = _row_seconds(manifest, load_runtime(Path(folder), manifest))
    reference = _row_seconds(manifest, SklearnModel(manifest, estimator))
    reasons = [text for text in printed.getvalue().splitlines() if text.startswith("Not served by onnxruntime")]
    return Result(
        subject, manifest.artifact.runtime, _difference(manifest), served, reference, "".join(reasons), seconds
    )


def line(result: Result) -> str:
    """Return one line of the table."""
    difference = "" if result.difference is None else f"{result.difference:.0e}" if result.difference else "0"
    times = f"{result.served * 1e6:.0f} | {result.sklearn * 1e6:.0f}"
    return (
        f"| {result.subject.name} | {result.runtime} | {difference} | {times} | {result.seconds:.1f} s {result.reason}"
    )


def _adopted(subject: Subject, estimator: Any, folder: Path) -> Manifest:
    width = getattr(subject.X, "shape", (0, 0))[1]
    names = () if hasattr(subject.X, "columns") else [f"x{i}" for i in range(width)]
    return adopt(estimator, subject.X, subject.y, name="subject", names=names, folder=folder)


def _row_seconds(manifest: Manifest, runtime: Runtime) -> float:
    row = [column[:1] for column in rows.random(manifest.features, 4)]
    shares = manifest.output.probabilities
    timer = timeit.Timer(lambda: runtime.predict(row, probabilities=shares))
    once = timer.timeit(1)
    count = max(1, int(SECONDS / max(once, 1e-6)))
    return min(timer.repeat(REPEATS, count)) / count


def _difference(manifest: Manifest) -> float | None:
    described = manifest.artifact.linear or manifest.artifact.onnx
    return described.difference if described else None


if __name__ == "__main__":
    main()
