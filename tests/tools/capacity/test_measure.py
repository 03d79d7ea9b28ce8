"""Measuring a URL."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from shared import manifest
from tools.capacity.errors import CapacityError
from tools.capacity.measure import WARM_UP, measured

SLOW = 0.020


class Handler(BaseHTTPRequestHandler):
    """Waits 20 ms, answers 200 to whoever has the token, and remembers the bodies."""

    protocol_version = "HTTP/1.1"
    bodies: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(SLOW)
        self.send_response(200 if self.headers["Authorization"] == "Bearer good" else 401)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *said: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Handler.bodies.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/predict"
        server.shutdown()


def test_each_request_is_timed_by_itself_with_a_golden_example(url: str) -> None:
    times = measured(url, "good", 5)
    assert len(times) == 5
    assert SLOW <= min(times) < 10 * SLOW
    assert len(Handler.bodies) == WARM_UP + 5
    assert manifest.current().features[0].name.encode() in Handler.bodies[0]


def test_a_refused_token_is_told_with_where_to_put_one(url: str) -> None:
    with pytest.raises(CapacityError, match=r"answers 401, not 200\. Put a token in the environment variable TOKEN"):
        measured(url, "", 5)


def test_nobody_there_is_told() -> None:
    with pytest.raises(CapacityError, match="cannot be measured"):
        measured("http://127.0.0.1:9/predict", "", 5)
