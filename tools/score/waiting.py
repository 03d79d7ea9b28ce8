"""Wait while the service is busy or away: 429, 502, 503, 504 and broken connections, up to a limit for each request."""

import random
import threading
import time
from collections.abc import Callable

from urllib3.exceptions import HTTPError, SSLError

from tools.errors import ScoreError
from tools.score.connection import Response

BUSY = frozenset({429, 502, 503, 504})
FIRST_SECONDS, LONGEST_SECONDS = 1.0, 30.0  # where the response does not name a time

type Send = Callable[[], Response]


class Waiting:
    """Repeat requests. One object for all threads of a run."""

    def __init__(self, limit: float, stopped: threading.Event, report: Callable[[str], None]) -> None:
        """`limit` is in seconds. `stopped` ends all waiting. `report` gets a line for people."""
        self._limit = limit
        self._stopped = stopped
        self._report = report
        self._reported = 0.0
        self._lock = threading.Lock()

    def repeat(self, send: Send) -> Response:
        """Return the first response that is not `BUSY`. Raises ScoreError when the limit is reached."""
        waited, pause = 0.0, FIRST_SECONDS
        while True:
            response, reason = self._try(send)
            if response is not None and not reason:
                return response
            named = response.headers.get("Retry-After", "") if response is not None else ""
            seconds = float(named) if named.isdecimal() else pause * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
            if waited + seconds > self._limit:
                raise ScoreError(f"{reason}. Waited {waited:.0f} s; the limit is --wait {self._limit:g}")
            self._wait(seconds, reason)
            waited, pause = waited + seconds, min(2 * pause, LONGEST_SECONDS)

    def _try(self, send: Send) -> tuple[Response | None, str]:
        """Return the response, and the reason to repeat the request."""
        try:
            response = send()
        except SSLError as error:
            raise ScoreError(f"no secure connection: {error}") from error
        except HTTPError as error:
            return None, f"the connection failed: {error}"
        busy = response.status in BUSY and not response.problem.errors  # 502 with errors names instances
        return response, f"the service returned {response.describe()}" if busy else ""

    def _wait(self, seconds: float, reason: str) -> None:
        with self._lock:  # several requests wait for the same: one line is enough
            if time.monotonic() >= self._reported:
                self._report(f"{reason}; waiting {seconds:.0f} s")
                self._reported = time.monotonic() + seconds
        if self._stopped.wait(seconds):
            raise ScoreError("the run was stopped")
