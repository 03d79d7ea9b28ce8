"""Measuring the service time at a URL."""

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from shared.model.manifest_file import ManifestFile
from shared.settings import Settings
from tests.listening import listening
from tools.capacity.measure import WARM_UP, measure_times
from tools.errors import CapacityError

DELAY = 0.005


class Handler(BaseHTTPRequestHandler):
    """Return 200 to requests with the token, after a delay, and record the bodies."""

    protocol_version = "HTTP/1.1"
    bodies: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(DELAY)
        self.send_response(200 if self.headers["Authorization"] == "Bearer good" else 401)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Handler.bodies.clear()
    with listening(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}/predict"


def test_each_request_is_timed_separately_with_a_golden_example(url: str) -> None:
    times = measure_times(url, "good", 5)
    assert len(times) == 5
    assert DELAY <= min(times) < 50 * DELAY
    assert len(Handler.bodies) == WARM_UP + 5
    assert ManifestFile(Settings.read({})).manifest.features[0].name.encode() in Handler.bodies[0]


def test_a_refused_token_is_reported_with_the_variable_to_set(url: str) -> None:
    with pytest.raises(CapacityError, match=r"returned 401, not 200\. Put a token in the environment variable TOKEN"):
        measure_times(url, "", 5)


def test_a_url_that_does_not_respond_is_reported() -> None:
    with pytest.raises(CapacityError, match="cannot be measured"):
        measure_times("http://127.0.0.1:9/predict", "", 5)
