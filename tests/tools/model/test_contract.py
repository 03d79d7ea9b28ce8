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
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

from shared.model.manifest import Category, Manifest, Number
from tests.tools.model.estimators import (
    CATEGORIES,
    NUMBERS,
    boosted,
    draft,
    encoded,
    linear,
    numbers,
    of,
    patients,
    stay,
)
from tools.model import contract
from tools.model.contract import Words
from tools.model.data import table
from tools.model.output import Bands
from tools.model.refused import Refused

NOTHING = Words()


def adopted(estimator: Any, frame: Any, target: Any = None, words: Words = NOTHING) -> Manifest:
    found = frame if not isinstance(frame, pd.DataFrame) else of(frame, target)
    return contract.of(draft(), estimator, found, words, Bands())


def optional(found: Manifest) -> list[str]:
    return [feature.name for feature in found.features if feature.optional]


def test_an_array_of_numbers_stays_one() -> None:
    found = adopted(linear(), table(*numbers(), names=["a b", "c/d"], source="d"))

    assert found.artifact.rows == "array"
    assert [feature.name for feature in found.features] == ["a b", "c/d"]
    assert all(isinstance(feature, Number) for feature in found.features)


def test_names_come_from_the_data_where_the_estimator_has_none() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name

    assert [each.name for each in adopted(linear(), pd.DataFrame(X), y).features] == ["0", "1"]


def test_an_array_must_have_as_many_columns_as_the_estimator() -> None:
    with pytest.raises(Refused, match=r"takes 2 columns in the order .* has 3 beside the target: x0, x1, x2"):
        adopted(linear(), table(*numbers(3), source="d"))


def test_twelve_columns_of_any_name_reach_a_pipeline_by_name() -> None:
    frame = patients()

    found = adopted(boosted().fit(frame, stay(frame)), frame, stay(frame))

    assert found.artifact.rows == "frame"
    assert {each.name for each in found.features if isinstance(each, Number)} == set(NUMBERS)
    assert {each.name for each in found.features if isinstance(each, Category)} == set(CATEGORIES)


def test_columns_that_the_model_does_not_use_are_left_out_and_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    frame = patients().assign(id=[f"patient {i}" for i in range(120)], day="2024-01-31")

    found = adopted(encoded().fit(frame, stay(frame)), frame[["age", "ward", "id", "day"]], stay(frame))

    assert [feature.name for feature in found.features] == ["age", "ward"]
    assert "Left out, the model does not use them: id, day." in capsys.readouterr().out


def test_a_feature_may_be_missing_where_the_model_answers_without_it() -> None:
    frame = patients()
    columns = ColumnTransformer([("filled", SimpleImputer(), ["age"]), ("as they are", "passthrough", ["class"])])
    model = make_pipeline(columns, LinearRegression()).fit(frame, stay(frame))

    assert optional(adopted(model, frame, stay(frame))) == ["age"]


def test_an_unknown_category_is_no_missing_one() -> None:
    frame = patients()

    assert optional(adopted(encoded().fit(frame, stay(frame)), frame, stay(frame))) == []


def test_features_that_may_be_missing_one_by_one_only_are_required() -> None:
    class OneOfTwo:
        def predict(self, rows: Any) -> Any:
            if np.isnan(rows).all(axis=1).any():
                raise ValueError("both are missing")
            return np.nansum(rows, axis=1)

    assert optional(adopted(OneOfTwo(), table(*numbers(), source="d"))) == []


def test_an_infinite_answer_to_a_missing_value_is_none() -> None:
    class Dividing:
        def predict(self, rows: Any) -> Any:
            return np.where(np.isnan(rows[:, 0]), np.inf, rows[:, 0])

    assert optional(adopted(Dividing(), table(*numbers(1), source="d"))) == []


def test_categories_by_type_reach_the_estimator_typed() -> None:
    frame = patients()[["age", "ward"]]
    typed = frame.astype({"ward": "category"})
    model = HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=5).fit(typed, frame["age"])

    for data in (typed, frame):  # as train.py has it, and as it comes back from a CSV file
        assert adopted(model, data, frame["age"]).artifact.rows == "typed frame"


def test_an_estimator_that_wants_types_gets_them() -> None:
    class Typed:
        feature_names_in_ = np.array(["age", "ward"], dtype=object)

        def predict(self, rows: Any) -> Any:
            return rows["ward"].cat.codes.to_numpy() + rows["age"].to_numpy()

    frame = patients()[["age", "ward"]]

    assert adopted(Typed(), frame, frame["age"]).artifact.rows == "typed frame"


def test_texts_in_an_array_stay_in_an_array() -> None:
    rows = patients()[["age", "ward"]].astype(object).to_numpy()
    columns = ColumnTransformer([("texts", OneHotEncoder(), [1])], remainder="passthrough")
    model = make_pipeline(columns, LinearRegression()).fit(rows, rows[:, 0].astype(float))

    found = adopted(model, table(rows, rows[:, 0], names=["age", "ward"], source="d"))

    assert found.artifact.rows == "array"
    assert [type(feature) for feature in found.features] == [Number, Category]


def test_a_search_is_asked_like_its_best_estimator() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    search = GridSearchCV(LinearRegression(), {"fit_intercept": [True, False]}, cv=2).fit(X, y)

    assert adopted(search, table(X, y, source="d")).artifact.rows == "array"


def test_a_first_step_that_keeps_no_names_is_tried_both_ways() -> None:
    class ByName:
        def predict(self, rows: Any) -> Any:
            return rows["age"].to_numpy()

    frame = patients()[["age", "class"]]

    assert adopted(ByName(), frame, frame["age"]).artifact.rows == "frame"


def test_digits_that_were_texts_in_training_are_refused_with_a_hint() -> None:
    frame = pd.DataFrame({"zip": [1, 2, 3, 4] * 5})
    model = make_pipeline(OneHotEncoder(), LinearRegression()).fit(frame.astype(str), frame["zip"])

    with pytest.raises(Refused, match=r"does not answer a row of its own data: .*named by --text"):
        adopted(model, frame, frame["zip"])


def test_a_model_that_reads_whole_numbers_otherwise_is_refused() -> None:
    frame = pd.DataFrame({"zip": [1, 2, 3, 4] * 5})
    as_text = FunctionTransformer(methodcaller("astype", str))  # "1" in training, "1.0" from the service
    model = make_pipeline(as_text, OneHotEncoder(handle_unknown="ignore"), LinearRegression())

    with pytest.raises(Refused, match=r"answers otherwise when its numbers arrive as floating point.*: zip"):
        adopted(model.fit(frame, frame["zip"]), frame, frame["zip"])


def test_rows_that_the_model_does_not_know_are_not_its_data() -> None:
    frame = patients()
    model = encoded().fit(frame, stay(frame))
    frame.loc[3, "ward"] = "another"

    with pytest.raises(Refused, match=r"fails on rows of train\.csv, which must be its own data: .*another"):
        adopted(model, frame, stay(frame))


def test_rows_that_the_service_would_refuse_are_not_asked() -> None:
    frame = patients()[["age", "0"]]
    model = LinearRegression().fit(frame.dropna(), frame.dropna()["age"])

    assert optional(adopted(model, frame, frame["age"])) == []


def test_an_answer_that_is_no_number_is_refused() -> None:
    class Logarithm:
        def predict(self, rows: Any) -> Any:
            return np.where(rows[:, 0] < 0, np.nan, 1.0)

    with pytest.raises(Refused, match=r"answer to \d+ of 60 rows of d is not a finite number"):
        adopted(Logarithm(), table(*numbers(1), source="d"))


def test_texts_about_unknown_names_are_refused() -> None:
    with pytest.raises(Refused, match="There are texts for bmi, and the model has only: x0, x1, y"):
        adopted(linear(), table(*numbers(), source="d"), words=Words(labels={"bmi": "BMI", "x0": "First", "y": "Sum"}))


def test_a_missing_category_is_optional_where_the_encoder_knows_it() -> None:
    frame = patients()[["age", "città"]]
    columns = ColumnTransformer([("texts", OrdinalEncoder(), ["città"]), ("rest", "passthrough", ["age"])])
    model = make_pipeline(columns, HistGradientBoostingRegressor(max_iter=5)).fit(frame, frame["age"])

    assert optional(adopted(model, frame, frame["age"])) == ["age", "città"]


def test_a_name_that_the_service_cannot_take_is_refused() -> None:
    with pytest.raises(Refused, match="A feature's name cannot be served, so rename the column"):
        adopted(linear(), table(*numbers(), names=['say "a"', "b"], source="d"))
