"""The lazily loaded model: integrity first, one load for all who wait, then predictions.

Before anything is unpickled the file's SHA-256 must equal the manifest's. This finds corruption and mix-ups, not an
attacker who can write both files: unpickling runs what the file says.
"""

import asyncio
import gc
import hashlib
import io
import math
import time
import warnings
from bisect import bisect_right
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from shared import manifest, offload, telemetry
from shared.manifest import Artifact, Label, Manifest
from shared.problems import (
    BadField,
    InvalidInstances,
    ModelCorrupt,
    ModelUnavailable,
    ModelVersionMismatch,
    Problem,
)

LFS_POINTER = b"version https://git-lfs.github.com/spec/v1"
RETRY_SECONDS = 5.0  # a failed load is remembered this long: a missing mount may come, a hammered disk must not

_log = telemetry.get_logger("model")


class Scores(Struct, frozen=True):
    """What the model says of some instances, in their order."""

    predictions: list[Any]
    """`estimator.predict`: numbers for a regressor, labels for a classifier."""
    outside: list[Any]
    """Warnings: `schemas.OutsideRange`."""
    probabilities: list[dict[str, float]] | None = None
    """Label → probability, where they were asked for and the classifier has them."""


class Model:
    """An estimator and what the manifest says of it. Safe from several threads at once."""

    def __init__(self, of: Manifest, estimator: Any) -> None:
        from shared import rows  # noqa: PLC0415 - numpy is loaded with the model, not with the functions

        self.manifest = of
        self._estimator = estimator
        self._rows = rows

    def score(self, instances: Sequence[Struct], *, probabilities: bool = False) -> Scores:
        """Predict for instances as `schemas` decodes them.

        Raises InvalidInstances where the estimator refuses a value (1e300 overflows a forest's float32) or where no
        finite number comes out.
        """
        columns = self._rows.columns(self.manifest.features, instances)
        matrix = self._rows.assemble(self.manifest, columns)
        asked = probabilities and self.manifest.output.probabilities
        try:
            with self._rows.calm():
                predictions = self._estimator.predict(matrix).ravel().tolist()
                likely = self._probabilities(matrix) if asked else None
        except ValueError as error:
            raise InvalidInstances("The model takes no such values", reason=f"the estimator says: {error}") from error
        if self.manifest.kind == "regressor":
            _refuse_infinite(predictions)
        return Scores(predictions, self._rows.outside(self.manifest.features, columns), likely)

    def classify(self, values: Sequence[float]) -> list[Label]:
        """A regressor's values as classes: the bands between the manifest's edges, upper edges exclusive."""
        output = self.manifest.output
        return [output.classes[bisect_right(output.edges, value)] for value in values]

    def _probabilities(self, matrix: Any) -> list[dict[str, float]]:
        labels = [label_text(label) for label in self.manifest.output.classes]
        return [dict(zip(labels, row, strict=True)) for row in self._estimator.predict_proba(matrix).tolist()]


class LazyModel:
    """The model, loaded on first use, once, off the event loop; whoever comes meanwhile awaits the same load."""

    def __init__(self, load: Callable[[], Model]) -> None:
        self._load = load
        self._model: Model | None = None
        self._loading: asyncio.Future[Model] | None = None
        self._failure: tuple[float, Problem] | None = None

    async def get(self) -> Model:
        """The model. Raises ModelUnavailable; the next try comes after 5 s."""
        if self._model is not None:
            return self._model
        if self._failure and time.monotonic() < self._failure[0]:
            raise self._failure[1].with_traceback(None)
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._first())
        with telemetry.step("load"):
            return await asyncio.shield(self._loading)  # a caller who goes away must not take the load along

    async def _first(self) -> Model:
        try:
            self._model = await offload.run(self._load)
        except Problem as problem:
            self._failure = time.monotonic() + RETRY_SECONDS, problem
            _log.error("the model cannot be served: %s", problem.reason)
            raise
        finally:
            self._loading = None
        return self._model


def load() -> Model:
    """The model that the manifest names. Takes a second and more. Raises ModelUnavailable with its reason."""
    started = time.perf_counter()
    of = manifest.current()
    model = Model(of, estimator(manifest.path().parent, of.artifact))
    gc.collect()
    gc.freeze()  # a full collection stopped everything for up to 74 ms with scikit-learn in memory; frozen, 0.1 ms
    _log.info("loaded %s %s in %.0f ms", of.name, of.version, (time.perf_counter() - started) * 1000)
    return model


def estimator(folder: Path, artifact: Artifact) -> Any:
    """The estimator in `artifact`'s file. Raises ModelUnavailable, ModelCorrupt or ModelVersionMismatch."""
    content = _content(folder / artifact.file, artifact)
    installed = version("scikit-learn")
    if installed.split(".")[:2] != artifact.scikit_learn.split(".")[:2]:
        raise ModelVersionMismatch(
            reason=f"trained with scikit-learn {artifact.scikit_learn}, {installed} is installed"
        )
    return _unpickled(content)


def label_text(label: Label) -> str:
    """A label as JSON has it for a member's name."""
    return label if isinstance(label, str) else msgspec.json.encode(label).decode()


def _content(path: Path, artifact: Artifact) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelUnavailable(reason=f"the model file cannot be read: {error}") from error
    if content.startswith(LFS_POINTER):
        raise ModelUnavailable(reason=f"{path.name} is a git-lfs pointer: run git lfs pull")
    if hashlib.sha256(content).hexdigest() != artifact.sha256:
        raise ModelCorrupt(reason=f"{path.name} does not have the SHA-256 that the manifest names")
    return content


def _unpickled(content: bytes) -> Any:
    """The very bytes that were hashed, unpickled: no second look at a file that may have changed."""
    import joblib  # noqa: PLC0415 - with scikit-learn it takes a second

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return joblib.load(io.BytesIO(content))
    except Exception as error:
        raise ModelCorrupt(reason=f"the model file cannot be loaded: {type(error).__name__}: {error}") from error


def _refuse_infinite(values: Sequence[float]) -> None:
    """JSON has no infinity, and a number that is none helps nobody."""
    if math.isfinite(sum(values)):  # one pass over all; only when it fails one by one
        return
    detail = "the model's answer is not a finite number"
    if bad := [BadField(f"/instances/{i}", detail) for i, value in enumerate(values) if not math.isfinite(value)]:
        raise InvalidInstances("The model has no finite answer for some instances", fields=bad)


served = LazyModel(load)
"""The model that this process serves."""
