"""Waiting has a limit, grows where no time is named, and ends when the run is stopped."""

import threading
from collections.abc import Iterable

import pytest
from urllib3.exceptions import ProtocolError, SSLError

from tools.errors import ScoreError
from tools.score.connection import Response
from tools.score.waiting import Waiting

OK = Response(200, {}, b"{}")


class Stopped(threading.Event):
    """An event on which waiting takes no time. `waits` are the seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Note the wait."""
        self.waits.append(timeout or 0)
        return self.is_set()


@pytest.fixture
def stopped() -> Stopped:
    return Stopped()


def repeat(stopped: Stopped, responses: Iterable[Response | Exception], limit: float = 1_000) -> Response:
    """Send a request that has these responses, one after the other."""
    following = iter(responses)

    def send() -> Response:
        response = next(following)
        if isinstance(response, Exception):
            raise response
        return response

    return Waiting(limit, stopped, lambda line: None).repeat(send)


def test_the_named_time_is_waited(stopped: Stopped) -> None:
    busy = [Response(429, {"Retry-After": "7"}, b""), Response(503, {"Retry-After": "2"}, b"")]
    assert repeat(stopped, [*busy, OK]) is OK
    assert stopped.waits == [7, 2]


def test_without_a_named_time_the_pauses_grow_to_half_a_minute(stopped: Stopped) -> None:
    drops = [ProtocolError("Connection aborted.")] * 4 + [Response(504, {"Retry-After": "Thu, 26 Nov 2026"}, b"")] * 4
    assert repeat(stopped, [*drops, OK]) is OK
    for waited, most in zip(stopped.waits, [1, 2, 4, 8, 16, 30, 30, 30], strict=True):
        assert most / 2 <= waited <= most


def test_the_limit_is_for_all_pauses_of_a_request_together(stopped: Stopped) -> None:
    busy = [Response(503, {"Retry-After": "40"}, b"")] * 3
    with pytest.raises(ScoreError, match=r"the service returned 503\. Waited 80 s; the limit is --wait 100"):
        repeat(stopped, busy, limit=100)
    assert stopped.waits == [40, 40]


def test_a_run_that_is_stopped_waits_no_more(stopped: Stopped) -> None:
    stopped.set()
    with pytest.raises(ScoreError, match="the run was stopped"):
        repeat(stopped, [Response(503, {}, b"")])


def test_a_certificate_that_is_not_trusted_is_no_reason_to_wait(stopped: Stopped) -> None:
    with pytest.raises(ScoreError, match="no secure connection"):
        repeat(stopped, [SSLError("certificate verify failed")])
    assert stopped.waits == []


def test_several_requests_that_wait_are_one_line(stopped: Stopped) -> None:
    lines: list[str] = []
    waiting = Waiting(1_000, stopped, lines.append)
    for _ in range(4):
        responses = iter([Response(503, {"Retry-After": "60"}, b""), OK])
        waiting.repeat(lambda: next(responses))  # noqa: B023 - called at once
    assert lines == ["the service returned 503; waiting 60 s"]
