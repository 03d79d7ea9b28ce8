"""HTTP connections to the service: one request, one response, no retries."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import msgspec
import urllib3
from msgspec import Struct

CONNECT_SECONDS = 10.0
READ_SECONDS = 300.0  # Azure's front end ends a request after 230 s


class BadField(Struct, frozen=True):
    """One error in a problem: where, and what."""

    pointer: str = ""
    detail: str = ""


class Problem(Struct, frozen=True):
    """The members of a problem (RFC 9457) that a client uses."""

    type: str = ""
    title: str = ""
    detail: str = ""
    request_id: str = ""
    errors: list[BadField] = []


class Response(NamedTuple):
    """A response of the service, or of something before it."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def problem(self) -> Problem:
        """Return the body as a problem; an empty one for any other body."""
        try:
            return msgspec.json.decode(self.body, type=Problem)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return Problem()

    def describe(self) -> str:
        """Return status, title, detail and request id, for people."""
        problem = self.problem
        detail = problem.detail if problem.detail != problem.title else ""
        text = ": ".join(filter(None, [f"{self.status} {problem.title}".strip(), detail]))
        return f"{text} (request {problem.request_id})" if problem.request_id else text


class Connection:
    """Keep-alive connections to one base URL, for several threads. Raises urllib3's HTTPError."""

    def __init__(self, url: str, connections: int) -> None:
        self.url = url
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        self._pool = _pool(url, maxsize=connections, retries=False, timeout=timeout)

    def send(self, path: str, body: bytes | None = None, **headers: str) -> Response:
        """Send a GET, or a POST with a body."""
        method = "GET" if body is None else "POST"
        response = self._pool.request(method, self.url + path, body=body, headers=headers, redirect=False)
        return Response(response.status, response.headers, response.data)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._pool.clear()


def _pool(url: str, **options: object) -> urllib3.PoolManager:
    """Return a pool that uses the proxy of the environment, as other programs do."""
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.hostname or ""):
        return urllib3.ProxyManager(proxy, **options)  # type: ignore[arg-type]
    return urllib3.PoolManager(**options)  # type: ignore[arg-type]
