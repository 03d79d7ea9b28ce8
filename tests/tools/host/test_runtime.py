"""Functions are called as the production worker calls them."""

import uuid

import httpx

from tests.tools.host.process import Host, raw


def test_a_sync_function_is_called_in_a_thread_with_its_invocation_id(zoo: Host) -> None:
    response = httpx.post(f"{zoo.url}/sync", content=b"body").json()
    assert response["body"] == "body"
    assert uuid.UUID(response["variable"])


def test_every_invocation_has_an_id_that_context_and_runtime_agree_on(zoo: Host) -> None:
    first, second = zoo.get("/request").json(), zoo.get("/request").json()
    assert uuid.UUID(first["invocation_id"]).version == 4
    assert first["invocation_id"] == first["variable"]
    assert first["invocation_id"] != second["invocation_id"]


def test_context_variables_do_not_reach_the_next_request_of_a_connection(zoo: Host) -> None:
    request = b"GET /request HTTP/1.1\r\nHost: localhost\r\n"
    _, responses = raw(zoo, request + b"\r\n" + request + b"Connection: close\r\n\r\n")
    assert responses.count(b'"before":null') == 2


def test_the_console_shows_the_log_of_the_function_and_not_of_the_runtime(zoo: Host) -> None:
    before = len(zoo.errors())
    zoo.get("/logs")
    assert zoo.errors()[before:] == "INFO zoo: a line of the function\n"
