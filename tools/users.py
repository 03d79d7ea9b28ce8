"""Users and their passwords: `hash NAME` makes a user's entry for the USERS setting."""

import argparse
import getpass
import json
import sys
from collections.abc import Sequence

from shared.auth import passwords

LEAST_CHARACTERS = 8  # NIST SP 800-63B §3.1.1.2 asks for no less


class PasswordError(ValueError):
    """The password cannot be used; the text says why, without it."""


def main(argv: Sequence[str]) -> int:
    """Run one command. Returns 0, 1 when the password was refused, 2 for a wrong command line (by SystemExit)."""
    parser = argparse.ArgumentParser(prog="python -m tools users", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    hashing = commands.add_parser(
        "hash",
        help="print the user's entry for the USERS setting",
        description="Asks for a password, or reads a line of standard input, and prints the user's entry for USERS. "
        f"A password has at least {LEAST_CHARACTERS} characters and at most {passwords.MOST_BYTES} bytes (as much as "
        "bcrypt reads: 64 letters always fit), and is not the name.",
    )
    hashing.add_argument("name", type=user_name, help="the user's name")
    hashing.set_defaults(run=print_entry)
    arguments = parser.parse_args(argv)
    try:
        arguments.run(arguments)
    except PasswordError as error:
        print(f"The password {error}.", file=sys.stderr)
        return 1
    return 0


def user_name(given: str) -> str:
    """A name as people type it: something, and nothing invisible. Raises ValueError."""
    if not given.strip() or not given.isprintable():
        raise ValueError
    return given


def print_entry(arguments: argparse.Namespace) -> None:
    """Print a JSON object with one member, the user's name and the hash of the password. Raises PasswordError."""
    password = asked() if sys.stdin.isatty() else piped()
    check(arguments.name, password)
    print(json.dumps({arguments.name: passwords.hashed(password)}, ensure_ascii=False))


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
    if password == name:
        raise PasswordError("is the user's name")
    if not passwords.acceptable(password):
        raise PasswordError(f"has over {passwords.MOST_BYTES} bytes, of which bcrypt would ignore the rest, or a NUL")
