"""What nobody sends by accident: each is refused as the contract says, and the service still answers afterwards."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import httpx
import pytest

from tests.services import Service

JSON = {"Content-Type": "application/json"}
MEBIBYTE = 1024 * 1024
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module", autouse=True)
def _loaded(service: Service, token: str) -> None:
    """The first prediction loads the model; no test here is to wait for that."""
    with service.client(token) as client:
        client.post("/predict", json={"instances": [{"x": 0}]})


@pytest.fixture(autouse=True)
def _still_answers(service: Service, bearer: httpx.Client) -> Iterator[None]:
    """After every test: a question gets its answer, at once, from the same process."""
    yield
    started = time.perf_counter()
    answer = bearer.post("/predict", json={"instances": [{"x": 0.25}]})
    assert answer.json()["predictions"] == pytest.approx([1.5])
    assert time.perf_counter() - started < 2
    assert service.process.poll() is None


def connected(service: Service) -> socket.socket:
    host, port = service.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def raw(service: Service, request: bytes) -> tuple[int, bytes]:
    """Status and body of the answer to bytes that no HTTP client would send; 0 when there is none within a second."""
    answer = b""
    with connected(service) as connection, suppress(TimeoutError, ConnectionError):
        connection.sendall(request)
        connection.settimeout(1)
        while chunk := connection.recv(65_536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    return (int(head.split()[1]), body) if head else (0, b"")


def asked(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join([line, b"Host: localhost", b"Connection: close", *headers, b"", body])


def refused(answer: httpx.Response, status: int, kind: str) -> None:
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", ["/predict", "/predict_class"])
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"instances":' + b"[" * 100_000,
        b'{"instances":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"instances":[{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
        b'{"instances":[{"x":1}],"more":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
    ],
    ids=lambda body: body[:24],
)
def test_deep_nesting_is_malformed(bearer: httpx.Client, path: str, body: bytes) -> None:
    refused(bearer.post(path, content=body, headers=JSON), 400, "malformed-json")


MANY = 10 * MEBIBYTE - 100


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * MANY, 400),
        (b'{"instances":[' + b"{}," * (MANY // 3) + b"{}]}", 413),
        (b'{"instances":[' + b"0," * (MANY // 2) + b"0]}", 413),
        (b'{"instances":[' + b",".join([b'{"x":' + b"[" * 1_000 + b"]" * 1_000 + b"}"] * 5_000) + b"]}", 422),
        (b'{"instances":[{' + b",".join(b'"%07d":1' % i for i in range(MANY // 12)) + b"}]}", 413),
        (b'{"instances":[{"x":"' + b"\\n" * (MANY // 2) + b'"}]}', 422),
        (b'{"instances":[{"x":0.' + b"1" * MANY + b"}]}", 200),
        (b'{"instances":[{"x":' + b"1" * MANY + b"}]}", 422),
        (b" " * MANY, 400),
    ],
    ids=["brackets", "objects", "numbers", "nested instances", "members", "text", "fraction", "integer", "blanks"],
)
def test_10_mib_of_anything_are_answered_and_hold_up_nobody(
    bearer: httpx.Client, anyone: httpx.Client, body: bytes, status: int
) -> None:
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(bearer.post, "/predict", content=body, headers=JSON)
        waits = [0.0]
        while not asking.done():
            started = time.perf_counter()
            assert anyone.get("/health/live").status_code == 200
            waits.append(time.perf_counter() - started)
    assert asking.result().status_code == status
    assert max(waits) < 1


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"[" * (10 * MEBIBYTE), "application/json"),
        (b'{"a":' * (2 * MEBIBYTE), "application/json"),
        (b'{"username":"' + b"\\u0041" * MEBIBYTE + b'"}', "application/json"),
        (b"a=b&" * MEBIBYTE, FORM),
        (b"username=" + b"%41" * MEBIBYTE, FORM),
    ],
    ids=["brackets", "nested", "escapes", "parameters", "percent"],
)
def test_a_login_of_megabytes_is_refused_unread(anyone: httpx.Client, body: bytes, media_type: str) -> None:
    answer = anyone.post("/token", content=body, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
    assert answer.json()["error"] == "invalid_request"


def test_the_last_of_duplicate_keys_counts_and_a_good_one_hides_no_bad_one_behind_it(bearer: httpx.Client) -> None:
    def ask(instance: str) -> httpx.Response:
        return bearer.post("/predict", content=f'{{"instances":[{instance}]}}', headers=JSON)

    assert ask('{"x":9,"x":0.25}').json()["predictions"] == pytest.approx([1.5])
    refused(ask('{"x":0.25,"x":null}'), 422, "invalid-instances")
    answer = bearer.post("/predict", content='{"instances":[{"x":9}],"instances":[{"x":0.25}]}', headers=JSON)
    assert answer.json()["predictions"] == pytest.approx([1.5])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (rb'{"instances":[{"x":"\ud800"}]}', 400),
        (rb'{"instances":[{"\udfff":1}]}', 400),
        (rb'{"\ud800":[{"x":1}]}', 400),
        (b'{"instances":[{"x":"\xed\xa0\x80"}]}', 400),
        (b'{"instances":[{"\xff":1}]}', 400),
        (rb'{"instances":[{"\u0000":1}]}', 422),
    ],
    ids=str,
)
def test_lone_surrogates_and_bytes_that_are_no_text_are_malformed(
    bearer: httpx.Client, body: bytes, status: int
) -> None:
    assert bearer.post("/predict", content=body, headers=JSON).status_code == status


def test_a_lone_surrogate_in_a_login_is_malformed(anyone: httpx.Client) -> None:
    body = rb'{"grant_type":"password","username":"\ud800","password":"\ud800"}'
    answer = anyone.post("/token", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "number",
    ["1" + "0" * 5_000, "-1" + "0" * 5_000, "1e999", "-1e999", "1e-999e", "0." + "1" * 5_000_000, "9" * 5_000_000],
    ids=lambda number: f"{number[:8]} of {len(number)}",
)
def test_a_huge_number_is_refused_or_read_as_what_it_is_but_never_a_failure(bearer: httpx.Client, number: str) -> None:
    started = time.perf_counter()
    answer = bearer.post("/predict", content=f'{{"instances":[{{"x":{number}}}]}}', headers=JSON)
    assert answer.status_code in ((200,) if number.startswith("0.") else (400, 422))
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "latin-1", "cp037", "idna", "rot13", "zip", "\x00", "'", "%"])
def test_a_body_in_another_charset_is_unsupported(bearer: httpx.Client, charset: str) -> None:
    headers = {"Content-Type": f"application/json; charset={charset}".replace("\x00", "nul")}
    refused(bearer.post("/predict", content=b"{}", headers=headers), 415, "unsupported-media-type")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "cp037"])
def test_a_body_that_is_not_what_its_charset_says_is_malformed(bearer: httpx.Client, encoding: str) -> None:
    body = '{"instances":[{"x":0.25}]}'.encode(encoding)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    refused(bearer.post("/predict", content=body, headers=headers), 400, "malformed-json")


@pytest.mark.parametrize("path", ["/predict", "/token"])
def test_a_compressed_body_is_unsupported_and_never_unpacked(bearer: httpx.Client, path: str) -> None:
    bomb = gzip.compress(b" " * (100 * MEBIBYTE))
    answer = bearer.post(path, content=bomb, headers={**JSON, "Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-media-type")


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
def test_a_length_that_means_nothing_is_a_refusal_or_an_empty_body(
    service: Service, token: str, lengths: tuple[bytes, ...]
) -> None:
    authorization = b"Authorization: Bearer " + token.encode()
    headers = (b"Content-Type: application/json", authorization, *lengths)
    status, body = raw(service, asked(b"POST /predict HTTP/1.1", *headers, body=b"{}"))
    assert status in (0, 400)
    assert b"Traceback" not in body


def test_a_second_request_hidden_in_the_body_of_the_first_is_not_answered(service: Service) -> None:
    hidden = b"GET /model HTTP/1.1\r\nHost: localhost\r\n\r\n"
    length = b"Content-Length: %d" % len(hidden)
    with connected(service) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\n" + length + b"\r\n\r\n" + hidden)
        connection.settimeout(1)
        answer = b""
        with suppress(TimeoutError):
            while chunk := connection.recv(65_536):
                answer += chunk
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 401")


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
    answer = anyone.post("/predict", json={}, headers=headers)
    assert (answer.status_code, answer.content) == (431, b"")


@pytest.mark.parametrize("length", [5_000, 17_000, 30_000])
def test_a_token_as_long_as_the_host_lets_through_is_401(anyone: httpx.Client, length: int) -> None:
    answer = anyone.post("/predict", json={}, headers={"Authorization": "Bearer " + "a.b." * (length // 4)})
    refused(answer, 401, "invalid-token")


@pytest.mark.parametrize(
    "header",
    [b"X-Bad: \xff\xfe", b"X-Bad: a\x00b", b"X Bad: a", b": a", b"X-Bad\xff: a", b"no colon", b"X-Folded: a\r\n b"],
    ids=str,
)
def test_a_header_that_is_none_is_refused(service: Service, header: bytes) -> None:
    status, _ = raw(service, asked(b"GET /health/live HTTP/1.1", header))
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
def test_a_nul_or_no_text_in_a_path_is_nothing_to_be_found(service: Service, path: bytes) -> None:
    status, body = raw(service, asked(b"GET " + path + b" HTTP/1.1"))
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
def test_a_path_that_climbs_out_finds_nothing(service: Service, path: str) -> None:
    status, body = raw(service, asked(b"GET " + path.encode() + b" HTTP/1.1"))
    assert status in (400, 404)
    assert b"root:" not in body


@pytest.mark.parametrize("length", [3_000, 9_000, 40_000])
def test_a_very_long_path_is_nothing_to_be_found(service: Service, length: int) -> None:
    for path in (b"/" + b"a" * length, b"/assets/" + b"a/" * (length // 2), b"/predict?" + b"a=b&" * (length // 4)):
        status, _ = raw(service, asked(b"GET " + path + b" HTTP/1.1"))
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
    status, body = raw(service, asked(line))
    assert status < 500
    assert b"Traceback" not in body


@pytest.mark.parametrize("host", [b"evil.example", b"a b", b"\xff", b"localhost:99999", b"[::1", b"x" * 9_000, b""])
def test_a_forged_host_changes_nothing_in_the_answer(service: Service, host: bytes) -> None:
    request = b"POST /predict HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    status, body = raw(service, request)
    assert status in (400, 401)
    assert b"evil" not in body


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"])
def test_a_header_does_not_change_the_method(anyone: httpx.Client, bearer: httpx.Client, header: str) -> None:
    assert anyone.get("/predict", headers={header: "POST"}).status_code == 404
    answer = bearer.post("/predict", json={"instances": [{"x": 0.25}]}, headers={header: "DELETE"})
    assert answer.status_code == 200


def test_a_header_does_not_change_the_path(anyone: httpx.Client) -> None:
    headers = {"X-Original-URL": "/health/live", "X-Rewrite-URL": "/health/live", "X-Forwarded-Prefix": "/health"}
    assert anyone.post("/predict", json={}, headers=headers).json()["instance"] == "/predict"


@pytest.mark.parametrize(
    "traceparent", ["", "00", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "a" * 5_000, "00-é", "../../etc", "!"]
)
def test_a_traceparent_that_is_none_starts_a_trace_of_our_own(anyone: httpx.Client, traceparent: str) -> None:
    answer = anyone.get("/health/live", headers={"traceparent": traceparent.encode()})
    assert len(answer.headers["X-Request-Id"]) == 32
    assert set(answer.headers["X-Request-Id"]) <= set("0123456789abcdef")
    assert answer.headers["X-Request-Id"] != "0" * 32


def test_a_request_id_that_the_caller_sends_is_not_believed(anyone: httpx.Client) -> None:
    answer = anyone.get("/health/live", headers={"X-Request-Id": "mine"})
    assert answer.headers["X-Request-Id"] != "mine"


@pytest.mark.parametrize(
    "name", ["eve\r\n12:00:00 INFO login succeeded for root", "eve\x1b[2J\x00\u2028", "eve\n" * 60]
)
def test_line_ends_and_control_characters_in_a_user_s_name_forge_no_log_line(
    service: Service, anyone: httpx.Client, name: str
) -> None:
    before = len(service.lines)
    form = {"grant_type": "password", "username": name, "password": "x"}
    anyone.post("/token", data=form)
    anyone.post("/token", json=form)
    assert service.lines_with(anyone.get("/health/live").headers["X-Request-Id"])
    lines = [line.removesuffix("\n") for line in service.lines[before:]]
    assert any("login failed for eve" in line for line in lines)
    assert not any(line.startswith(("eve", "12:00:00")) for line in lines)
    assert not any(character in line for line in lines for character in "\r\x00\x1b\u2028")


def test_bodies_that_never_end_hold_up_nobody_else(service: Service, bearer: httpx.Client) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(connected(service)) for _ in range(60)]
        for connection in slow:
            connection.sendall(
                asked(b"POST /token HTTP/1.1", b"Content-Type: " + FORM.encode(), b"Content-Length: 999")
            )
            connection.sendall(b"g")
        waits = []
        for _ in range(20):
            started = time.perf_counter()
            assert bearer.post("/predict", json={"instances": [{"x": 0}]}).status_code == 200
            waits.append(time.perf_counter() - started)
            for connection in slow:
                connection.sendall(b"r")
    assert sorted(waits)[len(waits) // 2] < 0.2


def test_headers_that_never_end_hold_up_nobody_else(service: Service, bearer: httpx.Client) -> None:
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(connected(service)).sendall(b"GET /health/live HTTP/1.1\r\nX-Slow: a")
        assert bearer.post("/predict", json={"instances": [{"x": 0}]}).status_code == 200


def test_answers_that_nobody_reads_hold_up_nobody_else(service: Service, token: str, bearer: httpx.Client) -> None:
    body = json.dumps({"instances": [{"x": 9}] * 10_000}).encode()
    headers = (b"Authorization: Bearer " + token.encode(), b"Content-Type: application/json")
    request = asked(b"POST /predict HTTP/1.1", *headers, b"Content-Length: %d" % len(body), body=body)
    with ExitStack() as stack:
        for _ in range(5):
            connection = stack.enter_context(connected(service))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
            connection.sendall(request)
        assert bearer.post("/predict", json={"instances": [{"x": 0}]}).status_code == 200


def test_callers_that_hang_up_at_once_leave_nothing_behind(service: Service) -> None:
    before = len(service.lines)

    def hang_up() -> None:
        for _ in range(50):
            with connected(service) as connection:
                connection.sendall(asked(b"GET /openapi.json HTTP/1.1"))

    threads = [threading.Thread(target=hang_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any("Traceback" in line for line in service.lines[before:])
