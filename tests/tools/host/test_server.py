"""Requests and responses pass as through the real host."""

import httpx
import pytest

from tests.tools.host.process import Host, raw


def test_routes_are_tried_in_the_order_of_the_function_names_ignoring_case(zoo: Host) -> None:
    assert zoo.get("/pets/cat").text == "a_pattern"


def test_an_underscore_in_a_function_name_comes_after_the_letters(zoo: Host) -> None:
    assert zoo.get("/sorted/x").text == "orderly"


def test_a_constraint_that_fails_leaves_the_request_to_the_next_function(zoo: Host) -> None:
    assert zoo.get("/items/7").json() == {"function": "c_number", "id": "7"}
    assert zoo.get("/items/seven").json() == {"function": "d_name", "name": "seven"}
    assert zoo.get("/items/a7").status_code == 404


def test_a_catch_all_matches_the_rest_of_the_path_or_nothing(zoo: Host) -> None:
    assert zoo.get("/files/a/b%20c.txt").json() == {"path": "a/b c.txt"}
    assert zoo.get("/files").json() == {}


def test_an_optional_parameter_may_be_left_out(zoo: Host) -> None:
    assert zoo.get("/page").json() == {}
    assert zoo.get("/page/2").json() == {"number": "2"}
    assert zoo.get("/page/0").status_code == 404


def test_the_template_for_the_root_matches_nothing_else(zoo: Host) -> None:
    assert zoo.get("/").text == "home"
    assert zoo.get("/x").status_code == 404


def test_literals_ignore_case_and_a_slash_at_the_end(zoo: Host) -> None:
    assert zoo.get("/Pets/Cat/").status_code == 200


def test_a_function_without_a_route_has_its_name_as_route(zoo: Host) -> None:
    assert zoo.get("/bare").text == "bare"


def test_dot_segments_are_resolved_before_routing(zoo: Host) -> None:
    head, body = raw(zoo, b"GET /files/../%2e%2e/page/3 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b'{"number":"3"}'


def test_the_prefix_is_api_unless_host_json_sets_another(plain: Host) -> None:
    assert plain.get("/api/setting/FROM_FILE").status_code == 200
    assert plain.get("/setting/FROM_FILE").status_code == 404


def test_an_unknown_route_is_an_empty_404(zoo: Host) -> None:
    response = zoo.get("/nowhere")
    assert (response.status_code, response.content) == (404, b"")
    assert "content-type" not in response.headers


def test_a_wrong_method_is_an_empty_404(zoo: Host) -> None:
    response = zoo.get("/unnamed")
    assert (response.status_code, response.content) == (404, b"")


def test_head_is_a_method_like_any_other(zoo: Host) -> None:
    allowed = httpx.head(f"{zoo.url}/headed")
    assert (allowed.status_code, allowed.content) == (200, b"")
    assert (allowed.headers["x-method"], allowed.headers["content-length"]) == ("HEAD", "4")
    assert httpx.head(f"{zoo.url}/").status_code == 404


def test_a_body_arrives_byte_by_byte(zoo: Host) -> None:
    body = bytes(range(256)) * 4096
    assert httpx.post(f"{zoo.url}/echo", content=body).content == body


def test_a_chunked_body_arrives_empty(zoo: Host) -> None:
    response = httpx.post(f"{zoo.url}/echo", content=iter([b"some ", b"chunks"]))
    assert (response.status_code, response.content) == (200, b"")


def test_the_connection_survives_a_chunked_body(zoo: Host) -> None:
    with httpx.Client(base_url=zoo.url) as client:
        client.post("/echo", content=iter([b"x" * 100_000] * 5))
        assert client.post("/echo", content=b"next").content == b"next"


def test_header_names_arrive_in_lower_case(zoo: Host) -> None:
    headers = httpx.get(f"{zoo.url}/request", headers={"X-Mixed-Case": "Kept"}).json()["headers"]
    assert headers["x-mixed-case"] == "Kept"
    assert "X-Mixed-Case" not in headers


def test_headers_of_one_name_are_joined_by_a_comma(zoo: Host) -> None:
    response = httpx.get(f"{zoo.url}/request", headers=[("X-Part", "a"), ("X-Part", "b")])
    assert response.json()["headers"]["x-part"] == "a,b"


def test_header_values_are_utf_8(zoo: Host) -> None:
    response = httpx.get(f"{zoo.url}/request", headers={b"X-City": "Zürich".encode()})
    assert response.json()["headers"]["x-city"] == "Zürich"


def test_a_header_that_is_not_utf_8_is_an_empty_400(zoo: Host) -> None:
    response = httpx.get(f"{zoo.url}/request", headers={b"X-City": "Zürich".encode("latin-1")})
    assert (response.status_code, response.content) == (400, b"")


def test_empty_query_values_are_dropped_and_repeated_ones_joined(zoo: Host) -> None:
    response = zoo.get("/request?empty=&bare&one=a%20b&two=1&two=&two=2")
    assert response.json()["params"] == {"one": "a b", "two": "1,2"}


def test_the_function_sees_the_url_of_the_request(zoo: Host) -> None:
    assert zoo.get("/request?a=%C3%BC").json()["url"] == f"{zoo.url}/request?a=%C3%BC"


@pytest.mark.parametrize("size", [32 * 1024 + 1, 40_000, 500_000])
def test_headers_over_32_kib_are_an_empty_431(zoo: Host, size: int) -> None:
    head, body = raw(zoo, request_with_headers(size))
    assert head.startswith(b"HTTP/1.1 431 ")
    assert body == b""


def test_headers_of_32_kib_are_accepted(zoo: Host) -> None:
    head, _ = raw(zoo, request_with_headers(32 * 1024))
    assert head.startswith(b"HTTP/1.1 200 ")


def test_more_than_100_headers_are_an_empty_431(zoo: Host) -> None:
    head, body = raw(zoo, b"GET /request HTTP/1.1\r\nHost: localhost\r\n" + b"X-Filler: x\r\n" * 100 + b"\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert body == b""


def request_with_headers(size: int) -> bytes:
    """Return a request whose header lines have `size` bytes."""
    lines = b"Host: localhost\r\nConnection: close\r\nX-Filler: \r\n"
    return b"GET /request HTTP/1.1\r\n" + lines[:-2] + b"x" * (size - len(lines)) + b"\r\n\r\n"
