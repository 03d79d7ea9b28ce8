"""Models made for the tests, so that another deployed model changes nothing here."""

import hashlib
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import msgspec
import numpy as np

from shared.model import schemas
from shared.model.loader import LazyModel, Model
from shared.model.manifest import Artifact, Category, Example, Feature, Manifest, Number, Output, Training
from shared.model.runtimes.sklearn import SklearnModel
from shared.threads import Pool

MIXED: tuple[Feature, ...] = (
    Number(name="body mass/index", label="BMI", unit="kg/m²", range=(10.0, 50.0)),
    Number(name="class", range=(0.0, 1.0), optional=True),
    Category(name="smoker?", values=("yes", "no"), help="of cigarettes"),
    Category(name="città", values=("Roma", "Łódź"), optional=True),
)
"""Names of any text, both kinds, some optional."""


def manifest(features: Sequence[Feature] | None = None, kind: Any = "regressor", **members: Any) -> Manifest:
    """Return a manifest with these features, and defaults for the members that a test does not look at."""
    defaults: dict[str, Any] = {
        "name": "test-model",
        "version": "1",
        "output": Output(name="y"),
        "artifact": Artifact(file="m.joblib", sha256="", estimator="Doubling", scikit_learn="1.9.1"),
        "training": Training(data="made up", rows=3),
        "examples": (Example(instance={"x": 0.5}, prediction=1.0),),
    }
    chosen = tuple(features or [Number(name="x", range=(-1.0, 1.0))])
    return Manifest(kind=kind, features=chosen, **{**defaults, **members})


class Doubling:
    """An estimator that predicts twice the first column, and keeps the last rows."""

    seen: Any = None

    def predict(self, rows: Any) -> Any:
        self.seen = rows
        first = rows.iloc[:, 0] if hasattr(rows, "iloc") else rows[:, 0]
        return np.asarray(first, dtype=float) * 2


class TenMore(Doubling):
    """Predicts ten more than `Doubling`."""

    def predict(self, rows: Any) -> Any:
        return super().predict(rows) + 10


class Sign:
    """A classifier of the first column's sign."""

    def predict(self, rows: Any) -> Any:
        return np.where(rows[:, 0] < 0, "low", "high")

    def predict_proba(self, rows: Any) -> Any:
        return np.where(rows[:, :1] < 0, [[0.9, 0.1]], [[0.2, 0.8]])


class Labelled(Sign):
    """A classifier of the first column's sign, with these labels."""

    def __init__(self, low: str, high: str) -> None:
        self.low, self.high = low, high

    def predict(self, rows: Any) -> Any:
        return np.where(super().predict(rows) == "low", self.low, self.high)


SIGNS = Output(name="sign", classes=("low", "high"), probabilities=True)
BANDS = Output(name="y", classes=("low", "mid", "high"), edges=(0.0, 1.0))


class SlowToLoad(Doubling):
    """Takes a second to unpickle, as a large forest does."""

    def __init__(self) -> None:
        self.seconds = 1.0  # without a state nothing would be restored

    def __setstate__(self, state: dict[str, Any]) -> None:
        time.sleep(state["seconds"])
        self.__dict__.update(state)


class SlowToPredict(Doubling):
    """Takes as long as a forest."""

    def predict(self, rows: Any) -> Any:
        time.sleep(0.02)
        return super().predict(rows)


class Failing(Doubling):
    """Fails for every row."""

    def predict(self, rows: Any) -> Any:
        raise KeyError("x")


def model(described: Manifest | None = None, estimator: Any = None) -> Model:
    """Return a model that scikit-learn serves."""
    described = described or manifest()
    return Model(described, SklearnModel(described, estimator or Doubling()))


def lazy_model(pool: Pool, described: Manifest | None = None, estimator: Any = None) -> LazyModel:
    """Return such a model, not loaded yet."""
    return LazyModel(lambda: model(described, estimator), pool)


def instances(described: Manifest, *values: Any) -> Any:
    """Return instances `{"x": value}` as the service decodes them."""
    body = msgspec.json.encode({"instances": [{"x": value} for value in values]})
    return schemas.build(described).decode(body)


def write(described: Manifest, path: Path) -> Path:
    """Write a manifest to a file."""
    path.write_bytes(msgspec.json.encode(described))
    return path


def dump(estimator: Any, folder: Path, **members: Any) -> Path:
    """Write an estimator and a manifest for it into a folder. Returns the manifest's path."""
    joblib.dump(estimator, folder / "m.joblib")
    sha256 = hashlib.sha256((folder / "m.joblib").read_bytes()).hexdigest()
    artifact = Artifact(file="m.joblib", sha256=sha256, estimator="", scikit_learn=version("scikit-learn"))
    return write(manifest(**members, artifact=artifact), folder / "m.json")
