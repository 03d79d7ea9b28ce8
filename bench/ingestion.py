"""A stand-in for Application Insights' ingestion, in a process of its own. It accepts everything at once."""

import multiprocessing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "10ca1000-0000-4000-8000-000000000000"


class Handler(BaseHTTPRequestHandler):
    """Accepts every request."""

    def do_POST(self) -> None:
        """Read the items and accept them."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@contextmanager
def ingestion() -> Iterator[Mapping[str, str]]:
    """Run the stand-in, and yield the settings of a service that sends its telemetry there."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        process = multiprocessing.get_context("fork").Process(target=server.serve_forever, daemon=True)
        process.start()
        endpoint = f"IngestionEndpoint=http://127.0.0.1:{server.server_port}"
        try:
            yield {"APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={KEY};{endpoint}"}
        finally:
            process.kill()
            process.join()
