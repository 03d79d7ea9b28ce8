"""A new process: many first calls at once, and its responses when it is configured wrongly."""

import hashlib
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import msgspec
import pytest

from shared.model.manifest import Artifact, Example
from tests.models import SlowToLoad, manifest
from tests.services import serving


@pytest.fixture
def slow(tmp_path: Path, works: Mapping[str, str]) -> Mapping[str, str]:
    """App settings of a service whose model takes a second to load."""
    joblib.dump(SlowToLoad(), tmp_path / "slow.joblib")
    sha256 = hashlib.sha256((tmp_path / "slow.joblib").read_bytes()).hexdigest()
    artifact = Artifact(file="slow.joblib", sha256=sha256, estimator="SlowToLoad", scikit_learn="1.9.1")
    whole = manifest(artifact=artifact, examples=(Example(instance={"x": 0.5}, prediction=1.0),))
    (tmp_path / "slow.json").write_bytes(msgspec.json.encode(whole))
    return {**works, "MODEL_MANIFEST": str(tmp_path / "slow.json")}


def test_32_first_calls_make_one_load_and_the_process_responds_meanwhile(slow: Mapping[str, str]) -> None:
    with serving(slow) as service, service.client(service.login()) as client, ThreadPoolExecutor(33) as pool:
        client.get("/health/live")

        def predict(_: int) -> list[float]:
            predictions: list[float] = client.post("/predict", json={"instances": [{"x": 0.5}]}).json()["predictions"]
            return predictions

        first = [pool.submit(predict, i) for i in range(32)]
        waits = []
        while not all(request.done() for request in first):
            started = time.perf_counter()
            assert client.get("/health/live").status_code == 200
            waits.append(time.perf_counter() - started)
            time.sleep(0.02)
        assert [request.result() for request in first] == [[1.0]] * 32
        loads = [line for line in service.lines if "model loaded: test-model" in line]
    assert len(loads) == 1
    assert sorted(waits)[len(waits) // 2] < 0.5  # the load takes a second


def test_without_settings_the_functions_exist_and_report_it(works: Mapping[str, str]) -> None:
    with serving({"MODEL_MANIFEST": works["MODEL_MANIFEST"]}) as service, service.client("some.token.here") as client:
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["reasons"]) == (503, ["setting-invalid"])
        assert client.get("/health/live").json() == {"status": "live"}
        login = client.post("/token", data={"grant_type": "password", "username": "a", "password": "b"})
        assert (login.status_code, login.json()["error"]) == (503, "temporarily_unavailable")
        assert client.post("/predict", json={}).json()["type"] == "/problems/setting-invalid"
        assert client.get("/model").status_code == 200
    assert any("TOKEN_KEY is not set" in line for line in service.lines)


def test_the_demo_user_and_an_example_key_are_refused_outside_development(works: Mapping[str, str]) -> None:
    with serving({**works, "AZURE_FUNCTIONS_ENVIRONMENT": "Production"}) as service, service.client() as client:
        assert client.get("/health/ready").json()["reasons"] == ["setting-invalid"]
        login = client.post("/token", data={"grant_type": "password", "username": "abi", "password": "password"})
        assert (login.status_code, login.headers["Retry-After"]) == (503, "5")


def test_without_its_model_the_service_runs_and_reports_it(works: Mapping[str, str], tmp_path: Path) -> None:
    gone = {**works, "MODEL_MANIFEST": str(tmp_path / "gone.json")}
    with serving(gone) as service, service.client(service.login()) as client:
        state = client.get("/health/ready").json()
        assert state == {"status": "unready", "reasons": ["model-missing"], "build": "local"}
        response = client.post("/predict", json={"instances": [{"x": 1}]})
        assert (response.status_code, response.json()["type"]) == (503, "/problems/model-missing")
        assert client.get("/").status_code == 200
        assert str(tmp_path) not in response.text
