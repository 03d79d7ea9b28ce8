"""A small feature server with Feast's protocol. It responds as a real one does: test_real_feast compares both."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.listening import listening

type Rows = Mapping[Any, Mapping[str, Any]]


class Refused(Exception):
    """The server does not process a query. The text is its message, which has status 500."""


class FeastServer(ThreadingHTTPServer):
    """Responds from `rows`; `fault` names one of FAULTS, `faults` those of the next requests."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, rows: Rows, key_type: type[str] | type[int] = str) -> None:
        """`key_type` is the type of the join key: str is Feast's String, int its Int64."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key_type = key_type
        self.rows = rows
        self.fault = ""
        self.faults_left = 10**9
        self.faults: list[str] = []
        self.delay = 0.0
        self.has_health_route = True
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        """The URL where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def columns(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return columns in Feast's form: the join key first, the features in an order of the server's own."""
        rows = {self.key(entity): row for entity, row in self.rows.items()}
        known = {feature: None for row in rows.values() for feature in row}
        features = [feature.rpartition(":")[2] for feature in request.get("features", list(known))]
        (name, entities), *_ = request["entities"].items()
        self._check(entities, features, known)
        keys = [self.key(entity) for entity in entities]
        columns = [{"values": keys, "statuses": ["PRESENT"] * len(keys)}]
        for feature in reversed(features):
            statuses = ["PRESENT" if key in rows else "NOT_FOUND" for key in keys]  # PRESENT for null too
            columns.append({"values": [rows.get(key, {}).get(feature) for key in keys], "statuses": statuses})
        return {"metadata": {"feature_names": [name, *reversed(features)]}, "results": columns}

    def key(self, entity: Any) -> str | int:
        """Return an id in the type of the join key."""
        try:
            key = self.key_type(entity)
        except ValueError as error:
            raise Refused(str(error)) from error
        if isinstance(key, int) and not -(2**63) <= key < 2**63:
            raise Refused(f"Value out of range: {key}")
        return key

    def _check(self, entities: Sequence[Any], features: Sequence[str], known: Mapping[str, Any]) -> None:
        if not features:
            raise Refused("No features specified for retrieval")
        if not entities:
            raise Refused("Missing join key values")
        for feature in features:
            if feature not in known:
                raise Refused(f"Feature {feature} not found in projection")


class _Handler(BaseHTTPRequestHandler):
    server: FeastServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: two would wait 40 ms for each other (Nagle's algorithm)

    def do_GET(self) -> None:
        if self._has_fault(except_for="fails"):
            return
        is_health = self.path == "/health" and self.server.has_health_route
        self._send(*((200, b"") if is_health else (404, b'{"detail":"Not Found"}')))

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(request)
        self.server.headers.append(dict(self.headers))
        if self._has_fault():
            return
        try:
            self._send(200, json.dumps(self.server.columns(request)).encode())
        except Refused as refusal:
            self._send(500, json.dumps(str(refusal)).encode())

    def _has_fault(self, except_for: str = "") -> bool:
        """Wait, and respond with the server's fault, if it has one now."""
        self.server.paths.append(self.path)
        time.sleep(self.server.delay)
        fault = self.server.fault if self.server.faults_left > 0 else ""
        self.server.faults_left -= 1
        if self.server.faults:
            fault = self.server.faults.pop(0)
        if fault == "drops the connection":
            self.close_connection = True
            self.connection.close()
        elif fault in FAULTS and fault != except_for:
            self._send(*FAULTS[fault])
        else:
            return False
        return True

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


FAULTS = {
    "is too busy": (429, b""),
    "fails": (500, b"{}"),
    "is not there": (503, b""),
    "sends HTML": (200, b"<html>"),
    "sends other JSON": (200, b'{"results": 1}'),
    "omits a row": (200, b'{"metadata":{"feature_names":["x"]},"results":[{"values":[],"statuses":[]}]}'),
}
"""Fault → status and body. A server that fails has a healthy health route: its queries fail."""


def feast_server(rows: Rows, key_type: type[str] | type[int] = str) -> AbstractContextManager[FeastServer]:
    """Run a server for the block."""
    return listening(FeastServer(rows, key_type))
