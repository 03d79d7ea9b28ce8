"""Read a new password from a terminal, without echo, or from standard input, and check it against the rules."""

import getpass
import sys

from shared.auth import passwords
from shared.auth.forms import normal
from tools.errors import ToolError

MIN_CHARACTERS = 8  # NIST SP 800-63B §3.1.1.2 requires this minimum, and a list of common passwords
MIN_GUESSES = 1_000_000  # zxcvbn's estimate; the 30,000 most common passwords and their variants need fewer
RULES = (
    f"A password has at least {MIN_CHARACTERS} characters and at most {passwords.MAX_BYTES} bytes (the "
    "limit of bcrypt; 64 letters always fit). It is not the user's name, and not a common password or a variant of one."
)


class PasswordError(ToolError):
    """The password is refused. The text completes "The password …" and does not contain it."""


def new_password(name: str) -> str:
    """Read a password for the user `name`, from a terminal or from a pipe. Raises PasswordError."""
    password = normal(read_twice() if sys.stdin.isatty() else read_line())
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
    if not passwords.acceptable(password):
        raise PasswordError(f"has more than {passwords.MAX_BYTES} bytes, the limit of bcrypt, or a NUL")
    if guesses(name, password) < MIN_GUESSES:
        raise PasswordError("is a common one, or nearly one")


def guesses(name: str, password: str) -> float:
    """Return the number of guesses that an attacker needs, as zxcvbn estimates it from lists and patterns."""
    from zxcvbn import zxcvbn

    return float(zxcvbn(password, user_inputs=[name])["guesses"])
