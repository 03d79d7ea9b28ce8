"""Hostile first lines, headers, lengths and paths; and the service still responds."""

from contextlib import suppress

import httpx
import pytest

from tests.services import Service
from tests.wire import connected, raw, request_bytes

pytestmark = pytest.mark.usefixtures("still_responds")


@pytest.mark.parametrize(
    "lengths",
    [
        (b"Content-Length:",),
        (b"Content-Length: -1",),
        (b"Content-Length: +2",),
        (b"Content-Length: 0x2",),
        (b"Content-Length: 2, 2",),
        (b"Content-Length: 2", b"Content-Length: 3"),
        (b"Content-Length: 99999999999999999999999999",),
        (b"Content-Length: 2", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding: chunked, identity",),
        (b"Transfer-Encoding: \x0bchunked",),
    ],
    ids=lambda lengths: b" ".join(lengths).decode("latin-1"),
)
def test_an_invalid_length_is_a_refusal_or_an_empty_body(
    service: Service, token: str, lengths: tuple[bytes, ...]
) -> None:
    authorization = b"Authorization: Bearer " + token.encode()
    headers = (b"Content-Type: application/json", authorization, *lengths)
    status, body = raw(service, request_bytes(b"POST /predict HTTP/1.1", *headers, body=b"{}"))
    assert status in (0, 400)
    assert b"Traceback" not in body


def test_a_second_request_in_the_body_of_the_first_is_not_handled(service: Service) -> None:
    hidden = b"GET /model HTTP/1.1\r\nHost: localhost\r\n\r\n"
    length = b"Content-Length: %d" % len(hidden)
    with connected(service) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\n" + length + b"\r\n\r\n" + hidden)
        connection.settimeout(1)
        response = b""
        with suppress(TimeoutError):
            while chunk := connection.recv(65_536):
                response += chunk
    assert response.count(b"HTTP/1.1 ") == 1
    assert response.startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Long": "a" * 40_000},
        {f"X-{i}": "a" for i in range(150)},
        {f"X-{i}": "a" * 1_000 for i in range(60)},
        {"Authorization": "Bearer " + "a" * 100_000},
        {"Cookie": "a=b;" * 10_000},
    ],
    ids=["one long", "many", "many long", "a token of 100 kB", "cookies"],
)
def test_headers_beyond_the_host_s_limit_are_431(anyone: httpx.Client, headers: dict[str, str]) -> None:
    response = anyone.post("/predict", json={}, headers=headers)
    assert (response.status_code, response.content) == (431, b"")


@pytest.mark.parametrize("length", [5_000, 17_000, 30_000])
def test_a_token_as_long_as_the_host_lets_through_is_401(anyone: httpx.Client, length: int) -> None:
    response = anyone.post("/predict", json={}, headers={"Authorization": "Bearer " + "a.b." * (length // 4)})
    assert (response.status_code, response.json()["type"]) == (401, "/problems/invalid-token")


@pytest.mark.parametrize(
    "header",
    [b"X-Bad: \xff\xfe", b"X-Bad: a\x00b", b"X Bad: a", b": a", b"X-Bad\xff: a", b"no colon", b"X-Folded: a\r\n b"],
    ids=str,
)
def test_an_invalid_header_is_no_failure(service: Service, header: bytes) -> None:
    status, _ = raw(service, request_bytes(b"GET /health/live HTTP/1.1", header))
    assert status in (0, 200, 400)


@pytest.mark.parametrize(
    "path",
    [
        b"/%00",
        b"/predict%00",
        b"/\x00",
        b"/health/live\x00",
        b"/assets/%00",
        b"/assets/a%00.js",
        b"/%ff%fe",
        b"/%",
        b"/%zz",
    ],
    ids=str,
)
def test_a_nul_or_no_text_in_a_path_is_not_found(service: Service, path: bytes) -> None:
    status, body = raw(service, request_bytes(b"GET " + path + b" HTTP/1.1"))
    assert status in (0, 400, 404)
    assert b"Traceback" not in body


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../shared/settings.py",
        "/assets/%2e%2e/host.json",
        "/assets/..%2f..%2fetc/passwd",
        "/assets//etc/passwd",
        "/assets/C:\\Windows\\win.ini",
        "/../../etc/passwd",
        "/assets/.%00./x",
        "//health/live",
    ],
)
def test_a_path_that_leaves_the_folder_finds_nothing(service: Service, path: str) -> None:
    status, body = raw(service, request_bytes(b"GET " + path.encode() + b" HTTP/1.1"))
    assert status in (400, 404)
    assert b"root:" not in body


@pytest.mark.parametrize("length", [3_000, 9_000, 40_000])
def test_a_very_long_path_is_not_found(service: Service, length: int) -> None:
    for path in (b"/" + b"a" * length, b"/assets/" + b"a/" * (length // 2), b"/predict?" + b"a=b&" * (length // 4)):
        status, _ = raw(service, request_bytes(b"GET " + path + b" HTTP/1.1"))
        assert status in (0, 400, 404, 414, 431)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"GET",
        b"GET /health/live",
        b"GET /health/live HTTP/9.9",
        b"PRI * HTTP/2.0",
        b"CONNECT evil.example:443 HTTP/1.1",
        b"GET http://evil.example/health/live HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"get /health/live HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"A" * 100_000,
    ],
    ids=lambda line: line[:20],
)
def test_a_request_line_of_another_kind_is_no_failure(service: Service, line: bytes) -> None:
    status, body = raw(service, request_bytes(line))
    assert status < 500
    assert b"Traceback" not in body


@pytest.mark.parametrize("host", [b"evil.example", b"a b", b"\xff", b"localhost:99999", b"[::1", b"x" * 9_000, b""])
def test_a_forged_host_changes_nothing_in_the_response(service: Service, host: bytes) -> None:
    request = b"POST /predict HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    status, body = raw(service, request)
    assert status in (400, 401)
    assert b"evil" not in body


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"])
def test_a_header_does_not_change_the_method(anyone: httpx.Client, bearer: httpx.Client, header: str) -> None:
    assert anyone.get("/predict", headers={header: "POST"}).status_code == 404
    response = bearer.post("/predict", json={"instances": [{"x": 0.25}]}, headers={header: "DELETE"})
    assert response.status_code == 200


def test_a_header_does_not_change_the_path(anyone: httpx.Client) -> None:
    headers = {"X-Original-URL": "/health/live", "X-Rewrite-URL": "/health/live", "X-Forwarded-Prefix": "/health"}
    assert anyone.post("/predict", json={}, headers=headers).json()["instance"] == "/predict"


@pytest.mark.parametrize(
    "traceparent", ["", "00", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "a" * 5_000, "00-é", "../../etc", "!"]
)
def test_an_invalid_traceparent_starts_a_new_trace(anyone: httpx.Client, traceparent: str) -> None:
    response = anyone.get("/health/live", headers={"traceparent": traceparent.encode()})
    assert len(response.headers["X-Request-Id"]) == 32
    assert set(response.headers["X-Request-Id"]) <= set("0123456789abcdef")
    assert response.headers["X-Request-Id"] != "0" * 32


def test_a_request_id_of_the_caller_is_ignored(anyone: httpx.Client) -> None:
    response = anyone.get("/health/live", headers={"X-Request-Id": "mine"})
    assert response.headers["X-Request-Id"] != "mine"
