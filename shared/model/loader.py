"""The model, loaded once when it is first needed, off the event loop."""

import asyncio
import gc
import math
import threading
import time
import timeit
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
from msgspec import Struct

from shared import memory, telemetry
from shared.cooldown import Cooldown
from shared.model import schemas
from shared.model.manifest import Label, Manifest, label_text
from shared.model.manifest_file import ManifestFile
from shared.problems import BadField, InvalidInstances, ModelUnavailable, Problem, Reason, pointer
from shared.threads import Pool

if TYPE_CHECKING:
    from shared.model.runtimes import Runtime, Summary

INLINE_SECONDS = 0.001  # a slower prediction would block the event loop for everybody else
TIMED_RUNS = 3  # the first one is slower, and a busy machine distorts one alone
RETRY_SECONDS = 5.0  # after a failed load: a missing mount may come, a failing disk must not be hammered

_log = telemetry.get_logger("model")


class Predictions(Struct, frozen=True):
    """The model's predictions for some instances, in their order."""

    predictions: list[Any]
    """`estimator.predict`: numbers for a regressor, labels for a classifier."""
    warnings: list[Any]
    """`schemas.OutsideRange` and `schemas.FeatureWarning`."""
    probabilities: list[dict[str, float]] | None = None
    """Label → probability, where they were requested and the classifier has them."""
    summary: "Summary | None" = None
    """Of a regressor's predictions."""


class Model:
    """A runtime and its manifest. Safe to use from several threads at once."""

    def __init__(self, manifest: Manifest, runtime: "Runtime") -> None:
        from shared.model import columns  # noqa: PLC0415 - numpy is loaded with the model, not with the functions

        self.manifest = manifest
        self.slow = False
        """True when one row takes too long for the event loop."""
        self._runtime = runtime
        self._columns = columns
        self._reader = columns.Reader(manifest.features)
        self._limit = manifest.artifact.max_absolute
        self._labels = [label_text(label) for label in manifest.output.classes]

    def predict(self, instances: Sequence[Struct], *, probabilities: bool = False) -> Predictions:
        """Predict for instances as `schemas` decodes them.

        Raises InvalidInstances for numbers beyond the limit, for a value that the estimator refuses (1e39 overflows a
        forest's float32), and for a result that is not a finite number.
        """
        features = self.manifest.features
        columns = self._reader.columns(instances)
        warnings = self._columns.warnings(features, columns)
        if warnings and (bad_fields := self._columns.out_of_bounds(features, columns, self._limit)):
            raise InvalidInstances("The model takes no such values", bad_fields=bad_fields)
        result = self._runtime.predict(columns, probabilities=probabilities and self.manifest.output.probabilities)
        summary = result.summary
        if summary and not (math.isfinite(summary.minimum) and math.isfinite(summary.maximum)):
            _raise_infinite(result.predictions)
        by_label = self._by_label(result.probabilities) if result.probabilities is not None else None
        return Predictions(result.predictions, warnings, by_label, summary)

    def classify(self, values: Sequence[float]) -> list[Label]:
        """Return the classes of a regressor's values: bands between the manifest's edges, upper edges exclusive."""
        output = self.manifest.output
        return [output.classes[bisect_right(output.edges, value)] for value in values]

    def _by_label(self, probabilities: Sequence[Sequence[float]]) -> list[dict[str, float]]:
        """Return label → probability for every row."""
        if not math.isfinite(sum(map(sum, probabilities))):
            _raise_infinite([sum(row) for row in probabilities])
        return [dict(zip(self._labels, row, strict=True)) for row in probabilities]


class LazyModel:
    """Loads the model once. All requests that need it meanwhile wait for the same load."""

    def __init__(self, load: Callable[[], Model], pool: Pool, now: Callable[[], float] = time.monotonic) -> None:
        self.loaded: Model | None = None
        """The model after the load: a request that finds it need not wait."""
        self._load = load
        self._pool = pool
        self._lock = threading.Lock()
        self._loading: Future[Model] | None = None
        self._failure: Problem | None = None
        self._retry = Cooldown(RETRY_SECONDS, now)

    async def get(self) -> Model:
        """Return the model. Raises ModelUnavailable; after a failure the next load starts 5 s later at the earliest."""
        if self.loaded is not None:
            return self.loaded
        if self._failure is not None and self._retry.active:
            raise self._failure.with_traceback(None)
        with telemetry.step("load"):
            loading = asyncio.wrap_future(self.preload())
            return await asyncio.shield(loading)  # a caller who leaves must not cancel the load

    def preload(self) -> Future[Model]:
        """Start to load, unless a load is running, and return at once. A failure is logged, and raised in `get`."""
        with self._lock:
            if self._loading is None:
                self._loading = self._pool.submit(self._try_load)
            return self._loading

    def _try_load(self) -> Model:
        try:
            self.loaded = self._load()
            return self.loaded
        except Problem as problem:
            self._failure = problem
            self._retry.start()
            _log.error("model cannot be served: %s", problem.reason)
            raise
        finally:
            with self._lock:
                self._loading = None


def load(file: ManifestFile, what: str = "model") -> Model:
    """Load the model of a manifest. May take a second and more. Raises SettingInvalid or ModelUnavailable.

    The log calls it `what`.
    """
    started = time.perf_counter()
    manifest = file.manifest
    with _without_collection():
        model = Model(manifest, load_runtime(file.path.parent, manifest))
        model.slow = _row_seconds(model) > INLINE_SECONDS
    memory.return_free()  # reading a graph of 8 MB leaves 25 MB free, which nothing else needs
    milliseconds = (time.perf_counter() - started) * 1000
    _log.info("%s loaded: %s %s in %.0f ms", what, manifest.name, manifest.version, milliseconds)
    return model


def load_runtime(folder: Path, manifest: Manifest) -> "Runtime":
    """Return the runtime that the manifest names: weighted sum, else graph, else estimator. Raises ModelUnavailable.

    All compute the same predictions. Each is imported only where it is served, and a package has only what it needs.
    """
    try:
        return _runtime(folder, manifest)
    except ImportError as error:
        runtime = manifest.artifact.runtime
        reason = f"the model needs {runtime}, which is not installed ({error}): make the package again"
        raise ModelUnavailable(reason=reason) from error


def _runtime(folder: Path, manifest: Manifest) -> "Runtime":
    if manifest.artifact.linear:
        from shared.model.runtimes import linear  # noqa: PLC0415

        return linear.load(manifest.artifact.linear, manifest.features)
    if manifest.artifact.onnx:
        from shared.model.runtimes import onnx  # noqa: PLC0415

        return onnx.load(folder, manifest.artifact.onnx, manifest.features, manifest.labels)
    from shared.model.runtimes import sklearn  # noqa: PLC0415

    return sklearn.load(folder, manifest)


def _row_seconds(model: Model) -> float:
    """Return the shortest time of one row: some milliseconds for a forest, a hundredth of one for a linear model."""
    body = msgspec.json.encode({"instances": [model.manifest.examples[0].instance]})
    try:
        instances = schemas.build(model.manifest).decode(body)
        return min(timeit.repeat(lambda: model.predict(instances), number=1, repeat=TIMED_RUNS))
    except (
        Exception
    ):  # an example that does not fit, an estimator that fails: the caller of a prediction gets the error
        return 0.0


@contextmanager
def _without_collection() -> Iterator[None]:
    """Exclude the objects that are made in the block from garbage collection, now and later.

    With scikit-learn in memory a full collection stops every request for 66 to 87 ms, happens twice during a load, and
    finds ten objects. After the freeze a later one takes under 8 ms (docs/performance.md).
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _raise_infinite(values: Sequence[float]) -> NoReturn:
    """Raise InvalidInstances for predictions that are not finite: JSON has no infinity."""
    detail = "the prediction is not a finite number"
    bad_fields = [
        BadField(pointer("instances", i), detail, Reason.REFUSED)
        for i, value in enumerate(values)
        if not math.isfinite(value)
    ]
    raise InvalidInstances("The model has no finite prediction for some instances", bad_fields=bad_fields)
