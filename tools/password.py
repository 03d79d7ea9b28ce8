"""A new password, from somebody who types it unseen or from standard input, held against the rules."""

import getpass
import sys

from shared.auth import passwords

LEAST_CHARACTERS = 8  # NIST SP 800-63B §3.1.1.2 asks for no less, and for a list of what is guessed first
COMMON = (
    "password password1 password123 passw0rd 12345678 123456789 1234567890 87654321 11111111 00000000 "
    "qwertyui qwertyuiop qwerty123 asdfghjk 1q2w3e4r abcdefgh abcd1234 iloveyou sunshine princess football "
    "baseball superman trustno1 letmein1 welcome1 changeme administrator"
)
RULES = (
    f"A password has at least {LEAST_CHARACTERS} characters and at most {passwords.MOST_BYTES} bytes (as much as "
    "bcrypt reads: 64 letters always fit), is not the name and none of the most common."
)


class PasswordError(ValueError):
    """The password cannot be used; the text says why, without it."""


def new_password(name: str) -> str:
    """A password for the user called `name`, asked for at a terminal or read from a pipe. Raises PasswordError."""
    password = asked() if sys.stdin.isatty() else piped()
    check(name, password)
    return password


def asked() -> str:
    """A password that was typed twice, unseen. Raises PasswordError."""
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("The same again: "):
        raise PasswordError("was not the same twice")
    return password


def piped() -> str:
    """The first line of standard input, as UTF-8. Raises PasswordError."""
    try:
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise PasswordError("is not UTF-8 text") from None


def check(name: str, password: str) -> None:
    """Hold the password against the rules. Raises PasswordError."""
    if len(password) < LEAST_CHARACTERS:
        raise PasswordError(f"has under {LEAST_CHARACTERS} characters")
    if password.lower() == name.lower():
        raise PasswordError("is the user's name")
    if password.lower() in COMMON.split():
        raise PasswordError("is one of the most common")
    if not passwords.acceptable(password):
        raise PasswordError(f"has over {passwords.MOST_BYTES} bytes, of which bcrypt would ignore the rest, or a NUL")
