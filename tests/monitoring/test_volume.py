"""The volume that docs/operate.md states is that of the items that are really sent."""

import json
import re
from pathlib import Path

import pytest

from tests.telemetry_samples import envelope, fetch, invocation, request

TEXT = (Path(__file__).parents[2] / "docs" / "operate.md").read_text(encoding="utf-8")


def test_a_million_predictions_have_the_stated_size() -> None:
    said = {"model_name": "slr", "model_version": "244d2e1f3886", "instances": 1, "warnings": 0}
    answers = dict.fromkeys(("prediction_min", "prediction_mean", "prediction_max"), 162.30131071)
    steps = dict.fromkeys(("auth", "decode", "model", "encode"), 0.0123456789012)
    asked = invocation(steps=steps, **said, **answers)
    sizes = [len(json.dumps(envelope(item))) for item in (asked, request(asked), fetch(asked))]
    plain, pulled = (float(found) for found in re.findall(r"\*\*([\d.]+) GB\*\*", TEXT))
    assert sum(sizes[:2]) == pytest.approx(plain * 1000, rel=0.2)
    assert sum(sizes) == pytest.approx(pulled * 1000, rel=0.2)
