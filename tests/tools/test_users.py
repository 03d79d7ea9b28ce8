"""The user tool: a user's entry for the USERS setting, from a password that nobody sees."""

import io
import json
import sys
from collections.abc import Callable

import bcrypt
import pytest

from shared.settings import Settings
from tools import users

PASSWORD = "correct horse battery"


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Put bytes on standard input."""
    return lambda content: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Answer the two questions for a password at a terminal."""

    def answer(first: str, second: str) -> None:
        answers = iter((first, second))
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))

    return answer


def test_the_entry_is_one_that_the_service_takes(
    piped: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    piped(f"{PASSWORD}\n".encode())
    assert users.main(["hash", "renée"]) == 0
    printed = capsys.readouterr().out
    stored = Settings.read({"USERS": printed}).users["renée"]
    assert stored.startswith("$2b$12$")
    assert bcrypt.checkpw(PASSWORD.encode(), stored.encode())


def test_only_the_first_line_is_the_password(
    piped: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    piped(f"{PASSWORD}\r\nanother line\n".encode())
    users.main(["hash", "abi"])
    assert bcrypt.checkpw(PASSWORD.encode(), json.loads(capsys.readouterr().out)["abi"].encode())


def test_at_a_terminal_the_password_is_asked_twice(
    typed: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    typed(PASSWORD, PASSWORD)
    assert users.main(["hash", "abi"]) == 0
    assert bcrypt.checkpw(PASSWORD.encode(), json.loads(capsys.readouterr().out)["abi"].encode())


def test_two_different_answers_are_refused(
    typed: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    typed(PASSWORD, "correct horse batterie")
    assert users.main(["hash", "abi"]) == 1
    assert capsys.readouterr() == ("", "The password was not the same twice.\n")


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (b"", "under 8 characters"),
        (b"\n", "under 8 characters"),
        (b"sevenxx\n", "under 8 characters"),
        (b"the-name\n", "is the user's name"),
        (b"with\0 a nul\n", "a NUL"),
        (b"x" * 73, "over 72 bytes"),
        ("ü".encode() * 37, "over 72 bytes"),
        (b"\xff\xfe not utf-8\n", "not UTF-8"),
    ],
)
def test_a_password_that_is_refused_is_not_repeated(
    given: bytes, fault: str, piped: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    piped(given)
    assert users.main(["hash", "the-name"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert fault in printed.err
    assert printed.err.count("\n") == 1
    assert "sevenxx" not in printed.err
    assert "xxxx" not in printed.err


@pytest.mark.parametrize("password", ["eight-ch", "x" * 64, "x" * 72, "ü" * 36])
def test_passwords_up_to_what_bcrypt_reads_are_taken(password: str) -> None:
    users.check("abi", password)


@pytest.mark.parametrize(
    "arguments", [[], ["hash"], ["hash", "abi", PASSWORD], ["hash", ""], ["hash", " "], ["hash", "a\nb"], ["remove"]]
)
def test_a_wrong_command_line_is_2_and_a_password_is_never_an_argument(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        users.main(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().out == ""
