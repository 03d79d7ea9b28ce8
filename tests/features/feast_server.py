"""A small feature server with Feast's protocol, and with faults of a real one."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

type Rows = Mapping[Any, Mapping[str, Any]]


class FeastServer(ThreadingHTTPServer):
    """Responds from `rows`; `fault` names one of FAULTS."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, rows: Rows) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.rows = rows
        self.fault = ""
        self.faults_left = 10**9
        self.delay = 0.0
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        """The URL where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def columns(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return columns in Feast's form."""
        (name, entities), *_ = request["entities"].items()
        features = [feature.rpartition(":")[2] for feature in request.get("features", ["x"])]
        columns = [{"values": entities, "statuses": ["PRESENT"] * len(entities)}]
        for feature in features:
            values = [self.rows.get(entity, {}).get(feature, ...) for entity in entities]
            statuses = ["NOT_FOUND" if v is ... else "NULL_VALUE" if v is None else "PRESENT" for v in values]
            columns.append({"values": [None if v is ... else v for v in values], "statuses": statuses})
        return {"metadata": {"feature_names": [name, *features]}, "results": columns}


class _Handler(BaseHTTPRequestHandler):
    server: FeastServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: two would wait 40 ms for each other (Nagle's algorithm)

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(request)
        self.server.headers.append(dict(self.headers))
        time.sleep(self.server.delay)
        fault = self.server.fault if self.server.faults_left > 0 else ""
        self.server.faults_left -= 1
        if fault == "drops the connection":
            self.close_connection = True
            self.connection.close()
        elif fault in FAULTS:
            self._send(*FAULTS[fault])
        else:
            self._send(200, json.dumps(self.server.columns(request)).encode())

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


@contextmanager
def feast_server(rows: Rows) -> Iterator[FeastServer]:
    """Run a server for the block."""
    server = FeastServer(rows)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
