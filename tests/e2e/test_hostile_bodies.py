"""Bodies that nobody sends by accident: each is refused as the contract says, and the service still answers."""

import gzip
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

pytestmark = pytest.mark.usefixtures("still_answers")
JSON = {"Content-Type": "application/json"}
FORM = "application/x-www-form-urlencoded"
MEBIBYTE = 1024 * 1024


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
