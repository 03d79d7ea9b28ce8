"""The rows of the table: this service, its peers, and the floors that show what is left to gain."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jwt

from bench import launch
from shared.auth.tokens import Tokens

SIZES = (1_000, 10_000)
"""Rows of the batches."""


@dataclass(frozen=True)
class Format:
    """A protocol: the body for so many rows, and where the predictions are in a response."""

    body: Callable[[int], bytes]
    predictions: Callable[[Any], Any] = lambda response: response["predictions"]

    def is_correct(self, content: bytes, rows: int) -> bool:
        """Return whether a response has the right prediction for each of so many rows."""
        try:
            values = [float(value) for value in self.predictions(json.loads(content))]
        except (ValueError, LookupError, TypeError):
            return False
        return len(values) == rows and all(abs(value - launch.PREDICTION) < launch.MAX_DIFFERENCE for value in values)


def _tensor(rows: int) -> bytes:
    column = {"name": "bmi", "shape": [rows, 1], "datatype": "FP64", "data": [launch.ROW["bmi"]] * rows}
    return json.dumps({"inputs": [column]}).encode()


INSTANCES = Format(launch.body)
"""One object for each row, with the feature's name: this service's, and what people write by hand."""
V2 = Format(_tensor, lambda response: response["outputs"][0]["data"])
"""The Open Inference Protocol: one column of numbers."""
MATRIX = Format(lambda rows: json.dumps({"inputs": [[launch.ROW["bmi"]]] * rows}).encode())
"""MLflow's, without names: it would make a data frame of them, and scikit-learn would warn at each request."""


@dataclass(frozen=True)
class Subject:
    """One row of the table.

    In commands and settings `{python}`, `{bin}` and `{environment}` stand for the environment's Python, programs and
    folder, `{folder}` for the peer's sources, `{app}` for this project, `{port}`, `{grpc}` and `{metrics}` for free
    ports, and `{seconds}` for the time of a measurement.
    """

    name: str
    title: str
    environment: str
    """The folder in peers/ with its requirements."""
    command: Sequence[str]


@dataclass(frozen=True)
class Server(Subject):
    """A subject that responds over HTTP."""

    path: str = "/predict"
    format: Format = INSTANCES
    token: Callable[[str], str] = lambda key: ""
    """Returns the token that the server requires, signed with a key; empty for none."""
    settings: Mapping[str, str] = field(default_factory=dict)
    sizes: Sequence[int] = SIZES
    prepared_by: Sequence[str] = ()
    """A command that makes what the server needs of the model, before it is started for the first time."""


@dataclass(frozen=True)
class Program(Subject):
    """A program that runs and ends. Its time is a cold start, unless it prints rows per second for each batch size."""

    prints_rates: bool = False


TOKEN_SECONDS = 86_400
APP = {"PYTHONPATH": "{app}"}
HOST = ("{python}", "-m", "tools", "host", "--port", "{port}", "--app")
UVICORN = ("{python}", "-m", "uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--no-access-log", "app:app")
BENTOML = ("{bin}/bentoml", "serve", "app:Regression", "--host", "127.0.0.1", "--port", "{port}")
MLFLOW = ("{bin}/mlflow", "models", "serve", "--host", "127.0.0.1", "--port", "{port}", "--env-manager", "local")
MLSERVER = {
    "MLSERVER_HOST": "127.0.0.1",
    "MLSERVER_HTTP_PORT": "{port}",
    "MLSERVER_GRPC_PORT": "{grpc}",
    "MLSERVER_METRICS_PORT": "{metrics}",
    "MLSERVER_PARALLEL_WORKERS": "0",  # one process predicts, as in the others; 1.7.1's worker fails under this uvloop
}


def own_token(key: str) -> str:
    """Return a token as this service issues it."""
    return Tokens([key], TOKEN_SECONDS).issue("abi")


def plain_token(key: str) -> str:
    """Return a token with a name and an expiry."""
    return jwt.encode({"sub": "abi", "exp": int(time.time()) + TOKEN_SECONDS}, key, "HS256")


SERVICE = Server("service", "this service", "service", (*HOST, "{app}"), token=own_token, settings=APP)
PEERS = (
    Server("fastapi", "FastAPI, async endpoint", "fastapi", UVICORN, token=plain_token),
    Server("fastapi-sync", "FastAPI, sync endpoint", "fastapi", UVICORN, "/predict_sync", token=plain_token),
    Server(
        "mlserver",
        "MLServer",
        environment="mlserver",
        command=("{bin}/mlserver", "start", "{folder}"),
        path="/v2/models/slr/infer",
        format=V2,
        settings=MLSERVER,
    ),
    Server("litserve", "LitServe", "litserve", ("{python}", "{folder}/app.py", "{port}")),
    Server("bentoml", "BentoML", "bentoml", BENTOML, settings={"BENTOML_DO_NOT_TRACK": "true"}),
    Server(
        "mlflow",
        "MLflow",
        environment="mlflow",
        command=(*MLFLOW, "--model-uri", "{environment}/model"),
        path="/invocations",
        format=MATRIX,
        settings={"MLFLOW_DISABLE_TELEMETRY": "true"},
        prepared_by=("{python}", "{folder}/prepare.py", "{environment}/model"),
    ),
)
FLOORS = (
    Server(
        "constant",
        "a constant through the same host",
        environment="service",
        command=(*HOST, "{app}/bench/constant"),
        settings=APP,
        sizes=(),
    ),
    Server("bare", "bare ASGI, scikit-learn", "bare", UVICORN),
    Server(
        "coefficients",
        "bare ASGI, coefficients in numpy",
        environment="bare",
        command=UVICORN,
        settings={"COEFFICIENTS": "{app}/model/slr.json"},
    ),
    Program(
        "in-process",
        "msgspec decode + predict + encode, no HTTP",
        environment="bare",
        command=("{python}", "{folder}/app.py", "{seconds}", *map(str, SIZES)),
        prints_rates=True,
    ),
    Program("import", "import sklearn.linear_model alone", "bare", ("{python}", "-c", "import sklearn.linear_model")),
)
SUBJECTS: tuple[Subject, ...] = (SERVICE, *PEERS, *FLOORS)
