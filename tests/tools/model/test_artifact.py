import hashlib
import io
from typing import Any

import joblib
import pytest
import sklearn
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from tests.tools.model.estimators import linear, numbers
from tools.model.artifact import describe, dump
from tools.model.refused import Refused


def test_the_same_training_leads_to_the_same_bytes_which_can_be_loaded() -> None:
    content, scikit_learn = dump(linear())

    assert dump(linear())[0] == content
    assert joblib.load(io.BytesIO(content)).predict([[1.0, 2.0]]) == pytest.approx(3.0)
    assert scikit_learn == sklearn.__version__


@pytest.mark.parametrize(
    "estimator",
    [
        LinearRegression(),
        make_pipeline(StandardScaler(), LinearRegression()),
        make_pipeline(StandardScaler(), make_pipeline(LinearRegression())),
        GridSearchCV(make_pipeline(LinearRegression()), {}, cv=2).fit(*numbers()),
    ],
)
def test_the_manifest_names_the_estimator_that_predicts(estimator: Any) -> None:
    artifact = describe(b"bytes", estimator, "1.9.1")

    assert artifact.estimator == "LinearRegression"
    assert artifact.sha256 == hashlib.sha256(b"bytes").hexdigest()
    assert artifact.file == "slr.joblib"


def test_an_estimator_with_a_lambda_cannot_be_saved() -> None:
    with pytest.raises(Refused, match="The model cannot be saved: PicklingError"):
        dump(make_pipeline(FunctionTransformer(lambda rows: rows + 1), LinearRegression()))
