"""Predictions from a body to an encoded response, and their telemetry."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.features import Features
from shared.model.loader import LazyModel, Model
from shared.model.manifest import Boolean, Category, Manifest, Text
from shared.model.manifest_file import ManifestFile
from shared.predict import Predictor
from shared.problems import InvalidInstances, ModelUnavailable, NoClasses
from shared.settings import Settings
from shared.telemetry import Invocation
from shared.threads import Pool, Threads
from tests.features.store import Store
from tests.loop import run
from tests.models import BANDS, SIGNS, Sign, lazy_model, manifest, write
from tests.recording import invocation

type Predict = Callable[[bytes, str], Awaitable[bytes]]
type Build = Callable[..., Predictor]


@pytest.fixture
def build(tmp_path: Path, threads: Threads) -> Build:
    """Build a predictor for a manifest and an estimator."""

    def built(
        described: Manifest | None = None,
        estimator: Any = None,
        model: LazyModel | None = None,
        store: Store | None = None,
        **values: str,
    ) -> Predictor:
        described = described or manifest()
        settings = Settings.read({"MODEL_MANIFEST": str(write(described, tmp_path / "m.json")), **values})
        lazy = model or lazy_model(threads.general, described, estimator)
        features = Features("feast", lambda: store or Store(), 1.0)
        return Predictor(settings, ManifestFile(settings), lazy, features, threads.general)

    return built


class Constant:
    """An estimator that predicts 1 for every row."""

    def predict(self, rows: Any) -> Any:
        return np.ones(len(rows))


def sent(predict: Predict, *instances: Any) -> tuple[dict[str, Any], Invocation]:
    """Return the response to instances, plain values meaning {"x": value}; and the wide event."""
    body = {"instances": [each if isinstance(each, dict) else {"x": each} for each in instances]}

    async def invoke() -> tuple[bytes, Invocation]:
        with invocation() as (event, _):
            return await predict(json.dumps(body).encode(), "r-1"), event

    response, event = run(invoke())
    return json.loads(response), event


def test_a_regressor_returns_numbers_with_model_warnings_and_request_id(build: Build) -> None:
    response, _ = sent(build().predict, 0.25, 3)
    assert response == {
        "model": {"name": "test-model", "version": "1"},
        "predictions": [0.5, 6.0],
        "warnings": [
            {
                "feature": "x",
                "range": [-1.0, 1.0],
                "instances": [1],
                "detail": "1 instance is outside the range the model was trained on",
            }
        ],
        "request_id": "r-1",
    }


def test_a_regressor_s_classes_come_with_its_values(build: Build) -> None:
    response, _ = sent(build(manifest(output=BANDS)).predict_class, -0.5, 0.25, 0.5)
    assert (response["predictions"], response["values"]) == (["low", "mid", "high"], [-1.0, 0.5, 1.0])
    assert response["warnings"] == []


def test_a_regressor_without_edges_has_no_classes(build: Build) -> None:
    with pytest.raises(NoClasses):
        sent(build().predict_class, 0.5)


def test_a_classifier_returns_labels_to_both_and_probabilities_to_one(build: Build) -> None:
    predictor = build(manifest(kind="classifier", output=SIGNS), Sign())
    plain, _ = sent(predictor.predict, -1, 1)
    full, _ = sent(predictor.predict_class, -1, 1)
    assert plain["predictions"] == full["predictions"] == ["low", "high"]
    assert "probabilities" not in plain
    assert full["probabilities"] == [{"low": 0.9, "high": 0.1}, {"low": 0.2, "high": 0.8}]
    assert "values" not in full


def test_the_wide_event_has_the_steps_and_the_summary_but_no_row(build: Build) -> None:
    _, event = sent(build().predict, 0.0, 0.5, 1.0)
    assert set(event.steps) == {"decode", "load", "model", "encode"}
    assert event.properties == {
        "model_name": "test-model",
        "model_version": "1",
        "instances": 3,
        "warnings": 0,
        "prediction_min": 0.0,
        "prediction_mean": 1.0,
        "prediction_max": 2.0,
    }


def test_the_wide_event_counts_each_class(build: Build) -> None:
    _, event = sent(build(manifest(kind="classifier", output=SIGNS), Sign()).predict, -1, 1, 1)
    assert (event.properties["class_low"], event.properties["class_high"]) == (1, 2)


@pytest.mark.parametrize(("share", "expected"), [("0", {}), ("1", {"value_x": 0.25})])
def test_feature_values_are_recorded_only_with_the_setting(
    build: Build, share: str, expected: dict[str, float]
) -> None:
    _, event = sent(build(LOG_VALUES_SAMPLE=share).predict, 0.25, 0.5)
    values = {name: value for name, value in event.properties.items() if name.startswith("value_")}
    assert values == expected


def test_a_new_value_of_an_open_category_is_predicted_with_a_warning(build: Build) -> None:
    class Length:
        def predict(self, rows: Any) -> Any:
            return np.array([float(len(row[0])) for row in rows])

    response, event = sent(
        build(manifest([Category(name="x", values=("a",), open=True)]), Length()).predict, "a", "abc"
    )
    assert response["predictions"] == [1.0, 3.0]
    assert [(each["feature"], each["instances"]) for each in response["warnings"]] == [("x", [1])]
    assert event.properties["warnings"] == 1


def test_no_text_that_a_client_wrote_is_recorded(build: Build) -> None:
    for feature, expected in (
        (Text(name="x"), 6.0),
        (Category(name="x", values=("a",), open=True), "(new to the model)"),
    ):
        _, event = sent(build(manifest([feature]), Constant(), LOG_VALUES_SAMPLE="1").predict, "secret")
        assert event.properties["value_x"] == expected


def test_a_recorded_boolean_has_the_text_of_its_share_in_the_training_data(build: Build) -> None:
    described = manifest([Boolean(name="x"), Boolean(name="y", optional=True)])
    for value, expected in ((True, "true"), (0, "false")):
        _, event = sent(build(described, LOG_VALUES_SAMPLE="1").predict, value)
        assert event.properties["value_x"] == expected
        assert "value_y" not in event.properties


def test_bad_instances_are_refused_before_the_model_is_loaded(build: Build, threads: Threads) -> None:
    loaded: list[Model] = []
    predictor = build(model=LazyModel(loaded.pop, threads.general))  # pop fails, and is never called
    with pytest.raises(InvalidInstances):
        sent(predictor.predict, "a")


def test_a_model_that_cannot_be_loaded_is_unavailable(build: Build, threads: Threads) -> None:
    def fail() -> Model:
        raise ModelUnavailable(reason="gone")

    with pytest.raises(ModelUnavailable):
        sent(build(model=LazyModel(fail, threads.general)).predict, 0.5)


def test_missing_features_come_from_the_store_where_there_is_one(build: Build) -> None:
    store = Store()
    predictor = build(store=store, FEATURES_SOURCE="feast", FEATURES_URL="http://feast")
    response, event = sent(predictor.predict, {"entity_id": "p2"}, {"x": 1})
    assert response["predictions"] == [1.0, 2.0]
    assert store.calls == [["p2"]]
    assert event.properties["feature_source"] == "feast"


class CountingPool(Pool):
    """Counts the work that it gets."""

    def __init__(self) -> None:
        super().__init__("counting", 1)
        self.runs = 0

    async def run[**P, R](self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        self.runs += 1
        return await super().run(function, *args, **kwargs)


@pytest.mark.parametrize(("rows", "slow", "runs"), [(1, False, 0), (1_000, False, 0), (4_000, False, 2), (1, True, 1)])
def test_only_large_bodies_and_slow_models_leave_the_event_loop(
    tmp_path: Path, threads: Threads, rows: int, slow: bool, runs: int
) -> None:
    settings = Settings.read({"MODEL_MANIFEST": str(write(manifest(), tmp_path / "m.json"))})
    lazy, pool = lazy_model(threads.general), CountingPool()
    run(lazy.get()).slow = slow
    features = Features.from_settings(settings, threads)
    response, _ = sent(Predictor(settings, ManifestFile(settings), lazy, features, pool).predict, *[0.5] * rows)
    pool.close()
    assert len(response["predictions"]) == rows
    assert pool.runs == runs
