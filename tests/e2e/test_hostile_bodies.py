"""Hostile bodies: each gets the status of the contract, and the service still responds."""

import gzip
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

pytestmark = pytest.mark.usefixtures("still_responds")
JSON = {"Content-Type": "application/json"}
FORM = "application/x-www-form-urlencoded"
MEBIBYTE = 1024 * 1024


def refused(response: httpx.Response, status: int, kind: str) -> None:
    assert (response.status_code, response.json()["type"]) == (status, f"/problems/{kind}")
    assert response.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert "Traceback" not in response.text


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
def test_10_mib_of_anything_get_a_response_and_block_nobody(
    bearer: httpx.Client, anyone: httpx.Client, body: bytes, status: int
) -> None:
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(bearer.post, "/predict", content=body, headers=JSON)
        waits = [0.0]
        while not sending.done():
            started = time.perf_counter()
            assert anyone.get("/health/live").status_code == 200
            waits.append(time.perf_counter() - started)
    assert sending.result().status_code == status
    assert max(waits) < 10  # some 50 ms on a quiet machine


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
    response = anyone.post("/token", content=body, headers={"Content-Type": media_type})
    assert (response.status_code, response.json()["type"]) == (413, "/problems/too-large")
    assert response.json()["error"] == "invalid_request"


def test_the_last_of_duplicate_keys_counts_and_a_valid_one_hides_no_bad_one(bearer: httpx.Client) -> None:
    def predict(instance: str) -> httpx.Response:
        return bearer.post("/predict", content=f'{{"instances":[{instance}]}}', headers=JSON)

    assert predict('{"x":9,"x":0.25}').json()["predictions"] == pytest.approx([1.5])
    refused(predict('{"x":0.25,"x":null}'), 422, "invalid-instances")
    response = bearer.post("/predict", content='{"instances":[{"x":9}],"instances":[{"x":0.25}]}', headers=JSON)
    assert response.json()["predictions"] == pytest.approx([1.5])


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
    response = anyone.post("/token", content=body, headers=JSON)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "number",
    ["1" + "0" * 5_000, "-1" + "0" * 5_000, "1e999", "-1e999", "1e-999e", "0." + "1" * 5_000_000, "9" * 5_000_000],
    ids=lambda number: f"{number[:8]} of {len(number)}",
)
def test_a_huge_number_is_refused_or_read_but_never_a_failure(bearer: httpx.Client, number: str) -> None:
    response = bearer.post("/predict", content=f'{{"instances":[{{"x":{number}}}]}}', headers=JSON)
    assert response.status_code in ((200,) if number.startswith("0.") else (400, 422))


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "latin-1", "cp037", "idna", "rot13", "zip", "\x00", "'", "%"])
def test_a_body_in_another_charset_is_unsupported(bearer: httpx.Client, charset: str) -> None:
    headers = {"Content-Type": f"application/json; charset={charset}".replace("\x00", "nul")}
    refused(bearer.post("/predict", content=b"{}", headers=headers), 415, "unsupported-media-type")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "cp037"])
def test_a_body_in_another_charset_than_declared_is_malformed(bearer: httpx.Client, encoding: str) -> None:
    body = '{"instances":[{"x":0.25}]}'.encode(encoding)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    refused(bearer.post("/predict", content=body, headers=headers), 400, "malformed-json")


@pytest.mark.parametrize("path", ["/predict", "/token"])
def test_a_compressed_body_is_unsupported_and_never_unpacked(bearer: httpx.Client, path: str) -> None:
    bomb = gzip.compress(b" " * (100 * MEBIBYTE))
    response = bearer.post(path, content=bomb, headers={**JSON, "Content-Encoding": "gzip"})
    assert (response.status_code, response.json()["type"]) == (415, "/problems/unsupported-media-type")
