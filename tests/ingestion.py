"""A fake of Application Insights' ingestion endpoint: a real HTTP server that can simulate failures."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "10ca1000-0000-4000-8000-000000000000"
WAIT_SECONDS = 10.0

type Item = dict[str, Any]
type Behaviour = Callable[["Post"], None]


class Post(BaseHTTPRequestHandler):
    """One request of the exporter."""

    server: "Ingestion"

    def do_POST(self) -> None:
        self.items: list[Item] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.posts.append(self.path)
        self.server.behaviour(self)

    def accept(self, items: Sequence[Item]) -> None:
        """Accept these items."""
        with self.server.lock:
            self.server.items += items

    def respond(self, status: int, **members: Any) -> None:
        """Send a response with a status and a JSON object."""
        body = json.dumps(members).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


def healthy(post: Post) -> None:
    """Accept everything."""
    post.accept(post.items)
    post.respond(200, itemsReceived=len(post.items), itemsAccepted=len(post.items), errors=[])


def hanging(post: Post) -> None:
    """Send no response until the server ends."""
    post.server.ending.wait(WAIT_SECONDS)


def status(code: int) -> Behaviour:
    """Return a behaviour that responds with this status and accepts nothing."""

    def behave(post: Post) -> None:
        post.respond(code, itemsReceived=len(post.items), itemsAccepted=0)

    return behave


def partial(code: int) -> Behaviour:
    """Return a behaviour that accepts every other item, with the status `code` for the rest."""

    def behave(post: Post) -> None:
        refused = range(1, len(post.items), 2)
        post.accept(post.items[::2])
        errors = [{"index": index, "statusCode": code, "message": "no"} for index in refused]
        post.respond(206, itemsReceived=len(post.items), itemsAccepted=len(post.items) - len(refused), errors=errors)

    return behave


class Ingestion(ThreadingHTTPServer):
    """The server; `items` are those accepted so far, `behaviour` handles the next request."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Post)
        self.behaviour: Behaviour = healthy
        self.items: list[Item] = []
        self.posts: list[str] = []
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def connection_string(self) -> str:
        return f"InstrumentationKey={KEY};IngestionEndpoint=http://127.0.0.1:{self.server_port}/"

    def end(self) -> None:
        """Stop the server. From then on, connections are refused."""
        self.ending.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def wait_for(self, condition: Callable[[Sequence[Item]], bool]) -> Sequence[Item]:
        """Wait until `condition` is true for the items, and return them. Raises TimeoutError after 10 s."""
        until = time.monotonic() + WAIT_SECONDS
        while not condition(self.items):
            if time.monotonic() > until:
                raise TimeoutError(f"only {len(self.items)} items arrived")
            time.sleep(0.01)
        return self.items

    def of_type(self, base_type: str) -> list[Item]:
        """Return the items of one type."""
        return [item for item in self.items if item["data"]["baseType"] == base_type]
