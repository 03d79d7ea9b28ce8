"""The real command: main starts a process that has the deployed packages only."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from httpx import URL
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from shared.model import manifest, schemas
from shared.model.loader import Model, load_runtime
from tests.tools.model.estimators import boosted, linear, numbers, patients, saved, stay
from tools.model import main
from tools.model.command import clean


def adopt_patients(folder: Path, out: str) -> int:
    """Adopt the twelve-feature pipeline from files in `folder`."""
    frame = patients()
    model = boosted().fit(frame, stay(frame))
    given = saved(folder, model, frame.assign(id=range(len(frame))), stay(frame), "Length of stay")
    return main([*given, "--classes", "4,6", "--description", "Days in hospital.", "--folder", str(folder / out)])


def test_twelve_features_become_a_manifest_that_answers(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = adopt_patients(tmp_path, "out")

    told = capfd.readouterr()
    assert (code, told.err) == (0, "")
    assert "Left out, the model does not use them: id." in told.out
    assert f"set MODEL_MANIFEST to {tmp_path / 'out' / 'slr.json'}" in told.out
    content = (tmp_path / "out" / "slr.json").read_bytes()
    found = manifest.decode(content)
    assert (found.name, found.description, found.kind) == ("Length-of-stay", "Days in hospital.", "regressor")
    assert found.version == found.artifact.sha256[:12]
    assert (found.artifact.rows, found.artifact.estimator) == ("frame", "HistGradientBoostingRegressor")
    assert (found.training.data, found.training.rows) == ("train.csv", 120)
    assert found.output.classes == ("Class0", "Class1", "Class2")
    assert len(found.features) == 12
    assert len(content) < 20_000
    model = Model(found, load_runtime(tmp_path / "out", found))
    instances = schemas.build(found).decode(b'{"instances":[{}]}')
    assert np.isfinite(model.predict(instances).predictions[0])


def test_the_same_files_give_the_same_files(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        adopt_patients(tmp_path, folder)

    for name in ("slr.json", "slr.joblib", "slr.picture.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert (tmp_path / "one" / "slr.joblib").read_bytes() == (tmp_path / "Length of stay.joblib").read_bytes()


def test_single_rows_are_published_on_request_only(tmp_path: Path) -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    given = saved(tmp_path, linear(), pd.DataFrame(X, columns=["a", "b"]), y)

    assert main([*given, "--folder", str(tmp_path / "kept")]) == 0
    assert main([*given, "--folder", str(tmp_path / "shown"), "--publish-points"]) == 0

    assert b'"points"' not in (tmp_path / "kept" / "slr.picture.json").read_bytes()
    assert b'"points"' in (tmp_path / "shown" / "slr.picture.json").read_bytes()


def test_a_package_of_the_developers_only_is_missing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    given = saved(tmp_path, make_pipeline(FunctionTransformer(URL), LinearRegression()), pd.DataFrame(X), y)

    code = main([*given, "--folder", str(tmp_path / "out")])

    assert code == 1
    assert capfd.readouterr().err == (
        'mine.joblib needs the package httpx: add "httpx" to dependencies in pyproject.toml, then run make generate.\n'
    )
    assert not (tmp_path / "out").exists()


def test_name_version_and_class_labels_can_be_given(tmp_path: Path) -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    given = saved(tmp_path, linear(), pd.DataFrame(X, columns=["a", "b"]), y)

    named = ["--name", "Σ of two", "--version", "2.0.0", "--classes", "0", "--class-labels", "below,above"]
    code = main([*given, *named, "--folder", str(tmp_path)])

    found = manifest.decode((tmp_path / "slr.json").read_bytes())
    assert code == 0
    assert (found.name, found.version, found.output.classes) == ("Σ of two", "2.0.0", ("below", "above"))


@pytest.mark.parametrize("argv", [[], ["mine.joblib"], ["mine.joblib", "--data", "train.csv"]])
def test_a_command_line_without_what_is_needed_starts_nothing(
    argv: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(argv)

    assert left.value.code == 2
    assert "required" in capfd.readouterr().err


def test_the_help_says_that_the_file_must_be_trusted(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])

    assert left.value.code == 0
    assert "files that you trust" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("stem", "name"), [("mine", "mine"), ("My model (2)", "My-model-2"), ("größe_v1.2", "größe_v1.2"), ("---", "model")]
)
def test_a_files_stem_becomes_a_name(stem: str, name: str) -> None:
    assert clean(stem) == name
