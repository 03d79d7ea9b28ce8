"""The models to compare with: the demo's, and those of `training`, each with its files and the instances to send."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import launch
from shared.model.manifest import APP, Instance

DEMO = "linear"
NAMES = (DEMO, "forest", "boosting", "pipeline")
FOLDER = APP / ".cache/compare/models"
MAX_DIFFERENCE = 1e-6  # relative; a peer that reads a value wrongly is further away


@dataclass(frozen=True)
class Model:
    """A model, the instances to send, and their right predictions."""

    name: str
    folder: Path
    """Has `slr.json`, the manifest, and `slr.joblib`, the estimator's file, which the peers load."""
    instances: Sequence[Instance]
    """The first one is also sent alone. A batch repeats all of them."""
    predictions: Sequence[float]
    frame: bool = False
    """True when it was fitted on a data frame, otherwise on an array."""
    max_difference: float = MAX_DIFFERENCE

    def batch(self, rows: int) -> Sequence[Instance]:
        """Return so many instances."""
        return repeated(self.instances, rows)

    def is_right(self, values: Sequence[float]) -> bool:
        """Return true for the right predictions of a batch of so many rows."""
        pairs = zip(values, repeated(self.predictions, len(values)), strict=True)
        return all(abs(value - right) <= self.max_difference * abs(right) for value, right in pairs)


LINEAR = Model(
    name=DEMO,
    folder=APP / "model",
    instances=[dict(launch.ROW)],
    predictions=[launch.PREDICTION],
    max_difference=launch.MAX_DIFFERENCE / launch.PREDICTION,  # the constant function rounds
)


def repeated[Item](items: Sequence[Item], count: int) -> Sequence[Item]:
    """Return so many items: all of them in their order, again and again."""
    return (list(items) * (count // len(items) + 1))[:count]


def get(name: str) -> Model:
    """Return a model; one that is not the demo's is trained first."""
    if name == DEMO:
        return LINEAR
    from bench.compare import training  # imports pandas and scikit-learn

    return training.train(name, FOLDER / name)
