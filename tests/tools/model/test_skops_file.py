import io
from pathlib import Path

import joblib
import pytest
import skops.io
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from tests.tools.model.estimators import linear, without_graph
from tools.model import load as loading
from tools.model.load import load
from tools.model.refused import Refused


class Doubled(LinearRegression):  # type: ignore[misc]
    """An estimator that skops does not know."""


DOUBLED = f"{Doubled.__module__}.Doubled"


def saved(folder: Path, estimator: object) -> Path:
    path = folder / "mine.joblib"  # the content decides
    path.write_bytes(skops.io.dumps(estimator))
    return path


def test_a_model_of_skops_becomes_one_that_the_service_can_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded = load(saved(tmp_path, linear()))

    assert joblib.load(io.BytesIO(loaded.content)).predict([[1.0, 2.0]]) == pytest.approx(3.0)
    assert capsys.readouterr().out == "mine.joblib: skops.\n"


def test_types_that_nobody_named_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, Doubled().fit([[1.0], [2.0]], [1.0, 2.0]))

    with pytest.raises(Refused, match=rf"has types that skops does not trust: {DOUBLED}\. .* --trust {DOUBLED}$"):
        load(path)


def test_types_that_were_named_are_loaded(tmp_path: Path) -> None:
    path = saved(tmp_path, Doubled().fit([[1.0], [2.0]], [1.0, 2.0]))

    assert isinstance(load(path, [DOUBLED]).estimator, Doubled)


def test_another_minor_of_scikit_learn_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", "1.5.0")
        path = saved(tmp_path, linear())

    with pytest.raises(Refused, match=r"was trained with scikit-learn 1\.5\.0"):
        load(path)


def test_a_file_that_fails_before_the_warning_is_refused_by_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", "1.5.0")
        path = saved(tmp_path, make_pipeline(without_graph(), linear()))
    monkeypatch.setattr(loading.skops_file, "load", lambda *_: {}["gone"])

    with pytest.raises(Refused, match=r"was trained with scikit-learn 1\.5\.0"):
        load(path)


def test_another_zip_archive_is_no_model_of_skops(tmp_path: Path) -> None:
    (tmp_path / "mine.joblib").write_bytes(b"PK\x03\x04 broken")

    with pytest.raises(Refused, match="cannot be loaded as a joblib or pickle file"):
        load(tmp_path / "mine.joblib")
