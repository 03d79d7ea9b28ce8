"""The smoke test passes for the service, names the errors of a broken one, and never prints the password."""

import argparse
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from shared.settings import DEMO_HASH
from tests.conftest import KEY
from tests.listening import listening, send_json
from tests.services import Service, serving
from tools import smoke
from tools.smoke import waiting

ROOT = Path(__file__).parents[2]
PASSWORD = "password"
EXAMPLE = {"instance": {"x": 1}, "prediction": 2.0, "class": "low", "probabilities": {"low": 0.75, "high": 0.25}}
OWN = {"X-Request-Id": "1"}
# The command with only the standard library, as in the last job of the workflow.
ALONE = "import sys; sys.path.append(sys.argv.pop(1)); from tools.__main__ import main; sys.exit(main())"

type Responses = dict[str, tuple[int, Mapping[str, str], Any]]
"""Path → status, headers, and content."""


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """The whole service with the deployed model."""
    users = json.dumps({"abi": DEMO_HASH})
    with serving({"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "TOKEN_KEY": KEY, "USERS": users}) as running:
        yield running


@pytest.fixture
def responses() -> Responses:
    """The responses of a service with one golden example; tests change them."""
    return {
        "/health/ready": (200, OWN, {"status": "ready", "build": "b2", "model_version": "1"}),
        "/": (200, OWN, "a page"),
        "/token": (200, OWN, {"access_token": "t"}),
        "/model": (200, OWN, {"name": "line", "version": "1", "examples": [EXAMPLE]}),
        "/predict": (200, OWN, {"predictions": [2.0]}),
        "/predict_class": (200, OWN, {"predictions": ["low"], "probabilities": [{"low": 0.75, "high": 0.25}]}),
    }


@pytest.fixture
def client(responses: Responses) -> Iterator[smoke.Client]:
    """A client of a server that returns `responses`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            send_json(self, *responses[self.path])

        do_POST = do_GET  # noqa: N815

        def log_message(self, *arguments: object) -> None: ...

    with listening(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield smoke.Client(f"http://127.0.0.1:{server.server_address[1]}")


def command(*arguments: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `./egl smoke` in a process without any package."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", ALONE, ROOT, "smoke", *arguments],
        input=stdin,
        env=environ,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_service_passes(service: Service) -> None:
    result = command(service.url, SMOKE_USER="abi", SMOKE_PASSWORD=PASSWORD)
    assert (result.returncode, result.stderr) == (0, "")
    passed = [line.split()[1] for line in result.stdout.splitlines()]
    assert passed[:5] == ["/health/ready:", "/:", "/token:", "/model:", "/predict:"]


def test_the_password_can_be_read_from_standard_input(service: Service) -> None:
    assert command(f"{service.url}/", stdin=f"{PASSWORD}\n", SMOKE_USER="abi").returncode == 0


def test_a_wrong_password_fails_and_is_not_printed(service: Service) -> None:
    result = command(service.url, SMOKE_USER="abi", SMOKE_PASSWORD="a-wrong-secret")
    assert result.returncode == 1
    assert result.stderr.startswith("FAILED  /token returned 401 ")
    assert "a-wrong-secret" not in result.stdout + result.stderr


def test_an_unreachable_service_fails_in_one_line() -> None:
    result = command("http://127.0.0.1:9", SMOKE_USER="abi", SMOKE_PASSWORD=PASSWORD)
    assert result.returncode == 1
    assert result.stderr.startswith("FAILED  /health/ready is unreachable: ")
    assert result.stderr.count("\n") == 1


def test_a_url_without_encryption_is_a_wrong_command_line() -> None:
    result = command("http://egl-ml.example.com", SMOKE_USER="abi", SMOKE_PASSWORD=PASSWORD)
    assert result.returncode == 2
    assert "must begin with https://, or be http://localhost" in result.stderr


@pytest.mark.parametrize("url", ["ftp://localhost", "localhost:7071", "file:///etc/passwd", "http://127.0.0.2"])
def test_other_urls_that_would_send_the_password_unencrypted_are_refused(url: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        smoke.base_url(url)


def test_a_service_that_returns_the_recorded_values_passes(client: smoke.Client) -> None:
    assert list(smoke.run_checks(client, "abi", PASSWORD)) == [
        "/health/ready: ready",
        "/: the front page",
        "/token: abi is logged in",
        "/model: line 1",
        "/predict: predictions of 1 golden examples",
        "/predict_class: predictions of 1 golden examples",
        "/predict_class: probabilities of 1 golden examples",
    ]


@pytest.mark.parametrize(
    ("path", "response", "message"),
    [
        (
            "/health/ready",
            (503, OWN, {"status": "unready", "reasons": ["model-missing"]}),
            "/health/ready returned 503",
        ),
        ("/", (200, {}, "Your Functions 4.0 app is up and running"), "/ is not the service's page"),
        ("/", (404, {}, ""), "/ returned 404"),
        ("/token", (200, OWN, {}), "/token returned no token"),
        ("/model", (200, OWN, {"examples": []}), "/predict returned"),
        ("/predict", (500, OWN, {"title": "Something broke"}), "/predict returned 500 Something broke"),
        ("/predict", (200, OWN, {"predictions": []}), "/predict returned 0 predictions for 1 golden examples"),
        ("/predict", (200, OWN, {"predictions": [2.1]}), r"/predict returned 2\.1 where the manifest has 2\.0"),
        ("/predict_class", (200, OWN, {"predictions": ["high"]}), "/predict_class returned 'high' where"),
        (
            "/predict_class",
            (200, OWN, {"predictions": ["low"], "probabilities": [{"low": 0.5, "high": 0.5}]}),
            "/predict_class returned {'low': 0.5",
        ),
    ],
)
def test_an_error_of_the_service_is_named(
    client: smoke.Client, responses: Responses, path: str, response: tuple[int, Mapping[str, str], Any], message: str
) -> None:
    responses[path] = response
    with pytest.raises(smoke.SmokeError, match=message):
        list(smoke.run_checks(client, "abi", PASSWORD))


def test_a_service_that_starts_slowly_is_waited_for(client: smoke.Client, responses: Responses) -> None:
    ready = responses["/health/ready"]
    responses["/health/ready"] = (503, OWN, {})

    def become_ready(seconds: float) -> None:
        responses["/health/ready"] = ready

    assert smoke.wait_until_ready(client, wait=60, sleep=become_ready) == "ready"


def test_a_degraded_service_passes_with_its_reasons(client: smoke.Client, responses: Responses) -> None:
    responses["/health/ready"] = (200, OWN, {"status": "degraded", "reasons": ["features-unreachable"]})
    assert smoke.wait_until_ready(client, wait=0) == "degraded features-unreachable"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The package that `responses` are of."""
    path = tmp_path / "egl-ml.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("BUILD_ID", "b2\n")
        file.writestr("model/slr.json", json.dumps({"version": "1", "examples": [EXAMPLE]}))
    return path


def test_the_package_s_own_build_model_and_examples_pass(client: smoke.Client, package: Path) -> None:
    lines = list(smoke.run_checks(client, "abi", PASSWORD, released=waiting.read(package)))
    assert "/health/ready: build b2 with model 1 on 30 connections in a row" in lines


@pytest.mark.parametrize("state", [{"build": "b1", "model_version": "1"}, {"build": "b2", "model_version": "0"}, {}])
def test_another_deployment_fails_with_both_named(
    client: smoke.Client, responses: Responses, package: Path, state: Mapping[str, str]
) -> None:
    responses["/health/ready"] = (200, OWN, {"status": "ready", **state})
    found = f"build {state.get('build')} with model {state.get('model_version')}"
    with pytest.raises(smoke.SmokeError, match=f"still returns {found}; the package has build b2 with model 1"):
        list(smoke.run_checks(client, "abi", PASSWORD, released=waiting.read(package)))


def test_predictions_are_compared_with_the_package_and_not_with_the_server_s_own_examples(
    client: smoke.Client, responses: Responses, package: Path
) -> None:
    responses["/predict"] = (200, OWN, {"predictions": [3.0]})
    responses["/model"] = (200, OWN, {"name": "line", "version": "1", "examples": [{**EXAMPLE, "prediction": 3.0}]})
    with pytest.raises(smoke.SmokeError, match=r"/predict returned 3\.0 where the manifest has 2\.0"):
        list(smoke.run_checks(client, "abi", PASSWORD, released=waiting.read(package)))


def test_an_old_instance_in_between_starts_the_count_again(
    client: smoke.Client, responses: Responses, package: Path
) -> None:
    new, old = responses["/health/ready"], (200, OWN, {"status": "ready", "build": "b1", "model_version": "1"})
    connections = 0
    waits = []

    class Mixed(smoke.Client):
        def send(self, path: str, body: bytes | None = None, media_type: str = "") -> Any:
            nonlocal connections
            connections += 1
            responses["/health/ready"] = old if connections == 29 else new
            return super().send(path, body)

    end = time.monotonic() + 60
    waiting.wait_until_released(Mixed(client.url), waiting.read(package), end, sleep=waits.append)
    assert connections == 29 + waiting.CONNECTIONS
    assert waits == [waiting.PAUSE_SECONDS]


def test_an_instance_that_does_not_respond_while_it_is_replaced_is_waited_for(
    client: smoke.Client, responses: Responses, package: Path
) -> None:
    ready = responses["/health/ready"]
    responses["/health/ready"] = (503, OWN, {"title": "Starting"})

    def become_ready(seconds: float) -> None:
        responses["/health/ready"] = ready

    end = time.monotonic() + 60
    waiting.wait_until_released(client, waiting.read(package), end, sleep=become_ready)
    responses["/health/ready"] = (503, OWN, {"title": "Starting"})
    with pytest.raises(smoke.SmokeError, match="still returns status 503; the package has build b2 with model 1"):
        waiting.wait_until_released(client, waiting.read(package), time.monotonic())


def test_a_file_that_is_no_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("readme.txt", "")
    for name in ("broken.zip", "other.zip", "missing.zip"):
        with pytest.raises(smoke.SmokeError, match="is no package of the service"):
            waiting.read(tmp_path / name)


def test_the_last_digits_may_differ_between_machines() -> None:
    assert smoke.equal(210.80813786536956, 210.80813786536901)
    assert not smoke.equal(210.80813786536956, 210.809)
    assert not smoke.equal(1.0, "1.0")
    assert not smoke.equal({"low": 0.5}, None)
