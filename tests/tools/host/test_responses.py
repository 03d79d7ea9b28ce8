"""A function's return value becomes the response that the real host sends."""

import pytest

from tests.tools.host.process import Host


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/raises", "LookupError: raised on purpose"),
        ("/raises_sync", "LookupError: raised in a thread"),
        ("/none", "unable to encode outgoing TypedData"),
        ("/leaves", "SystemExit: left on purpose"),
        ("/cancelled", "CancelledError"),
        ("/bad_header", "x-city"),
        ("/status/999", "The status 999 cannot be sent"),
    ],
)
def test_a_failed_function_is_an_empty_500_and_a_traceback_on_the_console(zoo: Host, path: str, reason: str) -> None:
    before = len(zoo.errors())
    response = zoo.get(path)
    assert (response.status_code, response.content) == (500, b"")
    assert reason.lower() in zoo.errors()[before:].lower()
    assert zoo.get("/bare").text == "bare"


@pytest.mark.parametrize("code", [204, 304, 404, 599])
def test_a_function_chooses_its_status(zoo: Host, code: int) -> None:
    response = zoo.get(f"/status/{code}")
    assert (response.status_code, response.text) == (code, "" if code in (204, 304) else "gone")


def test_the_length_of_a_response_is_that_of_its_body(zoo: Host) -> None:
    response = zoo.get("/headed")
    assert (response.headers["content-length"], response.text) == ("4", "four")


def test_a_string_is_sent_as_text(zoo: Host) -> None:
    response = zoo.get("/text")
    assert (response.headers["content-type"], response.text) == ("text/plain; charset=utf-8", "größer")


def test_cookies_keep_their_attributes(zoo: Host) -> None:
    cookie = zoo.get("/cookies").headers["set-cookie"]
    assert cookie == "id=1; max-age=60; path=/; samesite=lax; secure; httponly"
