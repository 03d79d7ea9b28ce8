"""What a function returns goes onto the wire as from the real host."""

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
    answer = zoo.get(path)
    assert (answer.status_code, answer.content) == (500, b"")
    assert reason.lower() in zoo.errors()[before:].lower()
    assert zoo.get("/bare").text == "bare"


@pytest.mark.parametrize("code", [204, 304, 404, 599])
def test_a_function_chooses_its_status(zoo: Host, code: int) -> None:
    answer = zoo.get(f"/status/{code}")
    assert (answer.status_code, answer.text) == (code, "" if code in (204, 304) else "gone")


def test_the_length_of_an_answer_is_that_of_its_body(zoo: Host) -> None:
    answer = zoo.get("/headed")
    assert (answer.headers["content-length"], answer.text) == ("4", "four")


def test_a_text_is_sent_as_text(zoo: Host) -> None:
    answer = zoo.get("/text")
    assert (answer.headers["content-type"], answer.text) == ("text/plain; charset=utf-8", "größer")


def test_cookies_keep_their_attributes(zoo: Host) -> None:
    sent = zoo.get("/cookies").headers["set-cookie"]
    assert sent == "id=1; max-age=60; path=/; samesite=lax; secure; httponly"
