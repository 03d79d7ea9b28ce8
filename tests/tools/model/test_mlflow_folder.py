import pickle
from pathlib import Path

import pytest
import skops.io
from sklearn.linear_model import LinearRegression

from tests.tools.model.estimators import linear
from tools.model.load import load
from tools.model.refused import Refused

SKLEARN = """\
artifact_path: model
flavors:
  python_function:
    env: {conda: conda.yaml, virtualenv: python_env.yaml}
    loader_module: mlflow.sklearn
    model_path: model.pkl
    python_version: 3.13.1
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 1.9.1
mlflow_version: 3.1.0
"""
FUNCTION = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n"
OTHER = "flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n  keras: {}\n"


def folder(parent: Path, described: str, content: bytes = b"") -> Path:
    path = parent / "risk"
    path.mkdir()
    (path / "MLmodel").write_text(described)
    (path / "model.pkl").write_bytes(content or pickle.dumps(linear()))
    return path


@pytest.mark.parametrize("described", [SKLEARN, FUNCTION], ids=["sklearn", "python_function"])
def test_the_estimator_of_an_mlflow_folder_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], described: str
) -> None:
    loaded = load(folder(tmp_path, described))

    assert isinstance(loaded.estimator, LinearRegression)
    assert loaded.content == (tmp_path / "risk" / "model.pkl").read_bytes()
    assert capsys.readouterr().out == "risk: MLflow, joblib or pickle.\n"


def test_an_mlflow_folder_may_have_a_file_of_skops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(load(folder(tmp_path, SKLEARN, skops.io.dumps(linear()))).estimator, LinearRegression)
    assert capsys.readouterr().out == "risk: MLflow, skops.\n"


def test_modules_that_mlflow_saved_with_the_model_are_found(tmp_path: Path) -> None:
    path = folder(tmp_path, SKLEARN, b"cbeside_in_mlflow\nModel\n.")
    (path / "code").mkdir()
    (path / "code" / "beside_in_mlflow.py").write_text("class Model:\n    pass\n")

    assert load(path).estimator.__name__ == "Model"


@pytest.mark.parametrize(
    ("described", "message"),
    [
        (OTHER, "risk is an MLflow model without an estimator of scikit-learn; it has: python_function, keras."),
        ("flavors: [", "MLmodel in risk cannot be read: "),
        ("name: risk\n", "MLmodel in risk cannot be read: KeyError: 'flavors'"),
    ],
)
def test_another_mlflow_folder_is_refused(tmp_path: Path, described: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        load(folder(tmp_path, described))

    assert message in str(refused.value)


def test_a_folder_without_mlmodel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is a folder without the file MLmodel of MLflow: name the model's file"):
        load(tmp_path)
