"""The volume in docs/operate.md is that of the items that are really sent."""

import json
import re
from pathlib import Path

import pytest

from tests.telemetry_samples import envelope, fetch, invocation, request

TEXT = (Path(__file__).parents[2] / "docs" / "operate.md").read_text(encoding="utf-8")


def test_a_million_predictions_have_the_stated_size() -> None:
    properties = {"model_name": "slr", "model_version": "244d2e1f3886", "instances": 1, "warnings": 0}
    results = dict.fromkeys(("prediction_min", "prediction_mean", "prediction_max"), 162.30131071)
    steps = dict.fromkeys(("auth", "decode", "model", "encode"), 0.0123456789012)
    prediction = invocation(steps=steps, **properties, **results)
    items = (prediction, request(prediction), fetch(prediction))
    sizes = [len(json.dumps(envelope(item))) for item in items]
    plain, with_features = (float(figure) for figure in re.findall(r"\*\*([\d.]+) GB\*\*", TEXT))
    assert sum(sizes[:2]) == pytest.approx(plain * 1000, rel=0.2)
    assert sum(sizes) == pytest.approx(with_features * 1000, rel=0.2)
