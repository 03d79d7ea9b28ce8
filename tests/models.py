"""Models made for the tests, so that swapping the deployed model changes nothing here."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from shared.manifest import Artifact, Category, Example, Feature, Manifest, Number, Output, Training

MIXED: tuple[Feature, ...] = (
    Number(name="body mass/index", label="BMI", unit="kg/m²", range=(10.0, 50.0)),
    Number(name="class", range=(0.0, 1.0), optional=True),
    Category(name="smoker?", values=("yes", "no"), help="of cigarettes"),
    Category(name="città", values=("Roma", "Łódź"), optional=True),
)
"""Names of any text, both kinds, some optional."""


def manifest(features: Sequence[Feature] | None = None, kind: Any = "regressor", **members: Any) -> Manifest:
    """A manifest around `features`, with stand-ins for what the test does not look at."""
    return Manifest(
        name=members.pop("name", "test-model"),
        version=members.pop("version", "1"),
        kind=kind,
        features=tuple(features or [Number(name="x", range=(-1.0, 1.0))]),
        output=members.pop("output", Output(name="y")),
        artifact=members.pop(
            "artifact", Artifact(file="m.joblib", sha256="", estimator="Doubling", scikit_learn="1.9.1")
        ),
        training=Training(data="made up", rows=3),
        examples=members.pop("examples", (Example(instance={"x": 0.5}, prediction=1.0),)),
        **members,
    )


class Doubling:
    """An estimator that answers twice the first column, and remembers what it was given."""

    seen: Any = None

    def predict(self, rows: Any) -> Any:
        self.seen = rows
        first = rows.iloc[:, 0] if hasattr(rows, "iloc") else rows[:, 0]
        return np.asarray(first, dtype=float) * 2


class Sign:
    """A classifier of the first column's sign."""

    def predict(self, rows: Any) -> Any:
        return np.where(rows[:, 0] < 0, "low", "high")

    def predict_proba(self, rows: Any) -> Any:
        return np.where(rows[:, :1] < 0, [[0.9, 0.1]], [[0.2, 0.8]])


SIGNS = Output(name="sign", classes=("low", "high"), probabilities=True)
BANDS = Output(name="y", classes=("low", "mid", "high"), edges=(0.0, 1.0))


class SlowToLoad(Doubling):
    """Takes a second to unpickle, as a large forest does."""

    def __init__(self) -> None:
        self.seconds = 1.0  # without a state nothing would be restored

    def __setstate__(self, state: dict[str, Any]) -> None:
        time.sleep(state["seconds"])
        self.__dict__.update(state)
