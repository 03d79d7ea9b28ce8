"""A new password: typed without echo or piped, and checked against the rules."""

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
    """Type two passwords at a terminal."""

    def type_(first: str, second: str) -> None:
        inputs = iter((first, second))
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("getpass.getpass", lambda prompt: next(inputs))

    return type_


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nanother line\n"])
def test_the_first_line_of_a_pipe_is_the_password(piped: Callable[[bytes], None], end: str) -> None:
    piped((GOOD + end).encode())
    assert new_password("abi") == GOOD


def test_at_a_terminal_the_password_is_typed_twice(typed: Callable[[str, str], None]) -> None:
    typed(GOOD, GOOD)
    assert new_password("abi") == GOOD


def test_two_different_passwords_are_refused(typed: Callable[[str, str], None]) -> None:
    typed(GOOD, "correct horse batterie")
    with pytest.raises(PasswordError, match=r"^was different the second time$"):
        new_password("abi")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", "fewer than 8 characters"),
        (b"\n", "fewer than 8 characters"),
        (b"sevenxx\n", "fewer than 8 characters"),
        (b"the-name\n", "is the user's name"),
        (b"The-Name\n", "is the user's name"),
        (b"password\n", "a common one"),
        (b"Welcome1\n", "a common one"),
        (b"with\0 a nul\n", "a NUL"),
        (b"x" * 73, "more than 72 bytes"),
        ("ü".encode() * 37, "more than 72 bytes"),
        (b"\xff\xfe not utf-8\n", "not UTF-8"),
    ],
)
def test_the_error_of_a_refused_password_does_not_contain_it(
    line: bytes, message: str, piped: Callable[[bytes], None]
) -> None:
    piped(line)
    with pytest.raises(PasswordError, match=message) as caught:
        new_password("the-name")
    assert not {"sevenxx", "xxxx", "welcome"} & set(str(caught.value).lower().split())


@pytest.mark.parametrize(
    "text", ["ku7-qrbz", GOOD * 3, (GOOD * 4)[:72], "zwölf Boxkämpfer jagen Viktor quer " + "ü" * 10]
)
def test_passwords_up_to_the_limit_of_bcrypt_are_accepted(text: str) -> None:
    password.check("abi", text)


@pytest.mark.parametrize("common", ["Password123!", "qwertyuiop", "iloveyou2", "abigail1", "11111111", "zaq12wsx"])
def test_common_passwords_and_their_variants_are_refused(common: str) -> None:
    with pytest.raises(PasswordError, match=r"^is a common one, or nearly one$"):
        password.check("abi", common)


def test_a_password_is_stored_in_its_composed_form(piped: Callable[[bytes], None]) -> None:
    piped("Bru\u0308cke am Fluss\n".encode())
    assert new_password("abi") == "Brücke am Fluss"
