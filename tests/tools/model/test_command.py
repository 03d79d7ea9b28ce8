"""The real command, from the owner's files to the files of the service."""

from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest
from httpx import URL
from msgspec.structs import replace
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from shared.model import manifest, schemas
from shared.model.loader import Model, load_runtime
from shared.model.manifest import Boolean, Category, Number, Text
from tests.tools.model.conftest import Adopted
from tests.tools.model.estimators import linear, numbers, save, without_graph
from tools.model import main
from tools.model.command import clean_name, name_of
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


def test_a_package_that_only_a_developer_has_is_missing_where_the_model_itself_serves(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    X, _ = numbers()  # noqa: N806 - scikit-learn's name
    model = make_pipeline(without_graph(inverse_func=URL), LinearRegression()).fit(X, np.i0(X) @ [1, 2])
    arguments = save(tmp_path, model, pd.DataFrame(X), np.i0(X) @ [1, 2])

    code = main([*arguments, "--folder", str(tmp_path / "out")])

    assert code == 1
    assert capfd.readouterr().err == (
        'mine.joblib is served by its own code, which needs the package httpx: add "httpx" to dependencies in '
        "pyproject.toml, then run make generate.\n"
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
    assert written.artifact.onnx is not None  # onnx is not deployed, and is allowed all the same


def test_a_model_of_other_data_is_adopted_only_anyway(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    arguments = save(tmp_path, linear(), pd.DataFrame(-X, columns=["a", "b"]), y)

    refused = main([*arguments, "--folder", str(tmp_path / "out")])
    assert (refused, (tmp_path / "out").exists()) == (1, False)
    assert "no better than its average does: R² is -3." in capfd.readouterr().err

    pd.DataFrame(X, columns=["a", "b"]).assign(y=y).to_csv(tmp_path / "test.csv", sep=";", index=False)
    options = ["--anyway", "--test", str(tmp_path / "test.csv"), "--folder", str(tmp_path / "out")]
    adopted = main([*arguments, *options])

    training = manifest.decode((tmp_path / "out" / "slr.json").read_bytes()).training
    assert adopted == 0
    assert (training.score, training.score_name, training.held_out) == (1.0, "R²", 60)
    assert "test.csv: 60 rows, semicolons, UTF-8." in capfd.readouterr().out


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


def test_booleans_categories_and_free_text_are_read_from_a_spreadsheet_s_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = range(60)
    frame = pd.DataFrame({"age": [20.5 + i for i in rows], "smoker": [i % 3 == 0 for i in rows]})
    frame["new"] = [("NA", True, False)[i % 3] for i in rows]
    frame["region"] = [("NA", "EU")[i % 2] for i in rows]
    frame["note"] = [f"pain; fever, {i}" for i in rows]
    columns = [
        ("numbers", SimpleImputer(), ["age", "smoker", "new"]),
        ("regions", OneHotEncoder(handle_unknown="ignore"), ["region"]),
        ("notes", TfidfVectorizer(), "note"),
    ]
    trained = frame.assign(new=frame["new"].map({True: 1.0, False: 0.0}))
    model = make_pipeline(ColumnTransformer(columns), Ridge()).fit(trained, frame["age"])
    arguments = save(tmp_path, model, frame, frame["age"])
    frame.assign(y=frame["age"]).to_csv(tmp_path / "train.csv", sep=";", decimal=",", index=False, encoding="utf-16")

    assert main([*arguments, "--folder", str(tmp_path), "--optional", "age"]) == 0

    assert manifest.decode((tmp_path / "slr.json").read_bytes()).features == (
        Number(name="age", range=(20.5, 79.5), optional=True),
        Boolean(name="smoker"),
        Boolean(name="new", optional=True),
        Category(name="region", values=("EU", "NA"), open=True),
        Text(name="note"),
    )
    printed = capfd.readouterr().out
    assert "train.csv: 60 rows, semicolons, decimal commas, UTF-16." in printed
    assert '"NA" in the column region: a category, as in training (30 rows).' in printed
    assert "column new" not in printed


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


@pytest.mark.parametrize("file", ["mine.joblib", "mine.pkl.gz", "mine.joblib.xz", "mine"])
def test_the_name_of_a_model_is_the_name_of_its_file_without_endings(tmp_path: Path, file: str) -> None:
    assert name_of(tmp_path / file) == "mine"


def test_the_name_of_a_model_in_a_folder_is_the_name_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "risk.v2").mkdir()

    assert name_of(tmp_path / "risk.v2") == "risk.v2"
