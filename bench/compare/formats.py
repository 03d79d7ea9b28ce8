"""The protocols of the servers: requests for the predictions of a model, and a check of the responses."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.compare.models import Model
from shared.model.manifest import Value


@dataclass(frozen=True)
class Format:
    """A protocol: the body for so many rows of a model, and where the predictions are in a response."""

    body: Callable[[Model, int], bytes]
    predictions: Callable[[Any], Any] = lambda response: response["predictions"]

    def is_correct(self, content: bytes, model: Model, rows: int) -> bool:
        """Return true if a response has the right prediction for each of so many rows."""
        try:
            values = [float(value) for value in self.predictions(json.loads(content))]
        except (ValueError, LookupError, TypeError):
            return False
        return len(values) == rows and model.is_right(values)


def _instances(model: Model, rows: int) -> bytes:
    return json.dumps({"instances": model.batch(rows)}).encode()


def _tensors(model: Model, rows: int) -> bytes:
    """Return one matrix or, for a data frame, one column of each feature."""
    batch = model.batch(rows)
    if model.frame:
        columns = [_column(name, [row[name] for row in batch]) for name in batch[0]]
        return json.dumps({"parameters": {"content_type": "pd"}, "inputs": columns}).encode()
    values = [value for row in batch for value in row.values()]
    matrix = {"name": "rows", "shape": [rows, len(batch[0])], "datatype": "FP64", "data": values}
    return json.dumps({"inputs": [matrix]}).encode()


def _column(name: str, values: Sequence[Value]) -> Mapping[str, Any]:
    text = any(isinstance(value, str) for value in values)
    return {"name": name, "shape": [len(values), 1], "datatype": "BYTES" if text else "FP64", "data": values}


def _mlflow(model: Model, rows: int) -> bytes:
    batch = model.batch(rows)
    inputs: Any = {"inputs": [list(row.values()) for row in batch]}
    return json.dumps({"dataframe_records": batch} if model.frame else inputs).encode()


INSTANCES = Format(_instances)
"""One object for each row, with the features' names: this service's, and what people write by hand."""
V2 = Format(_tensors, lambda response: response["outputs"][0]["data"])
"""The Open Inference Protocol."""
MLFLOW_ROWS = Format(_mlflow)
"""MLflow's. Arrays have no names: it would make a data frame of them, and scikit-learn would warn at each request."""
