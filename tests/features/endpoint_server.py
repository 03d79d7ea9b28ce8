"""A small HTTP server with rows by id, in both forms of an endpoint for features."""

import json
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.listening import listening


class EndpointServer(ThreadingHTTPServer):
    """Responds from `rows`: to `GET /patients/ID` with one row, to a POST with all rows that it names.

    `statuses` are the statuses of some ids; `status` is that of all requests.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, rows: Mapping[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.rows = rows
        self.status = 0
        self.statuses: dict[str, int] = {}
        self.delay = 0.0
        self.body: bytes | None = None
        self.paths: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.running = self.most_running = 0
        self.counting = threading.Lock()

    @property
    def url(self) -> str:
        """The URL where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def count(self, change: int) -> None:
        """Count the requests that run at the same time."""
        with self.counting:
            self.running += change
            self.most_running = max(self.running, self.most_running)


class _Handler(BaseHTTPRequestHandler):
    server: EndpointServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        entity = unquote(urlsplit(self.path).path.removeprefix("/patients/"))
        row = self.server.rows.get(entity)
        self._respond(self.server.statuses.get(entity) or (200 if row is not None else 404), row)

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(query)
        ids = list(map(str, query["entity_ids"]))
        statuses = [self.server.statuses[each] for each in ids if each in self.server.statuses]
        rows = {each: self.server.rows[each] for each in ids if each in self.server.rows}
        self._respond(statuses[0] if statuses else 200, rows)

    def _respond(self, status: int, body: Any) -> None:
        self.server.count(1)
        time.sleep(self.server.delay)
        self.server.paths.append(self.path)
        self.server.headers.append(dict(self.headers))
        content = json.dumps(body).encode() if self.server.body is None else self.server.body
        self.send_response(self.server.status or status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Location", "/patients/p2")
        self.end_headers()
        self.wfile.write(content)
        self.server.count(-1)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


def endpoint_server(rows: Mapping[str, Any]) -> AbstractContextManager[EndpointServer]:
    """Run a server for the block."""
    return listening(EndpointServer(rows))
