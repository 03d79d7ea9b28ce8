import hashlib
import io
from typing import Any

import joblib
import pytest
import sklearn
from httpx import URL
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from tests.tools.model.estimators import linear, numbers
from tools.model.artifact import describe, dump
from tools.model.refused import Refused


class Scripted(LinearRegression):  # type: ignore[misc]
    """An estimator of a test module, which is not deployed."""


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


def test_a_class_of_the_training_script_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scripted, "__module__", "__main__")
    monkeypatch.setattr("__main__.Scripted", Scripted, raising=False)

    with pytest.raises(
        Refused, match=r"needs Scripted from the script that trained it: move it into a module in .*model/"
    ):
        dump(Scripted().fit(*numbers()))


def test_a_package_that_is_not_deployed_is_refused() -> None:
    with pytest.raises(Refused, match=r'needs the package httpx: add "httpx" to dependencies in pyproject\.toml'):
        dump(make_pipeline(FunctionTransformer(URL), LinearRegression()))


def test_an_estimator_with_a_lambda_cannot_be_saved() -> None:
    with pytest.raises(Refused, match="The model cannot be saved: PicklingError"):
        dump(make_pipeline(FunctionTransformer(lambda rows: rows + 1), LinearRegression()))
