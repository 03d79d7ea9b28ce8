"""Names of columns with a real LightGBM, which writes an underscore for each space."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from tests.tools.model.graphed import contracted
from tools.model.names import fitted_names, is_lightgbm
from tools.model.refused import Refused

CHANCE = np.random.default_rng(0)
ROWS = pd.DataFrame({name: CHANCE.normal(size=80) for name in ("body mass", "Größe (cm)", "age")})
TARGET = ROWS["body mass"] + 2 * ROWS["age"]
SMALL = LGBMRegressor(n_estimators=3, verbose=-1, n_jobs=1)


@pytest.fixture(scope="module")
def boosted() -> Any:
    """Three trees that were fitted on names with spaces."""
    return SMALL.fit(ROWS, TARGET)


def test_the_features_have_the_data_s_names(boosted: Any, capfd: pytest.CaptureFixture[str]) -> None:
    manifest, _ = contracted(boosted, ROWS.assign(id=range(80)), TARGET)

    assert list(boosted.feature_names_in_) == ["body_mass", "Größe_(cm)", "age"]
    assert [feature.name for feature in manifest.features] == list(ROWS)
    assert capfd.readouterr() == ("Left out: id. The model does not use it.\n", "")


def test_a_column_that_is_missing_is_named(boosted: Any, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Refused, match=r"d lacks columns that the model was trained on: age\."):
        contracted(boosted, ROWS.drop(columns="age").rename(columns={"body mass": "body_mass"}), TARGET)

    assert capfd.readouterr().err == ""


def test_names_of_other_estimators_are_not_changed() -> None:
    linear = LinearRegression().fit(ROWS.rename(columns={"body mass": "body_mass"}), TARGET)

    assert fitted_names(linear, list(ROWS)) == ["body_mass", "Größe (cm)", "age"]
    assert fitted_names(LinearRegression().fit(ROWS.to_numpy(), TARGET), list(ROWS)) is None


def test_a_column_with_an_underscore_of_its_own_goes_first(boosted: Any) -> None:
    columns = ["body mass", *ROWS, "body_mass"]

    assert fitted_names(boosted, columns) == ["body_mass", "Größe (cm)", "age"]


@pytest.mark.parametrize(
    "estimator",
    [make_pipeline(SMALL), GridSearchCV(SMALL, {}, cv=2), VotingRegressor([("a", SMALL), ("b", LinearRegression())])],
    ids=["pipeline", "search", "vote"],
)
def test_lightgbm_is_found_inside_other_estimators(estimator: Any) -> None:
    estimator.fit(ROWS, TARGET)

    assert is_lightgbm(estimator)
    assert fitted_names(estimator, list(ROWS)) == list(ROWS)
