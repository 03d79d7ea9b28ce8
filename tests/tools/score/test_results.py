"""Responses as cells, and refusals as reasons of rows."""

from typing import Any

import msgspec
import pytest

from tests.models import BANDS, SIGNS
from tests.tools.score.test_model import described
from tools.errors import ScoreError
from tools.score import results
from tools.score.connection import BadField, Response


def response(**members: Any) -> Response:
    """Return a response with predictions."""
    content = {"model": {"name": "test-model", "version": "1"}, "warnings": [], "request_id": "r", **members}
    return Response(200, {}, msgspec.json.encode(content))


def test_a_regressor_s_classes_stand_behind_its_values() -> None:
    found = response(predictions=["low", "mid"], values=[-1.0, 0.5])
    assert results.read(found, described(output=BANDS), "predict_class", 2) == [(-1.0, "low", ""), (0.5, "mid", "")]


def test_probabilities_are_in_the_order_of_the_labels() -> None:
    model = described("classifier", output=SIGNS)
    found = response(predictions=["high"], probabilities=[{"high": 0.8, "low": 0.2}])
    assert results.read(found, model, "predict_class", 1) == [("high", 0.2, 0.8, "")]
    with pytest.raises(ScoreError, match="what is no prediction"):
        results.read(response(predictions=["high"], probabilities=[{"low": 0.2}]), model, "predict_class", 1)
    with pytest.raises(ScoreError, match="1 predictions for 1 rows"):
        results.read(response(predictions=["high"]), model, "predict_class", 1)


def test_a_row_may_have_several_warnings() -> None:
    warnings = [
        {"feature": "x", "range": [-1, 1], "instances": [0, 2], "detail": "2 instances are …"},
        {"feature": "ward", "instances": [2], "detail": "1 instance has …"},
    ]
    found = results.read(response(predictions=[1, 2, 3], warnings=warnings), described(), "predict", 3)
    assert [row[-1] for row in found] == ["x: outside -1 to 1", "", "x: outside -1 to 1; ward: new to the model"]


def test_another_model_is_refused() -> None:
    with pytest.raises(ScoreError, match="was test-model 1 and is now test-model 2"):
        results.read(response(predictions=[1], model={"name": "test-model", "version": "2"}), described(), "predict", 1)


def test_errors_are_read_by_row() -> None:
    errors = [
        BadField("/instances/0/body mass~1index", "is missing"),
        BadField("/instances/0/age", "must be a number"),
        BadField("/instances/1", "the prediction is not a finite number"),
        BadField("/instances/9/age", "is not of this request"),
        BadField("/instances", "must be a list of instances"),
        BadField("", "must be an object"),
    ]
    assert results.reasons(errors, 3) == {
        0: "body mass/index: is missing; age: must be a number",
        1: "the prediction is not a finite number",
    }
