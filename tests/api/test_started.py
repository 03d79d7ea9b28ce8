"""What a process says of itself: versions, settings, and the training data's shape."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from shared import manifest, started
from shared.settings import Settings

MANIFEST = {
    "name": "houses",
    "version": "7",
    "kind": "classifier",
    "features": [
        {"kind": "number", "name": "area", "range": [20, 400]},
        {"kind": "category", "name": "heating", "values": ["gas", "none"]},
    ],
    "output": {"name": "price", "classes": ["low", "high"]},
    "artifact": {"file": "m.joblib", "sha256": "0" * 64, "estimator": "Tree", "scikit_learn": "1.9.1"},
    "training": {"data": "houses.csv", "rows": 100},
    "statistics": {
        "quantiles": {"area": [20, 30, 60, 90, 120, 250, 400]},
        "shares": {"heating": {"gas": 0.75, "none": 0.25}},
        "prediction_shares": {"low": 0.5, "high": 0.5},
    },
    "examples": [{"instance": {"area": 90, "heating": "gas"}, "prediction": "low"}],
}


@pytest.fixture
def serving(told: Callable[..., Settings], tmp_path: Path) -> Callable[..., Settings]:
    """Make the process serve the model above."""
    path = tmp_path / "m.json"
    path.write_text(json.dumps(MANIFEST), encoding="utf-8")
    return lambda **values: told(MODEL_MANIFEST=str(path), **values)


def test_versions_and_the_build_are_told(serving: Callable[..., Settings]) -> None:
    serving(BUILD_ID="b42")
    facts = started.facts()
    assert facts["build"] == "b42"
    assert facts["python"].startswith("3.13")
    assert facts["scikit_learn"].count(".") >= 1


def test_the_training_data_s_shape_is_told_feature_by_feature(serving: Callable[..., Settings]) -> None:
    serving()
    facts = started.facts()
    assert (facts["model_name"], facts["model_version"], facts["model_kind"]) == ("houses", "7", "classifier")
    assert json.loads(facts["range_area"]) == [20, 400]
    assert json.loads(facts["quantiles_area"]) == [20, 30, 60, 90, 120, 250, 400]
    assert json.loads(facts["shares_heating"]) == {"gas": 0.75, "none": 0.25}
    assert json.loads(facts["prediction_shares"]) == {"low": 0.5, "high": 0.5}
    assert "prediction_quantiles" not in facts


def test_a_regressor_tells_its_answers_quantiles(told: Callable[..., Settings]) -> None:
    told()
    if manifest.current().kind == "regressor":
        assert len(json.loads(started.facts()["prediction_quantiles"])) == 7


def test_without_a_manifest_the_rest_is_told(told: Callable[..., Settings]) -> None:
    told(MODEL_MANIFEST="nowhere.json")
    assert set(started.facts()) == {"build", "python", "scikit_learn", "settings_hash"}


def test_another_setting_is_another_hash(serving: Callable[..., Settings]) -> None:
    serving()
    before = started.facts()["settings_hash"]
    serving(TOKEN_LIFETIME_SECONDS="60")
    assert started.facts()["settings_hash"] != before
