from operator import methodcaller
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

from shared.model.manifest import Boolean, Category, Manifest, Number
from tests.tools.model.estimators import CATEGORIES, NUMBERS, described, encoded, linear, numbers, patients, stay
from tools.model.contract import Texts
from tools.model.data import table
from tools.model.refused import Refused


def optional(manifest: Manifest) -> list[str]:
    """Return the names of the optional features."""
    return [feature.name for feature in manifest.features if feature.optional]


def test_an_array_of_numbers_stays_an_array() -> None:
    manifest = described(linear(), table(*numbers(), names=["a b", "c/d"], source="d"))

    assert manifest.artifact.rows == "array"
    assert [feature.name for feature in manifest.features] == ["a b", "c/d"]
    assert all(isinstance(feature, Number) for feature in manifest.features)


def test_names_come_from_the_data_if_the_estimator_has_none() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name

    assert [feature.name for feature in described(linear(), pd.DataFrame(X), y).features] == ["0", "1"]


def test_an_array_must_have_as_many_columns_as_the_estimator() -> None:
    with pytest.raises(Refused, match=r"needs 2 columns in the order .* has 3 besides the target: x0, x1, x2"):
        described(linear(), table(*numbers(3), source="d"))


def test_twelve_columns_of_any_name_reach_a_pipeline_by_name(stay_manifest: Manifest) -> None:
    features = stay_manifest.features

    assert stay_manifest.artifact.rows == "frame"
    assert {feature.name for feature in features if isinstance(feature, Number)} == {*NUMBERS} - {"steps"}
    assert {feature.name for feature in features if isinstance(feature, Boolean)} == {"steps"}
    assert {feature.name for feature in features if isinstance(feature, Category)} == set(CATEGORIES)


def test_columns_that_the_model_does_not_use_are_left_out_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    frame = patients().assign(id=[f"patient {i}" for i in range(120)], day="2024-01-31")

    manifest = described(encoded().fit(frame, stay(frame)), frame[["age", "ward", "id", "day"]], stay(frame))

    assert [feature.name for feature in manifest.features] == ["age", "ward"]
    assert "Left out: id, day. The model does not use them." in capsys.readouterr().out


def filling() -> Pipeline:
    """Return a linear model of two numbers; gaps in `age` are filled, those in `class` are not."""
    columns = ColumnTransformer([("filled", SimpleImputer(), ["age"]), ("as they are", "passthrough", ["class"])])
    return make_pipeline(columns, LinearRegression())


def test_a_feature_with_gaps_in_the_data_is_optional_if_the_model_predicts_without_it() -> None:
    frame = patients()
    frame.loc[3, "age"] = np.nan

    assert optional(described(filling().fit(frame, frame["class"]), frame, frame["class"])) == ["age"]


def test_a_feature_without_gaps_is_required() -> None:
    frame = patients()[["age", "class"]]

    for model in (filling(), HistGradientBoostingRegressor(max_iter=5)):
        assert optional(described(model.fit(frame, frame["class"]), frame, frame["class"])) == []


def test_the_owner_makes_a_feature_without_gaps_optional() -> None:
    frame = patients()

    assert optional(described(filling().fit(frame, frame["class"]), frame, frame["class"], optional=["age"])) == ["age"]


def test_a_feature_that_the_model_needs_cannot_be_optional() -> None:
    frame = patients()

    with pytest.raises(Refused, match=r"The model does not predict without class: leave this out"):
        described(filling().fit(frame, frame["class"]), frame, frame["class"], optional=["age", "class"])


def test_an_encoder_of_true_and_false_as_objects_is_refused_with_a_hint() -> None:
    frame = patients()[["age"]].assign(steps=[True, False, None] * 40)
    columns = ColumnTransformer([("steps", OrdinalEncoder(), ["steps"])], remainder="passthrough")
    model = make_pipeline(columns, HistGradientBoostingRegressor(max_iter=5)).fit(frame, frame["age"])

    with pytest.raises(Refused, match=r"the service sends 1 and 0 for steps: train on these numbers"):
        described(model, frame, frame["age"])


def test_options_for_unknown_features_are_refused() -> None:
    with pytest.raises(
        Refused, match=r"optional names columns that are no features .*: agee\. The features are: x0, x1"
    ):
        described(linear(), table(*numbers(), source="d"), optional=["agee", "x0"])


def test_a_category_is_required_if_the_encoder_does_not_know_a_missing_one() -> None:
    frame = patients()

    assert optional(described(encoded().fit(frame, stay(frame)), frame, stay(frame))) == []


def test_features_that_must_not_be_missing_together_are_required() -> None:
    class OneOfTwo:
        def predict(self, rows: Any) -> Any:
            if np.isnan(rows).all(axis=1).any():
                raise ValueError("both are missing")
            return np.nansum(rows, axis=1)

    X, y = numbers()  # noqa: N806 - scikit-learn's name
    X[0, 0] = X[1, 1] = np.nan

    assert optional(described(OneOfTwo(), table(X, y, source="d"))) == []


def test_a_feature_is_required_if_the_prediction_without_it_is_infinite() -> None:
    class Dividing:
        def predict(self, rows: Any) -> Any:
            return np.where(np.isnan(rows[:, 0]), np.inf, rows[:, 0])

    X, y = numbers(1)  # noqa: N806 - scikit-learn's name
    X[0, 0] = np.nan

    assert optional(described(Dividing(), table(X, y, source="d"))) == []


def test_categories_that_the_estimator_finds_by_type_reach_it_typed() -> None:
    frame = patients()[["age", "ward"]]
    typed = frame.astype({"ward": "category"})
    model = HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=5).fit(typed, frame["age"])

    for data in (typed, frame):  # as train.py has it, and as a CSV file has it
        assert described(model, data, frame["age"]).artifact.rows == "typed frame"


def test_an_estimator_that_needs_types_gets_them() -> None:
    class Typed:
        feature_names_in_ = np.array(["age", "ward"], dtype=object)

        def predict(self, rows: Any) -> Any:
            return rows["ward"].cat.codes.to_numpy() + rows["age"].to_numpy()

    frame = patients()[["age", "ward"]]

    assert described(Typed(), frame, frame["age"]).artifact.rows == "typed frame"


def test_texts_in_an_array_stay_in_an_array() -> None:
    rows = patients()[["age", "ward"]].astype(object).to_numpy()
    columns = ColumnTransformer([("texts", OneHotEncoder(), [1])], remainder="passthrough")
    model = make_pipeline(columns, LinearRegression()).fit(rows, rows[:, 0].astype(float))

    manifest = described(model, table(rows, rows[:, 0], names=["age", "ward"], source="d"))

    assert manifest.artifact.rows == "array"
    assert [type(feature) for feature in manifest.features] == [Number, Category]


def test_a_search_gets_the_rows_of_its_best_estimator() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    search = GridSearchCV(LinearRegression(), {"fit_intercept": [True, False]}, cv=2).fit(X, y)

    assert described(search, table(X, y, source="d")).artifact.rows == "array"


def test_an_estimator_that_declares_no_names_may_need_them() -> None:
    class ByName:
        def predict(self, rows: Any) -> Any:
            return rows["age"].to_numpy()

    frame = patients()[["age", "class"]]

    assert described(ByName(), frame, frame["age"]).artifact.rows == "frame"


def test_digits_that_were_texts_in_training_are_refused_with_a_hint() -> None:
    frame = pd.DataFrame({"zip": [1, 2, 3, 4] * 5})
    model = make_pipeline(OneHotEncoder(), LinearRegression()).fit(frame.astype(str), frame["zip"])

    with pytest.raises(Refused, match=r"fails on a row of its training data: .*with --text"):
        described(model, frame, frame["zip"])


def test_a_model_that_reads_whole_numbers_as_texts_is_refused() -> None:
    frame = pd.DataFrame({"zip": [1, 2, 3, 4] * 5})
    as_text = FunctionTransformer(methodcaller("astype", str))  # "1" in training, "1.0" from the service
    model = make_pipeline(as_text, OneHotEncoder(handle_unknown="ignore"), LinearRegression())

    with pytest.raises(Refused, match=r"predicts something else when its numbers are floats.*: zip"):
        described(model.fit(frame, frame["zip"]), frame, frame["zip"])


def test_rows_that_the_model_does_not_know_are_not_its_training_data() -> None:
    frame = patients()
    model = encoded().fit(frame, stay(frame))
    frame.loc[3, "ward"] = "another"

    with pytest.raises(Refused, match=r"fails on rows of train\.csv, which must be its training data: .*another"):
        described(model, frame, stay(frame))


def test_rows_that_the_service_would_refuse_are_not_predicted() -> None:
    frame = patients()[["age", "0"]]
    model = LinearRegression().fit(frame.dropna(), frame.dropna()["age"])

    assert optional(described(model, frame, frame["age"])) == []


def test_a_prediction_that_is_not_a_number_is_refused() -> None:
    class Logarithm:
        def predict(self, rows: Any) -> Any:
            return np.where(rows[:, 0] < 0, np.nan, 1.0)

    with pytest.raises(Refused, match=r"prediction for \d+ of 60 rows of d is not a finite number"):
        described(Logarithm(), table(*numbers(1), source="d"))


def test_texts_for_unknown_names_are_refused() -> None:
    with pytest.raises(Refused, match=r"There are texts for unknown names: bmi\. The model\'s names are: x0, x1, y"):
        described(
            linear(), table(*numbers(), source="d"), texts=Texts(labels={"bmi": "BMI", "x0": "First", "y": "Sum"})
        )


def test_a_category_is_optional_if_the_encoder_knows_a_missing_one() -> None:
    frame = patients()[["age", "città"]]
    columns = ColumnTransformer([("texts", OrdinalEncoder(), ["città"]), ("rest", "passthrough", ["age"])])
    model = make_pipeline(columns, HistGradientBoostingRegressor(max_iter=5)).fit(frame, frame["age"])

    assert optional(described(model, frame, frame["age"])) == ["città"]


def test_a_name_that_the_service_cannot_use_is_refused() -> None:
    with pytest.raises(Refused, match=r"The service cannot use the name of a feature\. Rename the column"):
        described(linear(), table(*numbers(), names=['say "a"', "b"], source="d"))
