"""Scoring: from a body to an encoded answer, telling telemetry how it went."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from shared.fitted import Fitted
from shared.manifest import Manifest

from shared import offload, schemas, scoring, telemetry
from shared.model import LazyModel, Model
from shared.problems import InvalidInstances, ModelUnavailable, NoClasses
from shared.settings import Settings
from tests.models import BANDS, SIGNS, Doubling, Sign, manifest

type Score = Callable[[bytes, str], Awaitable[bytes]]
CONTEXT: Any = SimpleNamespace(invocation_id="i", trace_context=SimpleNamespace(trace_parent=""))


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[Manifest, Any], None]:
    """Make an estimator and its manifest the served model."""

    def served(of: Manifest, estimator: Any) -> None:
        contract = schemas.contract(of)
        monkeypatch.setattr(schemas, "current", lambda: contract)
        monkeypatch.setattr(scoring.model, "served", LazyModel(lambda: Model(of, Fitted(of, estimator))))

    return served


def scored(score: Score, *xs: Any) -> tuple[dict[str, Any], telemetry.Invocation]:
    """The answer to instances {"x": …}, and what telemetry was told."""

    async def invoked() -> tuple[bytes, telemetry.Invocation]:
        with telemetry.invocation(CONTEXT, "predict") as event:
            return await score(json.dumps({"instances": [{"x": x} for x in xs]}).encode(), "r-1"), event

    answer, event = asyncio.run(invoked())
    return json.loads(answer), event


def test_a_regressor_answers_numbers_with_model_warnings_and_request_id(serve: Callable[..., None]) -> None:
    serve(manifest(), Doubling())
    answer, _ = scored(scoring.predict, 0.25, 3)
    assert answer == {
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


def test_a_regressor_s_classes_come_with_the_values_behind_them(serve: Callable[..., None]) -> None:
    serve(manifest(output=BANDS), Doubling())
    answer, _ = scored(scoring.predict_class, -0.5, 0.25, 0.5)
    assert (answer["predictions"], answer["values"]) == (["low", "mid", "high"], [-1.0, 0.5, 1.0])
    assert answer["warnings"] == []


def test_a_regressor_without_edges_has_no_classes(serve: Callable[..., None]) -> None:
    serve(manifest(), Doubling())
    with pytest.raises(NoClasses):
        scored(scoring.predict_class, 0.5)


def test_a_classifier_answers_its_labels_to_both_and_probabilities_to_one(serve: Callable[..., None]) -> None:
    serve(manifest(kind="classifier", output=SIGNS), Sign())
    plain, _ = scored(scoring.predict, -1, 1)
    full, _ = scored(scoring.predict_class, -1, 1)
    assert plain["predictions"] == full["predictions"] == ["low", "high"]
    assert "probabilities" not in plain
    assert full["probabilities"] == [{"low": 0.9, "high": 0.1}, {"low": 0.2, "high": 0.8}]
    assert "values" not in full


def test_telemetry_is_told_the_steps_and_the_shape_of_the_answers_but_no_row(serve: Callable[..., None]) -> None:
    serve(manifest(), Doubling())
    _, event = scored(scoring.predict, 0.0, 0.5, 1.0)
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


def test_telemetry_is_told_how_many_of_each_class(serve: Callable[..., None]) -> None:
    serve(manifest(kind="classifier", output=SIGNS), Sign())
    _, event = scored(scoring.predict, -1, 1, 1)
    assert (event.properties["class_low"], event.properties["class_high"]) == (1, 2)


@pytest.mark.parametrize(("share", "told_values"), [("0", {}), ("1", {"value_x": 0.25})])
def test_feature_values_are_told_only_where_the_setting_says_so(
    serve: Callable[..., None], monkeypatch: pytest.MonkeyPatch, share: str, told_values: dict[str, float]
) -> None:
    read = Settings.read({"LOG_VALUES_SAMPLE": share})
    monkeypatch.setattr(scoring.settings, "current", lambda: read)
    serve(manifest(), Doubling())
    _, event = scored(scoring.predict, 0.25, 0.5)
    assert {name: value for name, value in event.properties.items() if name.startswith("value_")} == told_values


def test_bad_instances_are_refused_before_the_model_is_loaded(
    serve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(manifest(), Doubling())
    monkeypatch.setattr(scoring.model, "served", LazyModel(lambda: pytest.fail("loaded")))
    with pytest.raises(InvalidInstances):
        scored(scoring.predict, "a")


def test_a_model_that_cannot_be_loaded_is_unavailable(
    serve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> Model:
        raise ModelUnavailable(reason="gone")

    serve(manifest(), Doubling())
    monkeypatch.setattr(scoring.model, "served", LazyModel(fails))
    with pytest.raises(ModelUnavailable):
        scored(scoring.predict, 0.5)


@pytest.mark.parametrize(
    ("rows", "slow", "off_the_loop"),
    [(1, False, False), (1_000, False, False), (4_000, False, True), (1, True, True)],
)
def test_only_large_bodies_and_slow_models_leave_the_event_loop(
    serve: Callable[..., None], monkeypatch: pytest.MonkeyPatch, rows: int, slow: bool, off_the_loop: bool
) -> None:
    serve(manifest(), Doubling())
    asyncio.run(scoring.model.served.get()).slow = slow
    sent: list[str] = []
    real = offload.run

    async def run(function: Callable[..., Any], *args: Any) -> Any:
        sent.append(function.__name__)
        return await real(function, *args)

    monkeypatch.setattr(scoring.offload, "run", run)
    answer, _ = scored(scoring.predict, *[0.5] * rows)
    assert len(answer["predictions"]) == rows
    assert bool(sent) is off_the_loop
