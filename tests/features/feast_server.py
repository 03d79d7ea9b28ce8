"""A small feature server that speaks Feast's protocol, with the faults that a real one has."""

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

type Rows = Mapping[Any, Mapping[str, Any]]


class FeastServer(ThreadingHTTPServer):
    """Answers from `rows`; `fault` says what is wrong with it."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, rows: Rows) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.rows = rows
        self.fault = ""
        self.faults_left = 10**9
        self.delay = 0.0
        self.questions: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Columns as Feast has them."""
        (name, entities), *_ = question["entities"].items()
        features = [each.rpartition(":")[2] for each in question.get("features", ["x"])]
        columns = [{"values": entities, "statuses": ["PRESENT"] * len(entities)}]
        for feature in features:
            found = [self.rows.get(entity, {}).get(feature, ...) for entity in entities]
            statuses = ["NOT_FOUND" if v is ... else "NULL_VALUE" if v is None else "PRESENT" for v in found]
            columns.append({"values": [None if v is ... else v for v in found], "statuses": statuses})
        return {"metadata": {"feature_names": [name, *features]}, "results": columns}


class _Handler(BaseHTTPRequestHandler):
    server: FeastServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: two would wait 40 ms for each other (Nagle's algorithm)

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.questions.append(question)
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
            self._send(200, json.dumps(self.server.answer(question)).encode())

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the console."""


FAULTS = {
    "is too busy": (429, b""),
    "fails": (500, b"{}"),
    "is not there": (503, b""),
    "speaks HTML": (200, b"<html>"),
    "speaks another JSON": (200, b'{"results": 1}'),
    "forgets a row": (200, b'{"metadata":{"feature_names":["x"]},"results":[{"values":[],"statuses":[]}]}'),
}


@contextmanager
def feast_server(rows: Rows) -> Iterator[FeastServer]:
    """A running server, ended afterwards."""
    server = FeastServer(rows)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def serve(rows: Rows, delay: float) -> None:
    """Serve until the process is ended, its URL on standard output: for benches, in a process of its own."""
    server = FeastServer(rows)
    server.delay = delay
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    server.serve_forever()
