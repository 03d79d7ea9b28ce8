"""How each server wants its rows and gives its predictions: the same feature, in the JSON of its own protocol."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench import serve

VALUE = serve.ROW["bmi"]
PREDICTION = 210.80813786536956
TOLERANCE = 0.01
"""The constant function rounds; a model that is not this one is further away."""


@dataclass(frozen=True)
class Format:
    """A protocol: the body for so many rows, and where in an answer the predictions are."""

    body: Callable[[int], bytes]
    predictions: Callable[[Any], Any]

    def correct(self, content: bytes, rows: int) -> bool:
        """Whether an answer holds the right prediction for each of so many rows."""
        try:
            found = [float(value) for value in self.predictions(json.loads(content))]
        except (ValueError, LookupError, TypeError):
            return False
        return len(found) == rows and all(abs(value - PREDICTION) < TOLERANCE for value in found)


def _instances(rows: int) -> bytes:
    return serve.body([serve.ROW] * rows)


def _tensor(rows: int) -> bytes:
    column = {"name": "bmi", "shape": [rows, 1], "datatype": "FP64", "data": [VALUE] * rows}
    return json.dumps({"inputs": [column]}).encode()


def _matrix(rows: int) -> bytes:
    return json.dumps({"inputs": [[VALUE]] * rows}).encode()


def _first_output(answer: Any) -> Sequence[float]:
    column: Sequence[float] = answer["outputs"][0]["data"]
    return column


INSTANCES = Format(_instances, lambda answer: answer["predictions"])
"""One object for each row, with the feature's name: this service's, and what people write by hand."""
V2 = Format(_tensor, _first_output)
"""The Open Inference Protocol: one column of numbers."""
MATRIX = Format(_matrix, lambda answer: answer["predictions"])
"""MLflow's, without names: it would make a data frame of them, and scikit-learn would complain of each request."""
