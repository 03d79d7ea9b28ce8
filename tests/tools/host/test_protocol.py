"""Connections: offers to upgrade, Expect, HTTP/1.0, pipelining and keep-alive, byte by byte."""

import re
import shutil
import socket
import subprocess
from contextlib import closing

import httpx
import pytest

from tests.tools.host.process import Host, raw

H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
WEBSOCKET = b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n"
LAST = b"GET /bare HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def post(body: bytes, headers: bytes = b"", path: bytes = b"/echo", version: bytes = b"1.1") -> bytes:
    """Return a POST request with a body."""
    line = b"POST %s HTTP/%s\r\nHost: localhost\r\n" % (path, version)
    return line + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def responses(host: Host, *requests: bytes) -> list[tuple[int, bytes]]:
    """Return status and body of each response to pipelined requests, and to one more that ends the connection."""
    head, rest = raw(host, b"".join([*requests, LAST]))
    found = []
    while head:
        status, length = re.match(rb"HTTP/1.1 (\d+) ", head), re.search(rb"content-length: (\d+)", head)
        assert status
        size = int(length[1]) if length else 0
        found.append((int(status[1]), rest[:size]))
        head, _, rest = rest[size:].partition(b"\r\n\r\n")
    assert found[-1] == (200, b"bare")
    return found[:-1]


def connected(host: Host) -> socket.socket:
    url = httpx.URL(host.url)
    return socket.create_connection((url.host, url.port or 0), timeout=10)


@pytest.mark.parametrize(
    "offer",
    [H2C, WEBSOCKET, H2C.lower(), H2C.replace(b"h2c", b"h2c, websocket")],
    ids=["HTTP/2", "WebSocket", "lower case", "a choice"],
)
def test_a_request_with_an_offer_to_upgrade_keeps_its_body(zoo: Host, offer: bytes) -> None:
    before = zoo.errors()
    assert responses(zoo, post(b"hello=1", offer)) == [(200, b"hello=1")]
    assert zoo.errors() == before


def test_such_a_request_keeps_its_other_headers(zoo: Host) -> None:
    request = b"GET /request?a=1 HTTP/1.1\r\nHost: localhost\r\nX-City: Z\xc3\xbcrich\r\n" + H2C + b"\r\n"
    ((status, body),) = responses(zoo, request)
    assert status == 200
    assert b'"x-city":"Z\\u00fcrich"' in body
    assert b'"params":{"a":"1"}' in body


def test_such_a_request_may_arrive_byte_by_byte(zoo: Host) -> None:
    with closing(connected(zoo)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in post(b"hello=1", H2C) + LAST:
            connection.sendall(bytes([byte]))
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert b"\r\n\r\nhello=1HTTP/1.1 " in received


def test_many_such_requests_may_be_pipelined(zoo: Host) -> None:
    bodies = [b"%d" % number for number in range(1_500)]
    assert responses(zoo, *(post(body, H2C) for body in bodies)) == [(200, body) for body in bodies]


def test_such_a_request_may_be_chunked_and_arrives_empty_as_any_chunked_one(zoo: Host) -> None:
    request = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" + H2C
    assert responses(zoo, request + b"\r\n3\r\nabc\r\n0\r\n\r\n", post(b"next")) == [(200, b""), (200, b"next")]


@pytest.mark.parametrize("offer", [b"", H2C], ids=["no offer", "offer"])
def test_connect_opens_no_tunnel(zoo: Host, offer: bytes) -> None:
    with closing(connected(zoo)) as connection:
        connection.sendall(b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n" + offer + b"\r\n")
        assert re.match(rb"HTTP/1.1 [45]", connection.recv(65_536))
    assert zoo.get("/bare").status_code == 200


def test_curl_with_http2_gets_its_response_by_http_1(zoo: Host) -> None:
    curl = shutil.which("curl")
    if not curl or "HTTP2" not in subprocess.check_output([curl, "--version"], encoding="utf-8"):
        pytest.skip("curl without HTTP/2")
    command = [curl, "--silent", "--http2", "--data", "hello=1", "--write-out", " %{http_version}", f"{zoo.url}/echo"]
    assert subprocess.check_output(command, encoding="utf-8") == "hello=1 1.1"


def test_a_caller_that_expects_a_100_receives_it_before_its_body_is_read(zoo: Host) -> None:
    request = post(b"hello=1", b"Expect: 100-continue\r\nConnection: close\r\n")
    with closing(connected(zoo)) as connection:
        connection.sendall(request.removesuffix(b"hello=1"))
        assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello=1")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("path", [b"/nowhere", b"/unnamed"])
def test_it_receives_the_refusal_at_once_where_no_body_is_read(zoo: Host, path: bytes) -> None:
    request = post(b"hello=1", b"Expect: 100-continue\r\n", path)
    with closing(connected(zoo)) as connection:
        connection.sendall(request.removesuffix(b"hello=1"))
        assert connection.recv(65_536).startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert responses(zoo, request, post(b"next")) == [(404, b""), (200, b"next")]


def test_http_1_0_is_served_without_a_100_and_the_connection_is_closed(zoo: Host) -> None:
    for header in (b"", b"Connection: keep-alive\r\n", b"Expect: 100-continue\r\n"):
        head, body = raw(zoo, post(b"hello=1", header, version=b"1.0"))
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"\r\nconnection: close" in head
        assert body == b"hello=1"


def test_http_1_0_needs_no_host(zoo: Host) -> None:
    assert raw(zoo, b"GET /bare HTTP/1.0\r\n\r\n")[1] == b"bare"


def test_pipelined_requests_get_their_responses_in_order(plain: Host) -> None:
    line = b"GET /api/%s HTTP/1.1\r\nHost: localhost\r\n"
    requests = line % b"slow" + b"\r\n" + line % b"setting/NUMBER" + b"Connection: close\r\n\r\n"
    _, rest = raw(plain, requests)
    assert rest.startswith(b"doneHTTP/1.1 200 OK\r\n")
    assert rest.endswith(b"\r\n\r\n5")


def test_a_connection_stays_open_after_every_kind_of_response(zoo: Host) -> None:
    paths = (b"/echo", b"/nowhere", b"/unnamed", b"/raises", b"/status/204")
    found = responses(zoo, *(post(b"x" * 70_000, path=path) for path in paths))
    assert [status for status, _ in found] == [200, 404, 404, 500, 204]


@pytest.mark.parametrize("method", [b"HEAD", b"OPTIONS", b"TRACE", b"PROPFIND"])
@pytest.mark.parametrize("path", [b"/unnamed", b"/nowhere"])
def test_a_method_that_no_route_declares_is_an_empty_404(zoo: Host, method: bytes, path: bytes) -> None:
    assert responses(zoo, b"%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (method, path)) == [(404, b"")]
