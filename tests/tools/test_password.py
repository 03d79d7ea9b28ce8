"""A new password: typed unseen or piped, and held against the rules."""

import io
import sys
from collections.abc import Callable

import pytest

from tools import password
from tools.password import PasswordError, new_password

GOOD = "correct horse battery"


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


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nanother line\n"])
def test_the_first_line_of_a_pipe_is_the_password(piped: Callable[[bytes], None], end: str) -> None:
    piped((GOOD + end).encode())
    assert new_password("abi") == GOOD


def test_at_a_terminal_the_password_is_asked_for_twice(typed: Callable[[str, str], None]) -> None:
    typed(GOOD, GOOD)
    assert new_password("abi") == GOOD


def test_two_different_answers_are_refused(typed: Callable[[str, str], None]) -> None:
    typed(GOOD, "correct horse batterie")
    with pytest.raises(PasswordError, match=r"^was not the same twice$"):
        new_password("abi")


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (b"", "under 8 characters"),
        (b"\n", "under 8 characters"),
        (b"sevenxx\n", "under 8 characters"),
        (b"the-name\n", "is the user's name"),
        (b"The-Name\n", "is the user's name"),
        (b"password\n", "one of the most common"),
        (b"Welcome1\n", "one of the most common"),
        (b"with\0 a nul\n", "a NUL"),
        (b"x" * 73, "over 72 bytes"),
        ("ü".encode() * 37, "over 72 bytes"),
        (b"\xff\xfe not utf-8\n", "not UTF-8"),
    ],
)
def test_a_password_that_is_refused_is_not_repeated(given: bytes, fault: str, piped: Callable[[bytes], None]) -> None:
    piped(given)
    with pytest.raises(PasswordError, match=fault) as caught:
        new_password("the-name")
    assert not {"sevenxx", "xxxx", "welcome"} & set(str(caught.value).lower().split())


@pytest.mark.parametrize("given", ["eight-ch", "x" * 64, "x" * 72, "ü" * 36])
def test_passwords_up_to_what_bcrypt_reads_are_taken(given: str) -> None:
    password.check("abi", given)
