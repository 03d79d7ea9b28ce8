"""Training data and estimators for the tests of tools/model."""

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

from shared.model.manifest import Artifact, Manifest, Output, Training
from tools.model import contract
from tools.model.choices import Choices
from tools.model.contract import Texts
from tools.model.data import Table, table
from tools.model.output import Edges

ROWS = 120
NO_TEXTS = Texts()
NUMBERS = ["age", "body mass/index", "class", "0", "blood~pressure", "Größe (cm)", "__len__", "steps"]
CATEGORIES = ["smoker?", "città", "ward", "a b"]


def patients() -> pd.DataFrame:
    """Return eight numbers and four categories with names of any text; some values are missing."""
    random = np.random.default_rng(7)
    frame = pd.DataFrame({name: random.normal(size=ROWS).round(3) for name in NUMBERS})
    frame["age"] = random.integers(18, 90, ROWS)
    frame["steps"] = random.random(ROWS) < 0.5
    for name in CATEGORIES:
        frame[name] = random.choice(["Roma", "Łódź", "x"], ROWS)
    frame.loc[random.random(ROWS) < 0.2, ["0", "città"]] = np.nan
    return frame


def stay(frame: pd.DataFrame) -> pd.Series:
    """Return a target that depends on numbers and categories."""
    return 2 * frame["body mass/index"] + frame["age"] / 10 + 3 * (frame["ward"] == "x")


def boosted() -> Pipeline:
    """Return gradient boosting on twelve named columns: categories are encoded, missing values stay."""
    encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = ColumnTransformer([("texts", encode, CATEGORIES), ("numbers", "passthrough", NUMBERS)])
    return make_pipeline(columns, HistGradientBoostingRegressor(max_iter=20, random_state=0))


def encoded() -> Pipeline:
    """Return a linear model of one number and one category, both required."""
    columns = ColumnTransformer([("texts", OneHotEncoder(), ["ward"]), ("numbers", "passthrough", ["age"])])
    return make_pipeline(columns, LinearRegression())


def numbers(columns: int = 2, rows: int = 60) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return an array of numbers and a target that is their sum."""
    X = np.random.default_rng(3).normal(size=(rows, columns))  # noqa: N806 - scikit-learn's name
    return X, X.sum(axis=1)


def linear() -> LinearRegression:
    """Return a linear model that is fitted on `numbers()`."""
    return LinearRegression().fit(*numbers())


def without_graph(**parameters: Any) -> FunctionTransformer:
    """Return a step with a function that ONNX does not have, so that scikit-learn serves the model."""
    return FunctionTransformer(np.i0, check_inverse=False, **parameters)


def save(folder: Path, estimator: Any, frame: pd.DataFrame, target: Any, name: str = "mine") -> list[str]:
    """Write an estimator and its data into `folder`. Returns FILE, --data and --target of the command."""
    model, data = folder / f"{name}.joblib", folder / "train.csv"
    joblib.dump(estimator, model)
    frame.assign(y=target).to_csv(data, index=False)
    return [str(model), "--data", str(data), "--target", "y"]


def training_table(frame: pd.DataFrame, target: Any = None) -> Table:
    """Return a table without a file."""
    return table(frame, np.zeros(len(frame)) if target is None else target, source="train.csv")


def draft(kind: Any = "regressor") -> Manifest:
    """Return a manifest without its contract."""
    return Manifest(
        name="mine",
        version="1",
        kind=kind,
        features=(),
        output=Output(name="y"),
        artifact=Artifact(file="slr.joblib", sha256="", estimator="", scikit_learn="1.9.1"),
        training=Training(data="train.csv", rows=ROWS),
        examples=(),
    )


def described(estimator: Any, data: Any, target: Any = None, texts: Texts = NO_TEXTS, **chosen: Any) -> Manifest:
    """Return the manifest of an estimator with its contract. `data` is a table, or a frame with the target apart."""
    rows = training_table(data, target) if isinstance(data, pd.DataFrame) else data
    return contract.build(draft(), estimator, rows, texts, Edges(), chosen=Choices(**chosen))
