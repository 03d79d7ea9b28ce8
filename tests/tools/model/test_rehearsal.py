"""Models that need code which is not deployed: refused where their own code serves, adopted where it does not."""

import importlib
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pytest
from httpx import URL
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from shared.model.manifest import Manifest
from tests.tools.model.estimators import linear, numbers, without_graph
from tools.model import adopt
from tools.model.load import load
from tools.model.refused import Refused

X, Y = numbers()
CURVED = np.i0(X) @ [1.0, 2.0]


class Scripted(LinearRegression):  # type: ignore[misc]
    """An estimator of a test module, which is not deployed."""


def curved(**parameters: Any) -> Any:
    """Return a model that only its own code can serve."""
    return make_pipeline(without_graph(**parameters), LinearRegression()).fit(X, CURVED)


def adopted(folder: Path, content: bytes, target: Any = CURVED) -> Manifest:
    path = folder / "mine.pkl"
    path.write_bytes(content)
    loaded = load(path)
    return adopt(loaded.estimator, X, target, name="mine", folder=folder / "out", loaded=loaded)


def test_a_model_of_deployed_packages_is_adopted(tmp_path: Path) -> None:
    assert adopt(curved(), X, CURVED, name="mine", folder=tmp_path).artifact.runtime == "scikit-learn"


def test_a_package_that_is_not_deployed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r'needs the package httpx: add "httpx" to dependencies in pyproject\.toml'):
        adopt(curved(inverse_func=URL), X, CURVED, name="mine", folder=tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_a_package_that_the_served_form_does_not_need_is_no_obstacle(tmp_path: Path) -> None:
    model = linear()
    model.source = URL("https://example.org")

    assert adopt(model, X, Y, name="mine", folder=tmp_path).artifact.runtime == "numpy"


def test_a_class_of_the_training_script_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scripted, "__module__", "__main__")
    monkeypatch.setattr("__main__.Scripted", Scripted, raising=False)
    model = make_pipeline(without_graph(), Scripted()).fit(X, CURVED)

    with pytest.raises(
        Refused, match=r"needs Scripted from the script that trained it: move it into a module in .*model/"
    ):
        adopt(model, X, CURVED, name="mine", folder=tmp_path)


def test_a_class_of_the_training_script_may_be_replaced_by_a_weighted_sum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Scripted, "__module__", "__main__")
    monkeypatch.setattr("__main__.Scripted", Scripted, raising=False)

    assert adopt(Scripted().fit(X, Y), X, Y, name="mine", folder=tmp_path).artifact.runtime == "numpy"


def test_a_module_beside_the_model_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_steps.py").write_text("import numpy as np\n\ndef curve(rows):\n    return np.i0(rows)\n")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        curve = importlib.import_module("own_steps").curve
        joblib.dump(make_pipeline(FunctionTransformer(curve), LinearRegression()).fit(X, CURVED), tmp_path / "saved")
    monkeypatch.delitem(sys.modules, "own_steps")

    with pytest.raises(
        Refused, match=r"mine.pkl needs your own module own_steps: move it into .* \(model/own_steps\.py, imported as"
    ):
        adopted(tmp_path, (tmp_path / "saved").read_bytes())


def test_functions_that_cloudpickle_saved_are_adopted(tmp_path: Path) -> None:
    model = make_pipeline(FunctionTransformer(lambda rows: np.i0(rows) + 0), LinearRegression()).fit(X, CURVED)

    assert adopted(tmp_path, cloudpickle.dumps(model)).artifact.runtime == "scikit-learn"


def test_a_model_that_fails_in_the_service_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.model.rehearsal.START", "raise SystemExit(3)")

    with pytest.raises(Refused, match=r"cannot be served by its own code with the deployed packages: .* ended with 3"):
        adopt(curved(), X, CURVED, name="mine", folder=tmp_path)
