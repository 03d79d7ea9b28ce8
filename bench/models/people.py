"""A data frame of people with two targets, the training data of models with categories and missing values."""

from typing import Any

import numpy as np
import pandas as pd

ROWS = 400
NUMBERS, TEXTS = ["age", "income", "visits"], ["ward", "color"]


def people(*, gaps: bool = False) -> pd.DataFrame:
    """Return a data frame of three numbers and two categories, on request with missing values."""
    chance = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": chance.integers(18, 90, ROWS).astype(float),
            "income": chance.lognormal(10, 0.5, ROWS).round(2),
            "visits": chance.integers(0, 6, ROWS).astype(float),
            "ward": chance.choice(["north", "south", "west", "children's"], ROWS),
            "color": chance.choice(["red", "green", "blue"], ROWS, p=[0.6, 0.37, 0.03]),
        }
    )
    if gaps:
        for name in ("age", "income", "ward"):
            frame.loc[chance.random(ROWS) < 0.1, name] = np.nan
    return frame


def stay(frame: pd.DataFrame) -> Any:
    """Return a positive target that depends on all columns."""
    noise = np.random.default_rng(1).gamma(2.0, 0.2, len(frame))
    age, income = frame["age"].fillna(50), frame["income"].fillna(20_000)
    wards = frame["ward"].map({"north": 1.0, "south": 2.0, "west": 0.5}).fillna(3.0)
    return (
        1.0 + age / 30 + np.log(income) / 5 + wards * (frame["color"] == "red") + frame["visits"] / 4 + noise
    ).to_numpy()


def risk(frame: pd.DataFrame) -> Any:
    """Return the class of the target: the lower two fifths, the middle, and the upper quarter."""
    target = stay(frame)
    return np.digitize(target, np.quantile(target, [0.4, 0.75]))
