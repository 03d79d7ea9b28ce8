"""A small server with the routes of the service, for faults that the service cannot be made to have."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.listening import listening, send_json

MODEL = {
    "name": "line",
    "version": "1",
    "kind": "regressor",
    "features": [{"kind": "number", "name": "x", "range": [-1.0, 1.0]}],
    "output": {"name": "y"},
}

type Responding = tuple[int, Mapping[str, str], Any] | None
"""Status, headers and content; None closes the connection without a response."""
type Fault = Callable[["FakeService", list[Mapping[str, Any]]], Responding]
"""The response to some instances, in place of predictions."""


class FakeService(ThreadingHTTPServer):
    """Predicts 2x + 1. `faults` are the responses to the next requests for predictions; `always` to all others."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model: dict[str, Any] = json.loads(json.dumps(MODEL))
        self.faults: list[Fault] = []
        self.always: Fault | None = None
        self.logins: list[Responding] = []
        self.tokens: list[str] = []
        self.requests: list[tuple[str, int]] = []
        """Token and number of rows of each request for predictions."""
        self.delay = 0.0

    @property
    def url(self) -> str:
        """The URL where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: clients are killed in tests."""

    def log_in(self) -> Responding:
        """Return a new token."""
        if self.logins:
            return self.logins.pop(0)
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        return 200, {}, {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": 900}

    def predict(self, token: str, instances: list[Mapping[str, Any]]) -> Responding:
        """Return predictions, or the next fault."""
        self.requests.append((token, len(instances)))
        time.sleep(self.delay)
        if fault := self.faults.pop(0) if self.faults else self.always:
            return fault(self, instances)
        return predictions(self, instances)


def predictions(service: FakeService, instances: list[Mapping[str, Any]]) -> Responding:
    """Return the predictions of the line."""
    model = {"name": service.model["name"], "version": service.model["version"]}
    content = {"model": model, "predictions": [2 * each["x"] + 1 for each in instances], "warnings": []}
    return 200, {}, {**content, "request_id": "1"}


def problem(status: int, title: str = "busy", errors: Any = None, **headers: str) -> Fault:
    """Return a fault: a problem with these headers, with `_` for `-` in their names."""
    content = {"title": title, "status": status, "request_id": "r1", **({"errors": errors} if errors else {})}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda service, instances: (status, named, content)


def dropped(service: FakeService, instances: list[Mapping[str, Any]]) -> Responding:
    """Close the connection without a response."""
    return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeService

    def do_GET(self) -> None:
        """Also as a proxy, which receives the whole URL."""
        routes: Mapping[str, Any] = {"/model": self.server.model, "/openapi.json": {}, "/health/live": {}}
        self._respond((200, {}, routes[urlsplit(self.path).path]))

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/token":
            self._respond(self.server.log_in())
        else:
            token = self.headers["Authorization"].removeprefix("Bearer ")
            self._respond(self.server.predict(token, json.loads(content)["instances"]))

    def _respond(self, response: Responding) -> None:
        if response is None:
            self.close_connection = True
            return
        send_json(self, *response)

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def fake_service() -> Iterator[FakeService]:
    """Run it for the block."""
    with listening(FakeService()) as server:
        yield server
