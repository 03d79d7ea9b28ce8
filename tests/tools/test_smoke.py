"""The smoke test: it passes for the service, names what a broken one does wrong, and never shows the password."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from shared.settings import DEMO_HASH
from tests.conftest import KEY
from tests.services import Service, serving
from tools import smoke

ROOT = Path(__file__).parents[2]
PASSWORD = "password"
EXAMPLE = {"instance": {"x": 1}, "prediction": 2.0, "class": "low", "probabilities": {"low": 0.75, "high": 0.25}}
OWN = {"X-Request-Id": "1"}
# The command with nothing but the standard library, as the workflow's last job has it.
ALONE = "import sys; sys.path.append(sys.argv.pop(1)); from tools.__main__ import main; sys.exit(main())"

type Answers = dict[str, tuple[int, Mapping[str, str], Any]]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """The whole service with the model that is deployed."""
    users = json.dumps({"abi": DEMO_HASH})
    with serving({"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "TOKEN_KEY": KEY, "USERS": users}) as running:
        yield running


@pytest.fixture
def answers() -> Answers:
    """What a service with one golden example answers, by path; tests change it."""
    return {
        "/health/ready": (200, OWN, {"status": "ready"}),
        "/": (200, OWN, "a page"),
        "/token": (200, OWN, {"access_token": "t"}),
        "/model": (200, OWN, {"name": "line", "version": "1", "examples": [EXAMPLE]}),
        "/predict": (200, OWN, {"predictions": [2.0]}),
        "/predict_class": (200, OWN, {"predictions": ["low"], "probabilities": [{"low": 0.75, "high": 0.25}]}),
    }


@pytest.fixture
def stand_in(answers: Answers) -> Iterator[smoke.Service]:
    """A server that says what `answers` holds."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, content = answers[self.path]
            body = json.dumps(content).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield smoke.Service(f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
        thread.join()


def command(*arguments: str, typed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """`python -m tools smoke` in a process without any package."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", ALONE, ROOT, "smoke", *arguments],
        input=typed,
        env=environ,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_service_passes(service: Service) -> None:
    done = command(service.url, SMOKE_USER="abi", SMOKE_PASSWORD=PASSWORD)
    assert (done.returncode, done.stderr) == (0, "")
    passed = [line.split()[1] for line in done.stdout.splitlines()]
    assert passed[:5] == ["/health/ready:", "/:", "/token:", "/model:", "/predict:"]


def test_a_password_on_standard_input_will_do(service: Service) -> None:
    assert command(f"{service.url}/", typed=f"{PASSWORD}\n", SMOKE_USER="abi").returncode == 0


def test_a_wrong_password_fails_and_is_not_shown(service: Service) -> None:
    done = command(service.url, SMOKE_USER="abi", SMOKE_PASSWORD="a-wrong-secret")
    assert done.returncode == 1
    assert done.stderr.startswith("FAILED  /token answered 401 ")
    assert "a-wrong-secret" not in done.stdout + done.stderr


def test_a_service_that_is_not_there_fails_in_one_line() -> None:
    done = command("http://127.0.0.1:9", SMOKE_USER="abi", SMOKE_PASSWORD=PASSWORD)
    assert done.returncode == 1
    assert done.stderr.startswith("FAILED  /health/ready cannot be reached: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "url", ["http://egl-ml.example.com", "ftp://localhost", "localhost:7071", "file:///etc/passwd"]
)
def test_a_password_goes_nowhere_unencrypted_but_to_this_machine(url: str) -> None:
    done = command(url, SMOKE_USER="abi", SMOKE_PASSWORD=PASSWORD)
    assert done.returncode == 2
    assert "must begin with https://, or be http://localhost" in done.stderr


def test_a_service_that_answers_as_recorded_passes(stand_in: smoke.Service) -> None:
    assert list(smoke.smoke(stand_in, "abi", PASSWORD)) == [
        "/health/ready: ready",
        "/: the front page",
        "/token: abi is logged in",
        "/model: line 1",
        "/predict: predictions of 1 golden examples",
        "/predict_class: predictions of 1 golden examples",
        "/predict_class: probabilities of 1 golden examples",
    ]


@pytest.mark.parametrize(
    ("path", "answer", "fault"),
    [
        (
            "/health/ready",
            (503, OWN, {"status": "unready", "reasons": ["model-missing"]}),
            "/health/ready answered 503",
        ),
        ("/", (200, {}, "Your Functions 4.0 app is up and running"), "/ is not the service's page"),
        ("/", (404, {}, ""), "/ answered 404"),
        ("/token", (200, OWN, {}), "/token answered without a token"),
        ("/model", (200, OWN, {"examples": []}), "/predict answered"),
        ("/predict", (500, OWN, {"title": "Something broke"}), "/predict answered 500 Something broke"),
        ("/predict", (200, OWN, {"predictions": []}), "/predict answered 0 predictions for 1 golden examples"),
        ("/predict", (200, OWN, {"predictions": [2.1]}), r"/predict answered 2\.1 where the manifest has 2\.0"),
        ("/predict_class", (200, OWN, {"predictions": ["high"]}), "/predict_class answered 'high' where"),
        (
            "/predict_class",
            (200, OWN, {"predictions": ["low"], "probabilities": [{"low": 0.5, "high": 0.5}]}),
            "/predict_class answered {'low': 0.5",
        ),
    ],
)
def test_what_a_service_does_wrong_is_named(
    stand_in: smoke.Service, answers: Answers, path: str, answer: tuple[int, Mapping[str, str], Any], fault: str
) -> None:
    answers[path] = answer
    with pytest.raises(smoke.SmokeError, match=fault):
        list(smoke.smoke(stand_in, "abi", PASSWORD))


def test_a_service_that_needs_time_is_waited_for(
    stand_in: smoke.Service, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = answers["/health/ready"]
    answers["/health/ready"] = (503, OWN, {})

    def mend(seconds: float) -> None:
        answers["/health/ready"] = good

    monkeypatch.setattr(smoke.time, "sleep", mend)
    assert smoke.ready(stand_in, wait=60) == "ready"


def test_a_degraded_service_takes_traffic_and_says_what_is_missing(stand_in: smoke.Service, answers: Answers) -> None:
    answers["/health/ready"] = (200, OWN, {"status": "degraded", "reasons": ["features-unreachable"]})
    assert smoke.ready(stand_in, wait=0) == "degraded features-unreachable"


def test_the_last_digits_may_differ_between_machines() -> None:
    assert smoke.same(210.80813786536956, 210.80813786536901)
    assert not smoke.same(210.80813786536956, 210.809)
    assert not smoke.same(1.0, "1.0")
    assert not smoke.same({"low": 0.5}, None)
