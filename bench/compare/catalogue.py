"""Who is measured: this service, its peers, and the floors that show what is left to gain."""

from bench.compare.formats import MATRIX, V2
from bench.compare.subjects import SIZES, Bearer, Kind, Program, Server, Subject

HOST = ("{python}", "-m", "tools", "host", "--port", "{port}", "--app")
UVICORN = ("{python}", "-m", "uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--no-access-log", "app:app")
MLSERVER = {
    "MLSERVER_HOST": "127.0.0.1",
    "MLSERVER_HTTP_PORT": "{port}",
    "MLSERVER_GRPC_PORT": "{grpc}",
    "MLSERVER_METRICS_PORT": "{metrics}",
    "MLSERVER_PARALLEL_WORKERS": "0",  # one process predicts, as in the others; 1.7.1's worker fails under this uvloop
}

SUBJECTS: tuple[Subject, ...] = (
    Server(
        name="service",
        title="this service",
        kind=Kind.SERVICE,
        environment="service",
        command=(*HOST, "{app}"),
        bearer=Bearer.LOGIN,
        settings={"PYTHONPATH": "{app}"},
    ),
    Server(
        name="fastapi",
        title="FastAPI, async endpoint",
        kind=Kind.PEER,
        environment="fastapi",
        command=UVICORN,
        bearer=Bearer.SIGNED,
    ),
    Server(
        name="fastapi-sync",
        title="FastAPI, sync endpoint",
        kind=Kind.PEER,
        environment="fastapi",
        command=UVICORN,
        path="/predict_sync",
        bearer=Bearer.SIGNED,
    ),
    Server(
        name="mlserver",
        title="MLServer",
        kind=Kind.PEER,
        environment="mlserver",
        command=("{bin}/mlserver", "start", "{folder}"),
        path="/v2/models/slr/infer",
        format=V2,
        settings=MLSERVER,
    ),
    Server(
        name="litserve",
        title="LitServe",
        kind=Kind.PEER,
        environment="litserve",
        command=("{python}", "{folder}/app.py", "{port}"),
    ),
    Server(
        name="bentoml",
        title="BentoML",
        kind=Kind.PEER,
        environment="bentoml",
        command=("{bin}/bentoml", "serve", "app:Regression", "--host", "127.0.0.1", "--port", "{port}"),
        settings={"BENTOML_DO_NOT_TRACK": "true"},
    ),
    Server(
        name="mlflow",
        title="MLflow",
        kind=Kind.PEER,
        environment="mlflow",
        command=(
            *("{bin}/mlflow", "models", "serve", "--model-uri", "{environment}/model", "--env-manager", "local"),
            *("--host", "127.0.0.1", "--port", "{port}"),
        ),
        path="/invocations",
        format=MATRIX,
        settings={"MLFLOW_DISABLE_TELEMETRY": "true"},
        prepared_by=("{python}", "{folder}/prepare.py", "{environment}/model"),
    ),
    Server(
        name="constant",
        title="a constant through the same host",
        kind=Kind.FLOOR,
        environment="service",
        command=(*HOST, "{app}/bench/constant"),
        settings={"PYTHONPATH": "{app}"},
        batches=False,
    ),
    Server(
        name="bare",
        title="bare ASGI, scikit-learn",
        kind=Kind.FLOOR,
        environment="bare",
        command=UVICORN,
    ),
    Server(
        name="coefficients",
        title="bare ASGI, coefficients in numpy",
        kind=Kind.FLOOR,
        environment="bare",
        command=UVICORN,
        settings={"COEFFICIENTS": "{environment}/coefficients.txt"},
        prepared_by=("{python}", "{folder}/prepare.py", "{environment}/coefficients.txt"),
    ),
    Program(
        name="in-process",
        title="msgspec decode + predict + encode, no HTTP",
        kind=Kind.FLOOR,
        environment="bare",
        command=("{python}", "{folder}/in_process.py", "{seconds}", *map(str, SIZES)),
        prints_rates=True,
    ),
    Program(
        name="import",
        title="import sklearn.linear_model alone",
        kind=Kind.FLOOR,
        environment="bare",
        command=("{python}", "-c", "import sklearn.linear_model"),
    ),
)
