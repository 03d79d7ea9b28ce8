"""HTTP calls to a feature store: authorization, time limit, one retry, and a limit for the size of a response."""

import time
from collections.abc import Collection
from typing import Any, NamedTuple

import msgspec
import urllib3
from urllib3.util import Retry, Timeout

from shared.features.source import QueryRefused
from shared.problems import FeaturesInvalid, FeaturesUnavailable
from shared.threads import MAX_FEATURES

FIRST_TRY_SHARE = 0.45  # of the time limit; the retry gets as much, and the jitter between them the rest
JITTER_SECONDS = 0.02
RETRIED = (429, 502, 503, 504)
REFUSED = (400, 422, 500)
"""Responses of a server that is up, but does not process the query. Feast sends 500 for an id of a wrong type."""
MAX_RETRY_AFTER = 60
MAX_BYTES = 64 * 1024 * 1024  # 10,000 entities of 100 features in Feast's form, with timestamps
CHUNK_BYTES = 65_536


class Response(NamedTuple):
    """A response that was read to its end."""

    status: int
    content: bytes
    attempts: int
    """Number of calls, the retry included."""


class Connection:
    """Kept connections to one server."""

    def __init__(self, authorization: str, timeout_seconds: float) -> None:
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if authorization:
            self._headers["Authorization"] = authorization
        self._seconds = timeout_seconds
        self._connections = urllib3.PoolManager(maxsize=MAX_FEATURES, block=False)

    def request(
        self, method: str, url: str, body: Any = None, *, accept: Collection[int] = (200,), max_bytes: int = MAX_BYTES
    ) -> Response:
        """Send a request, and return its response if the status is in `accept`. `body` is sent as JSON.

        Raises QueryRefused, FeaturesUnavailable, or FeaturesInvalid for a response that is too large.
        """
        deadline = time.monotonic() + self._seconds
        try:
            response = self._connections.request(
                method,
                url,
                body=None if body is None else msgspec.json.encode(body),
                headers=self._headers,
                timeout=Timeout(total=self._seconds * FIRST_TRY_SHARE),
                retries=_retry(),
                redirect=False,
                preload_content=False,
            )
            content = _read(response, deadline, max_bytes)
        except urllib3.exceptions.HTTPError as error:
            raise FeaturesUnavailable(reason=type(error).__name__) from error
        if response.status not in accept:
            _raise(response)
        return Response(response.status, content, 1 + (len(response.retries.history) if response.retries else 0))


def _retry() -> Retry:
    return Retry(
        total=1,
        allowed_methods=None,  # a query changes nothing
        status_forcelist=RETRIED,
        raise_on_status=False,
        backoff_jitter=JITTER_SECONDS,
        respect_retry_after_header=False,  # it may be longer than the time limit; the client receives it instead
    )


def _read(response: urllib3.BaseHTTPResponse, deadline: float, max_bytes: int) -> bytes:
    """Return the body. A server that sends it slowly, or without end, keeps no thread."""
    chunks, size = [], 0
    while chunk := response.read1(CHUNK_BYTES):
        chunks.append(chunk)
        size += len(chunk)
        if size > max_bytes or time.monotonic() > deadline:
            response.close()
            if size > max_bytes:
                raise FeaturesInvalid(reason=f"the feature store's response has more than {max_bytes} bytes")
            raise FeaturesUnavailable(reason="the feature store's response did not end in time")
    response.release_conn()
    return b"".join(chunks)


def _raise(response: urllib3.BaseHTTPResponse) -> None:
    """Raise the error of a status that is no success."""
    reason = f"the feature store responded with {response.status}"
    if response.status in REFUSED:
        raise QueryRefused(reason)
    value = response.headers.get("Retry-After", "")
    seconds = min(MAX_RETRY_AFTER, int(value)) if value.isdecimal() else 5
    raise FeaturesUnavailable(reason=reason, retry_after=seconds)
