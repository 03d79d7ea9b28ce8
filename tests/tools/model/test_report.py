"""The summary after an adoption: what an owner who does not know the project reads."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from shared.model.manifest import Manifest
from tests.tools.model.estimators import linear, numbers, without_graph
from tools.model import Refused, adopt, report
from tools.model.parts import Serving
from tools.model.speed import Speed

CHANCE = np.random.default_rng(4)
FRAME = pd.DataFrame({"age": CHANCE.normal(50, 9, 90), "ward": CHANCE.choice(["x", "y"], 90), "id": range(90)})
TARGET = FRAME["age"] + 10 * (FRAME["ward"] == "x")
SPEED = Serving(Speed(3e-5, 0.0264), "no graph is written for Own")


def encoded(last: Any) -> Any:
    """Return a pipeline that fills gaps in the age, and knows other wards."""
    encode = OneHotEncoder(handle_unknown="ignore")
    return make_pipeline(ColumnTransformer([("n", SimpleImputer(), ["age"]), ("c", encode, ["ward"])]), last)


def printed(capsys: pytest.CaptureFixture[str], estimator: Any, frame: Any, folder: Path, **chosen: Any) -> list[str]:
    """Return the lines of an adoption."""
    target = TARGET[: len(frame)]
    adopt(estimator.fit(frame, target), frame, target, name="stay", target="days", folder=folder, **chosen)
    return capsys.readouterr().out.splitlines()


def summary(capsys: pytest.CaptureFixture[str], manifest: Manifest, folder: Path) -> str:
    """Return the summary of a manifest whose files are in a folder."""
    report.print_summary(manifest, SPEED, folder)
    return capsys.readouterr().out


def test_a_forest_of_a_frame_with_gaps(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    gaps = FRAME.assign(age=FRAME["age"].where(FRAME["id"] % 9 > 0))
    forest = RandomForestRegressor(3, random_state=0)

    lines = printed(capsys, encoded(forest), gaps, tmp_path)

    assert lines[0] == "Left out: id. The model does not use it."
    assert lines[1].startswith("R² on the training data: 0.")
    assert lines[2].endswith(": RandomForestRegressor predicts days from age, ward.")
    assert lines[3] == "Served by onnxruntime, as an ONNX graph. It predicts exactly the same as the model."
    assert lines[4].startswith("One row takes 0.")
    assert lines[4].endswith(" ms through scikit-learn.")
    assert lines[5:7] == [
        "Optional in requests, as the training data has gaps there: age.",
        "New values are predicted, with a warning: ward. With --closed they are refused.",
    ]
    assert lines[7].startswith(f"Written into {tmp_path}: slr.joblib (")
    assert "slr.onnx (" in lines[7]
    assert lines[8:] == [f"Next: to serve this model, set MODEL_MANIFEST to {tmp_path / 'slr.json'}."]


def test_a_feature_that_the_owner_made_optional_is_named_apart(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = FRAME[["age"]].assign(gaps=FRAME["age"].where(FRAME["id"] % 9 > 0))
    boosted = HistGradientBoostingRegressor(max_iter=3)

    lines = printed(capsys, boosted, rows, tmp_path, optional=["age"])

    assert "Optional in requests, as the training data has gaps there: gaps." in lines
    assert "Optional in requests, as you named them: age." in lines


def test_gaps_that_the_model_does_not_take_are_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    gaps = FRAME[["age"]].assign(age=FRAME["age"].where(FRAME["id"] % 9 > 0))
    model = LinearRegression().fit(FRAME[["age"]], TARGET)

    adopt(model, gaps, TARGET, name="stay", folder=tmp_path)

    expected = "Required, although the data has gaps there: age. The model does not predict without."
    assert expected in capsys.readouterr().out.splitlines()


def test_a_weighted_sum(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = printed(capsys, linear(), FRAME[["age"]].to_numpy(), tmp_path)

    assert lines[2].startswith("Served by numpy, as a weighted sum of the features. It predicts ")


def test_a_model_that_scikit_learn_serves_has_a_reason_and_its_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = make_pipeline(without_graph(), LinearRegression())

    lines = printed(capsys, own, FRAME[["age"]] / 50, tmp_path)

    assert lines[2] == "Served by scikit-learn: ONNX has no operator for the function i0 of a FunctionTransformer."
    assert lines[3].startswith("One row takes ")
    assert "through" not in lines[3]
    assert report.FRAME_COST not in lines


def test_the_cost_of_data_frames_is_printed_where_they_are_needed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    by_name = ColumnTransformer([("age", without_graph(), ["age"])])

    lines = printed(capsys, make_pipeline(by_name, LinearRegression()), FRAME[["age"]] / 50, tmp_path)

    assert lines[4] == report.FRAME_COST


def test_many_features_are_counted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    X, _ = numbers(40, 90)  # noqa: N806 - scikit-learn's name
    some = make_pipeline(ColumnTransformer([("some", "passthrough", [f"x{i}" for i in range(25)])]), LinearRegression())

    lines = printed(capsys, some, pd.DataFrame(X).add_prefix("x"), tmp_path)

    assert lines[0] == "Left out: x25, x26, x27, x28, x29 and 10 more. The model does not use them."
    assert lines[2].endswith("from x0, x1, x2, x3, x4, x5, x6, x7, x8, x9 and 15 more.")


@pytest.fixture
def adopted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Manifest:
    """A model whose files are in `tmp_path`."""
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    manifest = adopt(linear(), X, y, name="sum", folder=tmp_path)
    capsys.readouterr()
    return manifest


def test_a_lower_limit_of_numbers_is_reported(
    adopted: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert adopted.artifact.linear
    assert "are refused" not in summary(capsys, adopted, tmp_path)

    lower = replace(adopted.artifact, linear=replace(adopted.artifact.linear, max_absolute=1e15, difference=2e-16))
    text = summary(capsys, replace(adopted, artifact=lower), tmp_path)

    assert "Numbers beyond ±1e+15 are refused in requests" in text
    assert "It predicts the same as the model; the greatest difference is 2e-16." in text
    assert "One row takes 0.03 ms, and 26 ms through scikit-learn." in text


def test_in_the_folder_of_the_project_the_next_steps_are_to_try_it_and_to_commit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, adopted: Manifest, tmp_path: Path
) -> None:
    (tmp_path / "model").mkdir()
    for path in tmp_path.glob("slr.*"):
        path.rename(tmp_path / "model" / path.name)
    monkeypatch.setattr(report, "APP", tmp_path)

    text = summary(capsys, adopted, tmp_path / "model")

    assert "Written into model: slr.joblib (" in text
    assert text.endswith("Then make test, and commit model/ and docs/openapi.json.\n")


def test_a_refused_model_has_no_summary(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name

    with pytest.raises(Refused):
        adopt(linear(), -X, y, name="sum", folder=tmp_path)

    assert "Served by" not in capsys.readouterr().out
