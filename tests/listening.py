"""A test's own HTTP server: listening for a block, and ended after it, whatever happens in the block."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer


@contextmanager
def listening[Server: HTTPServer](server: Server) -> Iterator[Server]:
    """Run a server for the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
