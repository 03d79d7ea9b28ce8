"""Train a model, and adopt it as its owner would. Always anew, so that the files fit the code.

A forest of deep trees and LightGBM are fitted on arrays of ten numbers. The pipeline is fitted on a data frame of
numbers and texts with gaps, and its instances have gaps too.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMRegressor
from numpy.typing import NDArray
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from bench.compare.models import Model
from shared.model.manifest import Instance
from tools.model import adopt

ROWS, SENT_ROWS, FEATURES, TREES = 4_000, 10_000, 10, 100
MISSING_SHARE = 0.1  # of the values in each column of the data frame
TEXTS: Mapping[str, list[str]] = {
    "ward": ["north", "south", "west", "children", "surgery"],
    "insurance": ["public", "private", "none"],
    "referral": ["doctor", "emergency", "transfer", "self", "ambulance", "hospital"],
}


def train(name: str, folder: Path, *, rows: int = ROWS, trees: int = TREES) -> Model:
    """Fit a model, write its files into a folder, and return it with instances that it was not fitted on."""
    inputs, targets = DATA[name](rows + SENT_ROWS)
    estimator = ESTIMATORS[name](trees).fit(inputs[:rows], targets[:rows])
    frame = isinstance(inputs, pd.DataFrame)
    names = [] if frame else [f"x{i}" for i in range(FEATURES)]
    folder.mkdir(parents=True, exist_ok=True)
    adopt(estimator, inputs[:rows], targets[:rows], name=name, names=names, folder=folder)
    sent = pd.DataFrame(inputs[rows:], columns=names or None)
    return Model(name, folder, instances(sent), estimator.predict(inputs[rows:]).tolist(), frame=frame)


def instances(frame: pd.DataFrame) -> list[Instance]:
    """Return the rows as a client sends them, with null for a gap."""
    values = frame.astype(object)
    return [
        {str(name): value for name, value in row.items()}
        for row in values.where(frame.notna(), None).to_dict("records")
    ]


def numbers(rows: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ten numbers, and a target that depends on six of them."""
    chance = np.random.default_rng(0)
    inputs = chance.normal(size=(rows, FEATURES))
    a, b, c, d, e, f = inputs.T[:6]
    smooth = np.sin(2 * a) + b * c + np.abs(d) + 0.5 * e**2
    return inputs, 20.0 + smooth + (f > 0.5) + chance.normal(0, 0.2, rows)


def patients(rows: int) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Return five numbers and three texts with gaps, and the days of a stay. The first row to send has no gap."""
    chance = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": chance.integers(18, 90, rows).astype(float),
            "weight": chance.normal(75, 12, rows).round(1),
            "pulse": chance.normal(80, 10, rows).round(),
            "visits": chance.integers(0, 9, rows).astype(float),
            "income": chance.lognormal(10, 0.5, rows).round(2),
            **{name: chance.choice(values, rows) for name, values in TEXTS.items()},
        }
    )
    wards = frame["ward"].map({ward: float(i) for i, ward in enumerate(TEXTS["ward"])})
    smooth = frame["age"] / 20 + frame["visits"] / 4 + wards * (frame["insurance"] == "public") + frame["pulse"] / 50
    gaps = chance.random(frame.shape) < MISSING_SHARE
    gaps[-SENT_ROWS] = False
    return frame.mask(gaps), 5.0 + smooth.to_numpy() + chance.gamma(2.0, 0.2, rows)


def pipeline(trees: int) -> Any:
    """Return a forest behind imputers, a scaler and a one-hot encoder."""
    filled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    encoded = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = make_column_transformer((filled, ["age", "weight", "pulse", "visits", "income"]), (encoded, list(TEXTS)))
    return make_pipeline(columns, RandomForestRegressor(trees, random_state=0))


DATA: Mapping[str, Callable[[int], tuple[Any, Any]]] = {"forest": numbers, "boosting": numbers, "pipeline": patients}
ESTIMATORS: Mapping[str, Callable[[int], Any]] = {
    "forest": lambda trees: RandomForestRegressor(trees, random_state=0),
    "boosting": lambda trees: LGBMRegressor(n_estimators=trees, random_state=0, deterministic=True, verbose=-1),
    "pipeline": pipeline,
}
