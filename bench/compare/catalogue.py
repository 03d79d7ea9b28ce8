"""The rows of the table: this service, its peers, and the floors that show what is left to gain."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import jwt

from bench.compare.formats import INSTANCES, MLFLOW_ROWS, V2, Format
from bench.compare.models import DEMO, LINEAR, Model
from shared.auth.tokens import Tokens

SIZES = (1_000, 10_000)
"""Rows of the batches."""


@dataclass(frozen=True)
class Subject:
    """One row of the table.

    In commands and settings `{python}`, `{bin}` and `{environment}` stand for the environment's Python, programs and
    folder, `{folder}` for the peer's sources, `{scratch}` for a folder that it may write to, `{app}` for this project,
    `{port}`, `{grpc}` and `{metrics}` for free ports, and `{seconds}` for the time of a measurement.
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
    model: Model = LINEAR
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
PREPARE = ("{python}", "{folder}/prepare.py", "{scratch}/model")
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
        command=("{bin}/mlserver", "start", "{scratch}/model"),
        path="/v2/models/slr/infer",
        format=V2,
        settings=MLSERVER,
        prepared_by=PREPARE,
    ),
    Server("litserve", "LitServe", "litserve", ("{python}", "{folder}/app.py", "{port}")),
    Server("bentoml", "BentoML", "bentoml", BENTOML, settings={"BENTOML_DO_NOT_TRACK": "true"}),
    Server(
        "mlflow",
        "MLflow",
        environment="mlflow",
        command=(*MLFLOW, "--model-uri", "{scratch}/model"),
        path="/invocations",
        format=MLFLOW_ROWS,
        settings={"MLFLOW_DISABLE_TELEMETRY": "true"},
        prepared_by=PREPARE,
    ),
)
CONSTANT = Server(
    "constant",
    "a constant through the same host",
    environment="service",
    command=(*HOST, "{app}/bench/constant"),
    settings=APP,
    sizes=(),
)
FLOORS = (
    CONSTANT,
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
"""Of the comparison with the demo's model."""
DEMO_SERVICE = replace(SERVICE, name="demo", title="this service with the demo's linear model")


def subjects(model: Model) -> Sequence[Subject]:
    """Return the rows of a model's table. The floors predict with the demo's model only, except for the constant."""
    if model.name == DEMO:
        return SUBJECTS
    service, *peers = (replace(server, model=model) for server in (SERVICE, *PEERS))
    return (service, DEMO_SERVICE, *peers, CONSTANT)  # the demo's turn is next: a shared machine changes in minutes
