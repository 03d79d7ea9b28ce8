import bz2
import gzip
import lzma
import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pytest
import sklearn
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tests.tools.model.estimators import linear
from tools.model.load import load
from tools.model.refused import Refused

INSTALLED = sklearn.__version__


def class_of_module(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a class `Model` of a module `name`, which is not on disk."""
    module = ModuleType(name)
    module.Model = type("Model", (), {"__module__": name})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, module)
    return module.Model


def dump(folder: Path, estimator: Any, compress: Any = 0) -> Path:
    """Write an estimator into a file, and return its path."""
    path = folder / "mine.joblib"
    joblib.dump(estimator, path, compress=compress)
    return path


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_a_joblib_file_is_loaded_with_its_bytes(tmp_path: Path, compress: Any) -> None:
    joblib.dump(linear(), tmp_path / "mine.joblib", compress=compress)

    loaded = load(tmp_path / "mine.joblib")

    assert loaded.estimator.predict([[1.0, 2.0]]) == pytest.approx(3.0)
    assert loaded.content == (tmp_path / "mine.joblib").read_bytes()
    assert loaded.scikit_learn == INSTALLED


def test_a_plain_pickle_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "mine.pkl").write_bytes(pickle.dumps(linear()))

    assert isinstance(load(tmp_path / "mine.pkl").estimator, LinearRegression)


@pytest.mark.parametrize(
    ("opener", "name"), [(gzip.open, "gzip"), (bz2.open, "bzip2"), (lzma.open, "xz")], ids=["gzip", "bzip2", "xz"]
)
def test_a_compressed_pickle_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], opener: Any, name: str
) -> None:
    with opener(tmp_path / "mine.pkl", "wb") as file:
        pickle.dump(linear(), file)

    assert isinstance(load(tmp_path / "mine.pkl").estimator, LinearRegression)
    assert capsys.readouterr().out == f"mine.pkl: joblib or pickle, {name}.\n"


def test_a_cloudpickle_is_loaded_with_its_bytes(tmp_path: Path) -> None:
    model = make_pipeline(FunctionTransformer(lambda rows: rows + 1), linear())
    (tmp_path / "mine.pkl").write_bytes(cloudpickle.dumps(model))

    loaded = load(tmp_path / "mine.pkl")

    assert loaded.estimator.predict(np.array([[1.0, 2.0]])) == pytest.approx(5.0)
    assert loaded.content == (tmp_path / "mine.pkl").read_bytes()


def test_a_file_of_lz4_is_refused_where_lz4_is_missing(tmp_path: Path) -> None:
    (tmp_path / "mine.joblib").write_bytes(b"\x04\x22\x4d\x18 packed")

    with pytest.raises(Refused, match=r"compressed by lz4, which is not installed: save it with another compression"):
        load(tmp_path / "mine.joblib")


def test_another_minor_of_scikit_learn_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", "1.7.2")
        path = dump(tmp_path, linear())

    with pytest.raises(Refused) as refused:
        load(path)

    assert str(refused.value) == (
        f"mine.joblib was trained with scikit-learn 1.7.2, but {INSTALLED} is installed: train it again with "
        f'{INSTALLED}, or set "scikit-learn==1.7.2" in pyproject.toml and run make generate.'
    )


def test_another_patch_of_scikit_learn_is_accepted_and_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ".".join([*INSTALLED.split(".")[:2], "99"])
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", other)
        path = dump(tmp_path, linear())

    assert load(path).scikit_learn == other


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_a_file_that_fails_before_the_warning_is_refused_by_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compress: Any
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", "1.5.0")
        path = dump(tmp_path, make_pipeline(class_of_module("sklearn.gone", patch)(), linear()), compress)

    with pytest.raises(Refused, match=r"trained with scikit-learn 1\.5\.0"):
        load(path)


def test_a_module_that_an_installed_package_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        path = dump(tmp_path, class_of_module("sklearn.gone", patch)())

    with pytest.raises(
        Refused, match=rf"needs sklearn\.gone, which the installed scikit-learn {INSTALLED} does not have"
    ):
        load(path)


@pytest.mark.parametrize(
    ("needed", "package"), [("pygam", "pygam"), ("imblearn", "imbalanced-learn"), ("pytest", "pytest")]
)
def test_a_missing_package_is_named_as_pyproject_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, needed: str, package: str
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with monkeypatch.context() as patch:
        path = dump(tmp_path / "models", class_of_module(needed, patch)())
        patch.setitem(sys.modules, needed, None)

        with pytest.raises(Refused) as refused:
            load(path)

    assert str(refused.value) == (
        f'mine.joblib needs the package {package}, which is not installed: add "{package}" to the group dev in '
        "pyproject.toml, then run make generate."
    )


def test_an_unknown_module_is_looked_for_and_no_package_of_its_name_is_advised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        path = dump(tmp_path, class_of_module("steps", patch)())

    with pytest.raises(Refused) as refused:
        load(path)

    assert str(refused.value) == (
        "mine.joblib needs the module steps. It is neither beside the file, nor in the current folder, nor in the "
        "project, nor in an installed package. If it is your own, put steps.py beside the file, or move it into the "
        "folder model/ and train again. If it is part of a package, add that package to the group dev in "
        "pyproject.toml, then run make generate."
    )


def test_a_module_beside_the_model_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside_the_model.py").write_text("class Model:\n    pass\n")
    path_before = list(sys.path)
    with monkeypatch.context() as patch:
        path = dump(tmp_path, class_of_module("beside_the_model", patch)())

    assert type(load(path).estimator).__module__ == "beside_the_model"
    assert sys.path == path_before


def test_a_class_of_the_training_script_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rounded = type("Rounded", (), {"__module__": "__main__"})
    with monkeypatch.context() as patch:
        patch.setattr("__main__.Rounded", rounded, raising=False)
        path = dump(tmp_path, rounded())

    with pytest.raises(Refused, match=r"needs Rounded from the script that trained it: move it into a module"):
        load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "is a git-lfs pointer: run git lfs pull"),
        (b"a,b\n1,2\n", "cannot be loaded as a joblib or pickle file"),
        (b"", "cannot be loaded as a joblib or pickle file: EOFError"),
    ],
)
def test_a_file_that_is_not_a_model_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "mine.joblib"
    path.write_bytes(content)

    with pytest.raises(Refused, match=message):
        load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"none\.joblib cannot be read: No such file"):
        load(tmp_path / "none.joblib")
