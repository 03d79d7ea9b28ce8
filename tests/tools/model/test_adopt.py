from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from shared.model import manifest, schemas
from shared.model.loader import Model, load_runtime
from shared.model.manifest import Data, Manifest, Number, Text
from shared.model.manifest_file import ManifestFile
from shared.settings import Settings
from tests.tools.model.conftest import Adopted
from tests.tools.model.estimators import linear, numbers, patients
from tools.model import Refused, adopt
from tools.model.texts import NEUTRAL

TRAINING_ROWS = 40


class Reloaded(LinearRegression):  # type: ignore[misc]
    """A model as CatBoost is after loading: it predicts, and its number of features is 0."""

    def predict(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's name
        return np.asarray(X) @ self.coef_ + self.intercept_


@pytest.fixture(scope="module")
def adopted_sum(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """A linear model that was adopted with all texts, and its folder."""
    folder = tmp_path_factory.mktemp("sum")
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    return folder, adopt(
        linear(),
        X[:TRAINING_ROWS],
        y[:TRAINING_ROWS],
        name="sum",
        names=["a", "b"],
        target="total",
        labels={"a": "First", "total": "Sum"},
        units={"a": "kg", "total": "kg"},
        help={"a": "of two"},
        version="7",
        description="A sum.",
        data="made up",
        held_out=(X[TRAINING_ROWS:], y[TRAINING_ROWS:]),
        folder=folder,
    )


def test_adopt_writes_the_manifest_that_it_returns(adopted_sum: tuple[Path, Manifest]) -> None:
    folder, returned = adopted_sum

    assert manifest.decode((folder / "slr.json").read_bytes()) == returned
    files = ["slr.joblib", "slr.json", "slr.onnx", "slr.picture.json"]
    assert sorted(path.name for path in folder.iterdir()) == files


def test_the_texts_and_the_held_out_rows_are_in_the_manifest(adopted_sum: tuple[Path, Manifest]) -> None:
    returned = adopted_sum[1]
    first = numbers()[0][:TRAINING_ROWS, 0]

    assert returned.features[0] == Number(
        name="a", label="First", unit="kg", help="of two", range=(first.min(), first.max())
    )
    assert (returned.output.name, returned.output.label, returned.output.unit) == ("total", "Sum", "kg")
    assert (returned.version, returned.description, returned.training.data) == ("7", "A sum.", "made up")
    assert (returned.training.score, returned.training.score_name, returned.training.held_out) == (1.0, "R²", 20)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """A linear model of 300 columns, and its folder."""
    folder = tmp_path_factory.mktemp("wide")
    X, y = numbers(300, 400)  # noqa: N806 - scikit-learn's name
    return folder, adopt(LinearRegression().fit(X, y), X, y, name="wide", folder=folder)


def test_a_model_with_many_features_loses_nothing(wide: tuple[Path, Manifest]) -> None:
    folder, returned = wide

    read = ManifestFile(Settings.read({"MODEL_MANIFEST": str(folder / "slr.json")})).manifest

    assert replace(read, data=None) == returned
    assert read.artifact.runtime == "numpy"
    assert (len(read.examples), len(read.statistics.quantiles)) == (3, 300)
    assert len(load_runtime(folder, read).predict([np.ones(1)] * 300).predictions) == 1


def test_what_only_the_service_needs_is_not_public(wide: tuple[Path, Manifest]) -> None:
    content = (wide[0] / "slr.json").read_bytes()

    assert b"weights" not in content
    assert b'"quantiles"' not in content


def test_no_training_row_is_in_the_data_file(wide: tuple[Path, Manifest]) -> None:
    X, _ = numbers(300, 400)  # noqa: N806 - scikit-learn's name

    data = msgspec.json.decode((wide[0] / "slr.data.json").read_bytes(), type=Data)
    rows = np.array([list(example.instance.values()) for example in data.examples], dtype=float)
    assert not (rows[:, None] == X).all(axis=2).any()


def test_no_training_row_is_in_the_manifest(adopted: Adopted) -> None:
    frame = patients()

    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    examples = adopted.manifest.examples
    assert len(examples) == 4
    assert set(examples[0].instance) == set(frame.columns)
    assert not [example for example in examples if example.instance in rows]


def test_a_refused_model_writes_nothing(tmp_path: Path) -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name

    with pytest.raises(Refused, match="needs 2 columns"):
        adopt(linear(), np.column_stack([X, y]), y, name="sum", folder=tmp_path)

    assert not list(tmp_path.iterdir())


def test_a_number_of_features_that_reads_as_zero_is_unknown(tmp_path: Path) -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    model = Reloaded().fit(X, y)
    model.n_features_in_ = 0

    assert len(adopt(model, X, y, name="sum", folder=tmp_path).features) == 2


def test_no_training_text_of_a_text_model_is_in_a_public_file(tmp_path: Path) -> None:
    words = np.random.default_rng(1).choice(["pain", "fever", "cough", "rash", "none"], (TRAINING_ROWS, 5))
    notes = [f"{' '.join(row)} {i}" for i, row in enumerate(words)]
    labels = ["fever" in note for note in notes]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(notes, labels)

    written = adopt(model, np.array(notes, dtype=object)[:, None], labels, name="t", names=["note"], folder=tmp_path)

    assert written.features == (Text(name="note"),)
    assert [example.instance["note"] for example in written.examples] == list(NEUTRAL)
    assert written.statistics.lengths["note"][0] == min(map(len, notes))
    public = (tmp_path / "slr.json").read_text() + (tmp_path / "slr.picture.json").read_text()
    assert not [word for word in [*notes, "cough"] if word in public]
    served = Model(written, load_runtime(tmp_path, written))
    instances = schemas.build(written).decode(b'{"instances":[{"note":"a new note of fever"},{"note":""}]}')
    assert len(served.predict(instances, probabilities=True).predictions) == 2
