"""Responses of the service and of what stands before it; proxies."""

import pytest

from tests.tools.score.fake_service import FakeService
from tools.score.connection import Connection, Response


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"title":"Busy","detail":"Busy"}', "503 Busy"),
        (b'{"title":"Busy","detail":"for 5 s","request_id":"r1"}', "503 Busy: for 5 s (request r1)"),
        (b"<html>", "503"),
        (b"", "503"),
        (b"\xff", "503"),
        (b'{"title":5}', "503"),
    ],
)
def test_a_response_is_described_with_what_it_has(body: bytes, text: str) -> None:
    assert Response(503, {}, body).describe() == text


def test_the_proxy_of_the_environment_is_used(fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", fake.url)
    connection = Connection("http://service.example", 1)
    assert connection.send("/health/live").status == 200
    connection.close()


def test_redirects_are_not_followed(fake: FakeService) -> None:
    fake.logins = [(302, {"Location": "/model"}, {})]
    connection = Connection(fake.url, 1)
    assert connection.send("/token", b"").status == 302
    connection.close()
