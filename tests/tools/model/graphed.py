"""Estimators written as graphs, for the tests of graphs, parity and linear."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from shared.model.manifest import Manifest
from tests.tools.model.estimators import draft
from tools.model import contract, graph
from tools.model.contract import Texts
from tools.model.data import Table, table
from tools.model.output import Edges

ROWS = 200
CHANCE = np.random.default_rng(5)
MIXED = pd.DataFrame(
    {
        "body mass/index": CHANCE.normal(27, 4, ROWS),
        "Größe (cm)": CHANCE.normal(170, 9, ROWS),
        "città": CHANCE.choice(["Roma", "Łódź"], ROWS),
        "a b": CHANCE.choice(["x", "y", "z"], ROWS),
    }
)
NUMBERS = MIXED[["body mass/index", "Größe (cm)"]]
ARRAY = NUMBERS.to_numpy()
TARGET = ARRAY @ [2.0, -1.0] + 10.0 * (MIXED["a b"] == "x").to_numpy()
LABELS = np.where(np.median(TARGET) < TARGET, "high", "low")
THREE = np.digitize(TARGET, np.quantile(TARGET, [0.3, 0.6]))
GAPS = np.where(CHANCE.random(ARRAY.shape) < 0.1, np.nan, ARRAY)
MIXED_GAPS = MIXED.mask(CHANCE.random(MIXED.shape) < 0.1)
WIDE = np.random.default_rng(6).normal(size=(ROWS, 5))
"""Five columns of numbers."""


def encoded(encoder: Any, last: Any) -> Pipeline:
    """Return a pipeline of scaled numbers and encoded categories."""
    numbers = ("numbers", StandardScaler(), list(NUMBERS))
    return make_pipeline(ColumnTransformer([numbers, ("texts", encoder, ["città", "a b"])]), last)


def contracted(estimator: Any, X: Any, y: Any) -> tuple[Manifest, Table]:  # noqa: N803 - scikit-learn's name
    """Return the manifest of a fitted estimator, and its training data."""
    names = [f"x{i}" for i in range(X.shape[1])] if isinstance(X, np.ndarray) else ()
    data = table(X, y, names=names, source="d")
    kind = "classifier" if hasattr(estimator, "classes_") else "regressor"
    return contract.build(draft(kind), estimator, data, Texts(), Edges()), data


def written(estimator: Any, X: Any, y: Any) -> graph.Written:  # noqa: N803
    """Fit an estimator and return its graph, which predicts the same. Raises NotServed where it does not."""
    estimator.fit(X, y)
    manifest, data = contracted(estimator, X, y)
    return graph.build(manifest, estimator, data)
