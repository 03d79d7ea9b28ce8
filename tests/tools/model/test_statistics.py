import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline

from shared.model.manifest import Manifest, Statistics
from tests.tools.model.estimators import draft, linear, numbers, training_table
from tools.model import contract, score, statistics
from tools.model.contract import Texts
from tools.model.data import Table, table
from tools.model.output import Edges

X, Y = numbers()
NO_EDGES = Edges()


def described(estimator: object, data: Table, kind: str = "regressor", edges: Edges = NO_EDGES) -> Manifest:
    """Return the manifest of an estimator with its contract."""
    return contract.build(draft(kind), estimator, data, Texts(), edges)


def test_numbers_have_quantiles_and_categories_have_shares(
    stay_manifest: Manifest, stay_model: Pipeline, stay_table: Table
) -> None:
    frame = stay_table.frame

    result = statistics.compute(stay_manifest, stay_model, stay_table)

    ages = np.quantile(frame["age"], [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
    assert result.quantiles["age"] == pytest.approx(tuple(ages), rel=1e-5)
    assert result.shares["ward"]["x"] == pytest.approx((frame["ward"] == "x").mean(), abs=1e-5)
    assert result.shares["steps"]["true"] == pytest.approx(frame["steps"].mean(), abs=1e-5)
    assert list(result.shares["steps"]) == ["false", "true"]
    assert set(result.missing) == {"0", "città"}
    assert result.missing["0"] == pytest.approx(frame["0"].isna().mean(), abs=1e-5)
    assert sum(result.shares["città"].values()) == pytest.approx(1 - result.missing["città"], abs=1e-4)


def test_the_predictions_of_a_regressor_have_quantiles_and_shares_of_classes() -> None:
    data = table(X, Y, source="d")
    manifest = described(linear(), data, edges=Edges([0.0], ["below", "above"]))

    result = statistics.compute(manifest, linear(), data)

    assert result.prediction_quantiles[0] == pytest.approx(data.target.min(), rel=1e-5)
    assert result.prediction_quantiles[3] == pytest.approx(np.median(data.target), rel=1e-5)
    assert result.prediction_shares["above"] == pytest.approx((data.target >= 0).mean(), abs=1e-5)


def test_the_predictions_of_a_classifier_have_a_share_for_every_class() -> None:
    data = table(X, Y > 0, source="d")
    model = DummyClassifier(strategy="constant", constant=True).fit(X, Y > 0)

    result = statistics.compute(described(model, data, "classifier"), model, data)

    assert result.prediction_shares == {"false": 0.0, "true": 1.0}
    assert result.prediction_quantiles == ()


def test_data_without_a_complete_row_has_no_predictions() -> None:
    frame = pd.DataFrame({"a": [1.0, np.nan] * 10, "b": [np.nan, 1.0] * 10})
    model = LinearRegression().fit(frame.fillna(0), np.arange(20))
    data = training_table(frame, np.arange(20))
    manifest = described(model, data)

    result = statistics.compute(manifest, model, data)

    assert result == Statistics(quantiles={"a": (1.0,) * 7, "b": (1.0,) * 7}, missing={"a": 0.5, "b": 0.5})
    assert score.score(manifest, model, data) is None


def test_statistics_are_plain_numbers() -> None:
    data = table(X, Y, source="d")

    result = statistics.compute(described(linear(), data), linear(), data)

    assert {type(number) for number in (*result.prediction_quantiles, *result.quantiles["x0"])} == {float}
