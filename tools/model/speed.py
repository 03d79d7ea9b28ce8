"""The time of one row, through what serves the model and through the model itself."""

from collections.abc import Sequence
from timeit import Timer
from typing import Any, NamedTuple

from shared.model.columns import Column
from shared.model.manifest import Manifest
from shared.model.runtimes import Runtime
from shared.model.runtimes.sklearn import SklearnModel

REPEATS = 5
SECONDS = 0.02  # of each repeat


class Speed(NamedTuple):
    """Seconds for one row."""

    served: float
    estimator: float

    def __str__(self) -> str:
        own = f", and {milliseconds(self.estimator)} through scikit-learn" if self.estimator else ""
        return f"One row takes {milliseconds(self.served)}{own}."


def measure(manifest: Manifest, runtime: Runtime, estimator: Any, row: Sequence[Column]) -> Speed:
    """Return the time of the runtime, and that of the estimator if something else is served."""
    served = row_seconds(manifest, runtime, row)
    if isinstance(runtime, SklearnModel):
        return Speed(served, 0.0)
    return Speed(served, row_seconds(manifest, SklearnModel(manifest, estimator), row))


def row_seconds(manifest: Manifest, runtime: Runtime, row: Sequence[Column]) -> float:
    """Return the shortest time of several: other work on the machine only makes it longer."""
    timer = Timer(lambda: runtime.predict(row, probabilities=manifest.output.probabilities))
    count = max(1, int(SECONDS / max(timer.timeit(1), 1e-6)))
    return min(timer.repeat(REPEATS, count)) / count


def milliseconds(seconds: float) -> str:
    """Return a time as text."""
    number = seconds * 1000
    return f"{number:,.0f} ms" if number >= 10 else f"{number:.2g} ms"
