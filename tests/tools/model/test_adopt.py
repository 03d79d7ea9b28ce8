from pathlib import Path

import numpy as np
import pytest

from shared.model import manifest
from shared.model.manifest import APP, Number
from tests.tools.model.estimators import boosted, linear, numbers, patients, stay
from tools.model import Refused, adopt


def test_adopt_writes_what_it_returns(tmp_path: Path) -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name

    found = adopt(linear(), X, y, name="sum", names=["a", "b"], target="total", folder=tmp_path)

    assert manifest.decode((tmp_path / "slr.json").read_bytes()) == found
    written = ["slr.joblib", "slr.json", "slr.onnx", "slr.picture.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == written


def test_adopt_takes_what_people_say_of_a_model(tmp_path: Path) -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name

    found = adopt(
        linear(),
        X[:-20],
        y[:-20],
        name="sum",
        names=["a", "b"],
        target="total",
        labels={"a": "First", "total": "Sum"},
        units={"a": "kg", "total": "kg"},
        help={"a": "of two"},
        version="7",
        description="A sum.",
        data="made up",
        held_out=(X[-20:], y[-20:]),
        folder=tmp_path,
    )

    assert found.features[0] == Number(
        name="a", label="First", unit="kg", help="of two", range=(X[:-20, 0].min(), X[:-20, 0].max())
    )
    assert (found.output.name, found.output.label, found.output.unit) == ("total", "Sum", "kg")
    assert (found.version, found.description, found.training.data) == ("7", "A sum.", "made up")
    assert (found.training.score, found.training.score_name, found.training.held_out) == (1.0, "R²", 20)


def test_the_manifest_of_a_wide_model_stays_under_20_kb(tmp_path: Path) -> None:
    from sklearn.linear_model import LinearRegression

    X, y = numbers(200, 300)  # noqa: N806 - scikit-learn's name

    adopt(LinearRegression().fit(X, y), X, y, name="wide", folder=tmp_path)

    assert (tmp_path / "slr.json").stat().st_size < 20_000


def test_no_training_row_stands_in_the_manifest(tmp_path: Path) -> None:
    frame = patients()

    found = adopt(boosted().fit(frame, stay(frame)), frame, stay(frame), name="stay", folder=tmp_path)

    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    assert len(found.examples) == 4
    assert not [example for example in found.examples if example.instance in rows]


def test_what_is_refused_writes_nothing(tmp_path: Path) -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name

    with pytest.raises(Refused, match="takes 2 columns"):
        adopt(linear(), np.column_stack([X, y]), y, name="sum", folder=tmp_path)

    assert not list(tmp_path.iterdir())


def test_by_default_the_model_that_is_served_is_replaced() -> None:
    defaults = adopt.__kwdefaults__

    assert defaults is not None
    assert defaults["folder"] / "slr.json" == APP / "model" / "slr.json"
