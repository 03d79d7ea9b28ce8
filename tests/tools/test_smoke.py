"""The smoke test passes for the service, names the errors of a broken one, and never prints the password."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from shared.settings import DEMO_HASH
from tests.conftest import KEY
from tests.listening import listening
from tests.services import Service, serving
from tools import smoke

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
        "/health/ready": (200, OWN, {"status": "ready"}),
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
            status, headers, content = responses[self.path]
            body = json.dumps(content).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

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


def test_the_last_digits_may_differ_between_machines() -> None:
    assert smoke.equal(210.80813786536956, 210.80813786536901)
    assert not smoke.equal(210.80813786536956, 210.809)
    assert not smoke.equal(1.0, "1.0")
    assert not smoke.equal({"low": 0.5}, None)
