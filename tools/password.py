"""Read a new password from a terminal, without echo, or from standard input, and check it against the rules."""

import getpass
import sys

from shared.auth import passwords
from tools.errors import ToolError

MIN_CHARACTERS = 8  # NIST SP 800-63B §3.1.1.2 requires this minimum, and a list of common passwords
COMMON = (
    "password password1 password123 passw0rd 12345678 123456789 1234567890 87654321 11111111 00000000 "
    "qwertyui qwertyuiop qwerty123 asdfghjk 1q2w3e4r abcdefgh abcd1234 iloveyou sunshine princess football "
    "baseball superman trustno1 letmein1 welcome1 changeme administrator"
)
RULES = (
    f"A password has at least {MIN_CHARACTERS} characters and at most {passwords.MAX_BYTES} bytes (the "
    "limit of bcrypt; 64 letters always fit). It is not the user's name, and not a common password."
)


class PasswordError(ToolError):
    """The password is refused. The text completes "The password …" and does not contain it."""


def new_password(name: str) -> str:
    """Read a password for the user `name`, from a terminal or from a pipe. Raises PasswordError."""
    password = read_twice() if sys.stdin.isatty() else read_line()
    check(name, password)
    return password


def read_twice() -> str:
    """Read a password from the terminal, twice, without echo. Raises PasswordError."""
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Repeat the password: "):
        raise PasswordError("was different the second time")
    return password


def read_line() -> str:
    """Read the first line of standard input, as UTF-8. Raises PasswordError."""
    try:
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise PasswordError("is not UTF-8 text") from None


def check(name: str, password: str) -> None:
    """Check the password against the rules. Raises PasswordError."""
    if len(password) < MIN_CHARACTERS:
        raise PasswordError(f"has fewer than {MIN_CHARACTERS} characters")
    if password.lower() == name.lower():
        raise PasswordError("is the user's name")
    if password.lower() in COMMON.split():
        raise PasswordError("is a common one")
    if not passwords.acceptable(password):
        raise PasswordError(f"has more than {passwords.MAX_BYTES} bytes, the limit of bcrypt, or a NUL")
