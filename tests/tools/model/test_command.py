"""The real command: main starts a process that has the deployed packages only."""

from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest
from httpx import URL
from msgspec.structs import replace
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from shared.model import manifest, schemas
from shared.model.loader import Model, load_runtime
from shared.model.manifest import Text
from tests.tools.model.conftest import Adopted
from tests.tools.model.estimators import linear, numbers, save
from tools.model import main
from tools.model.command import clean_name
from tools.model.picture import Picture


@pytest.fixture(scope="module")
def published(adopted: Adopted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a second run with the same files, which publishes single rows."""
    folder = tmp_path_factory.mktemp("published")
    assert main([*adopted.arguments, "--publish-points", "--folder", str(folder)]) == 0
    return folder


def test_the_command_prints_the_unused_column_and_the_next_step(adopted: Adopted) -> None:
    assert adopted.errors == ""
    assert "Left out: id. The model does not use it." in adopted.printed
    assert f"set MODEL_MANIFEST to {adopted.folder / 'slr.json'}" in adopted.printed


def test_twelve_features_become_a_manifest_and_a_model_that_predicts(adopted: Adopted) -> None:
    written = adopted.manifest

    assert (written.name, written.description, written.kind) == ("Length-of-stay", "Days in hospital.", "regressor")
    assert written.version == written.artifact.sha256[:12]
    assert (written.artifact.rows, written.artifact.estimator) == ("frame", "HistGradientBoostingRegressor")
    assert (written.training.data, written.training.rows) == ("train.csv", 120)
    assert written.output.classes == ("Class0", "Class1", "Class2")
    assert len(written.features) == 12
    assert (adopted.folder / "slr.json").stat().st_size < 20_000
    model = Model(written, load_runtime(adopted.folder, written))
    assert {feature.name for feature in written.features if feature.optional} == {"0", "città"}
    instance = {**written.examples[0].instance, "0": None, "città": None}
    instances = schemas.build(written).decode(msgspec.json.encode({"instances": [instance]}))
    assert np.isfinite(model.predict(instances).predictions[0])


def test_adopting_the_same_files_again_writes_the_same_bytes(adopted: Adopted, published: Path) -> None:
    for name in ("slr.json", "slr.joblib"):
        assert (adopted.folder / name).read_bytes() == (published / name).read_bytes()
    assert (adopted.folder / "slr.joblib").read_bytes() == Path(adopted.arguments[0]).read_bytes()
    with_points = msgspec.json.decode((published / "slr.picture.json").read_bytes(), type=Picture)
    without = msgspec.json.encode(replace(with_points, points=None)) + b"\n"
    assert (adopted.folder / "slr.picture.json").read_bytes() == without


def test_single_rows_are_published_only_on_request(adopted: Adopted, published: Path) -> None:
    assert b'"points"' not in (adopted.folder / "slr.picture.json").read_bytes()
    assert b'"points"' in (published / "slr.picture.json").read_bytes()


def test_a_package_that_only_a_developer_has_is_missing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    arguments = save(tmp_path, make_pipeline(FunctionTransformer(URL), LinearRegression()), pd.DataFrame(X), y)

    code = main([*arguments, "--folder", str(tmp_path / "out")])

    assert code == 1
    assert capfd.readouterr().err == (
        'mine.joblib needs the package httpx: add "httpx" to dependencies in pyproject.toml, then run make generate.\n'
    )
    assert not (tmp_path / "out").exists()


def test_name_version_and_class_labels_can_be_chosen(tmp_path: Path) -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    arguments = save(tmp_path, linear(), pd.DataFrame(X, columns=["a", "b"]), y)

    options = ["--name", "Σ of two", "--version", "2.0.0", "--classes", "0", "--class-labels", "below,above"]
    code = main([*arguments, *options, "--folder", str(tmp_path)])

    written = manifest.decode((tmp_path / "slr.json").read_bytes())
    assert code == 0
    assert (written.name, written.version, written.output.classes) == ("Σ of two", "2.0.0", ("below", "above"))
    assert written.artifact.onnx is not None  # skl2onnx is not deployed, and is allowed all the same


def test_free_text_and_an_example_of_the_owner_can_be_chosen(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    notes = pd.DataFrame({"note": [f"{word} {i}" for i in range(40) for word in ("pain", "fever")]})
    target = np.arange(80) % 2 + np.arange(80) / 100
    model = make_pipeline(CountVectorizer(), Ridge()).fit(notes["note"], target)
    arguments = [*save(tmp_path, model, notes.assign(age=30), target), "--folder", str(tmp_path)]

    assert main([*arguments, "--free-text", "note", "--example", '{"note": "fever"}']) == 0
    assert main([*arguments, "--free-text", "note", "--example", "fever"]) == 1

    written = manifest.decode((tmp_path / "slr.json").read_bytes())
    assert written.features == (Text(name="note"),)
    assert written.examples[0].instance == {"note": "fever"}
    assert "The example must be JSON such as" in capfd.readouterr().err


@pytest.mark.parametrize("argv", [[], ["mine.joblib"], ["mine.joblib", "--data", "train.csv"]])
def test_an_incomplete_command_line_starts_nothing(argv: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main(argv)

    assert exited.value.code == 2
    assert "required" in capfd.readouterr().err


def test_the_help_warns_that_the_file_must_be_trusted(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main(["--help"])

    assert exited.value.code == 0
    assert "files that you trust" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("stem", "name"), [("mine", "mine"), ("My model (2)", "My-model-2"), ("größe_v1.2", "größe_v1.2"), ("---", "model")]
)
def test_the_name_of_a_file_becomes_the_name_of_the_model(stem: str, name: str) -> None:
    assert clean_name(stem) == name
