"""The lazily loaded model: one load for all who wait, then predictions."""

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
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import msgspec
from msgspec import Struct

from shared import manifest, offload, schemas, telemetry
from shared.manifest import Label, Manifest
from shared.problems import BadField, InvalidInstances, Problem

if TYPE_CHECKING:
    from shared.rows import Answers, Column, Spread

INLINE_SECONDS = 0.001  # what takes longer would hold up everybody else on the event loop
TRIES = 3  # the first time is another matter, and a busy machine no measure
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
    spread: "Spread | None" = None
    """Of a regressor's predictions."""


class Answering(Protocol):
    """What answers rows: `fitted.Fitted`, `onnx.Graph` or `linear.WeightedSum`."""

    def answer(self, columns: "Sequence[Column]", *, probabilities: bool) -> "Answers":
        """The answers to some rows, given as columns in the manifest's order."""


class Model:
    """What answers, and what the manifest says of it. Safe from several threads at once."""

    def __init__(self, of: Manifest, answering: Answering) -> None:
        from shared import rows  # noqa: PLC0415 - numpy is loaded with the model, not with the functions

        self.manifest = of
        self.slow = False
        """Whether one row takes too long for the event loop."""
        self._answering = answering
        self._rows = rows
        self._labels = [label_text(label) for label in of.output.classes]

    def score(self, instances: Sequence[Struct], *, probabilities: bool = False) -> Scores:
        """Predict for instances as `schemas` decodes them.

        Raises InvalidInstances for numbers beyond ±1e300, where the estimator refuses a value (1e39 overflows a
        forest's float32), or where no finite number comes out.
        """
        columns = self._rows.columns(self.manifest.features, instances)
        outside = self._rows.outside(self.manifest.features, columns)
        if outside and (far := self._rows.too_far(self.manifest.features, columns)):
            raise InvalidInstances("The model takes no such values", fields=far)
        asked = probabilities and self.manifest.output.probabilities
        answers = self._answering.answer(columns, probabilities=asked)
        if (spread := answers.spread) and not (math.isfinite(spread.least) and math.isfinite(spread.greatest)):
            _refuse_infinite(answers.predictions)
        likely = self._named(answers.probabilities) if answers.probabilities is not None else None
        return Scores(answers.predictions, outside, likely, spread)

    def classify(self, values: Sequence[float]) -> list[Label]:
        """A regressor's values as classes: the bands between the manifest's edges, upper edges exclusive."""
        output = self.manifest.output
        return [output.classes[bisect_right(output.edges, value)] for value in values]

    def _named(self, probabilities: Sequence[Sequence[float]]) -> list[dict[str, float]]:
        """A probability for every label's name, per row."""
        if not math.isfinite(sum(map(sum, probabilities))):
            _refuse_infinite([sum(row) for row in probabilities])
        return [dict(zip(self._labels, row, strict=True)) for row in probabilities]


class LazyModel:
    """The model, loaded once, off the event loop; whoever needs it meanwhile awaits the same load."""

    def __init__(self, load: Callable[[], Model]) -> None:
        self.loaded: Model | None = None
        """The model once it is there: whoever has it need not wait."""
        self._load = load
        self._lock = threading.Lock()
        self._loading: Future[Model] | None = None
        self._failure: tuple[float, Problem] | None = None

    async def get(self) -> Model:
        """The model. Raises ModelUnavailable; the next try comes after 5 s."""
        if self.loaded is not None:
            return self.loaded
        if self._failure and time.monotonic() < self._failure[0]:
            raise self._failure[1].with_traceback(None)
        with telemetry.step("load"):
            loading = asyncio.wrap_future(self.preload())
            return await asyncio.shield(loading)  # a caller who goes away must not take the load along

    def preload(self) -> Future[Model]:
        """Begin to load, unless somebody did; returns without waiting. A failure is logged, and told to who asks."""
        with self._lock:
            if self._loading is None:
                self._loading = offload.start(self._first)
            return self._loading

    def _first(self) -> Model:
        try:
            self.loaded = self._load()
            return self.loaded
        except Problem as problem:
            self._failure = time.monotonic() + RETRY_SECONDS, problem
            _log.error("the model cannot be served: %s", problem.reason)
            raise
        finally:
            with self._lock:
                self._loading = None


def load() -> Model:
    """The model that the manifest names. May take a second and more. Raises ModelUnavailable with its reason."""
    started = time.perf_counter()
    of = manifest.current()
    with _uncollected():
        model = Model(of, answering(manifest.path().parent, of))
        model.slow = _row_seconds(model) > INLINE_SECONDS
    _log.info("loaded %s %s in %.0f ms", of.name, of.version, (time.perf_counter() - started) * 1000)
    return model


def _row_seconds(model: Model) -> float:
    """The least time that one row takes: a forest some milliseconds, a linear model a hundredth of one."""
    body = msgspec.json.encode({"instances": [model.manifest.examples[0].instance]})
    try:
        instances = schemas.contract(model.manifest).decode(body)
        return min(timeit.repeat(lambda: model.score(instances), number=1, repeat=TRIES))
    except Exception:  # an example that does not fit, an estimator that fails: whoever asks for a prediction is told
        return 0.0


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep garbage collection from what is made in here, now and later.

    With scikit-learn in memory a full collection stops every request for 66 to 87 ms, twice while it loads, and finds
    ten objects. Frozen, a later one takes under 8 ms (`python -m bench.pauses`).
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def answering(folder: Path, of: Manifest) -> Answering:
    """What the manifest has: a weighted sum, else a graph, else the estimator. Raises ModelUnavailable with its reason.

    All answer the same; each is imported only where it is served.
    """
    if of.artifact.linear:
        from shared import linear  # noqa: PLC0415

        return linear.weighted_sum(of.artifact.linear, of.features)
    if of.artifact.onnx:
        from shared import onnx  # noqa: PLC0415

        return onnx.graph(folder, of.artifact.onnx, of.labels)
    from shared import fitted  # noqa: PLC0415

    return fitted.Fitted(of, fitted.estimator(folder, of.artifact))


def label_text(label: Label) -> str:
    """A label as JSON has it for a member's name."""
    return label if isinstance(label, str) else msgspec.json.encode(label).decode()


def _refuse_infinite(values: Sequence[float]) -> NoReturn:
    """JSON has no infinity, and a number that is none helps nobody. Raises InvalidInstances, naming them."""
    detail = "the model's answer is not a finite number"
    bad = [BadField(f"/instances/{i}", detail) for i, value in enumerate(values) if not math.isfinite(value)]
    raise InvalidInstances("The model has no finite answer for some instances", fields=bad)


served = LazyModel(load)
"""The model that this process serves."""
