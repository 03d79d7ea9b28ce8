"""Users: add, remove, list, set-password, disable, enable, revoke, in the table or for the USERS setting; hash."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from shared.auth import grants, oidc, passwords, users
from shared.auth.users import EmbeddedUsers, Store, User, UserTable
from shared.problems import SettingInvalid, UsersUnavailable
from tools.errors import HostError
from tools.host.settings import load_local_settings
from tools.password import RULES, PasswordError, new_password

ROOT = Path(__file__).parent.parent
WHERE = """Where users are, the environment and local.settings.json say: in the table that USERS_TABLE names, where a
change counts for logins at once and for tokens within 30 seconds; else in the app setting USERS, whose new value is
printed for you to set. A password is asked for, or is the first line of standard input; it is never an argument."""
CODES = "Exit codes: 0 done, 1 refused or not found, 2 wrong command line, 3 the table cannot be reached."


class RefusedError(Exception):
    """It cannot be done; the text says why, in one line."""


def main(argv: Sequence[str]) -> int:
    """Run one command. Returns 0 or, with the reason on stderr, 1 when it was refused and 3 without the table.

    2 is a wrong command line (by SystemExit).
    """
    arguments = parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except UsersUnavailable as problem:
        print(f"The users cannot be reached: {problem.reason}.", file=sys.stderr)
        return 3
    except PasswordError as error:
        print(f"The password {error}.", file=sys.stderr)
        return 1
    except (RefusedError, HostError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    arguments = argparse.ArgumentParser(
        prog="python -m tools users", description=__doc__, epilog=f"{WHERE} {RULES} {CODES}"
    )
    commands = arguments.add_subparsers(required=True, metavar="COMMAND")
    for name, (change, help_) in CHANGES.items():
        command = commands.add_parser(name, help=help_, description=f"{help_}. {WHERE} {CODES}")
        command.add_argument("name", type=user_name, help="the user's name")
        command.set_defaults(run=told, change=change)
    commands.add_parser(
        "list", help="list the users: name, state, when added, until when tokens are dead", epilog=CODES
    ).set_defaults(run=print_all)
    hashing = commands.add_parser("hash", help="print a user's entry for the USERS setting", epilog=f"{RULES} {CODES}")
    hashing.add_argument("name", type=user_name, help="the user's name")
    hashing.set_defaults(run=print_entry)
    return arguments


def user_name(given: str) -> str:
    """A name as people type it: something that can log in, and nothing invisible. Raises ValueError."""
    if not given.strip() or not given.isprintable() or len(given) > grants.MOST_CHARACTERS:
        raise ValueError
    if given.startswith(oidc.PREFIX):  # another issuer's callers are called so
        raise ValueError
    return given


def told(arguments: argparse.Namespace) -> None:
    """Make a change and say so; print the new USERS where that is what has to change."""
    store = opened()
    print(arguments.change(store, arguments.name), file=sys.stderr)
    if isinstance(store, EmbeddedUsers):
        print("Set USERS to this, and restart:", file=sys.stderr)
        print(json.dumps(store.setting, ensure_ascii=False))


def print_all(arguments: argparse.Namespace) -> None:
    """Print a line for each user: name, state, when added, and until when tokens are dead; tabs in between."""
    for user in answered(opened().every()):
        state = "disabled" if user.disabled else "enabled"
        print(user.name, state, moment(user.created), moment(user.tokens_not_before), sep="\t")


def print_entry(arguments: argparse.Namespace) -> None:
    """Print a JSON object with one member, the user's name and the hash of the password. Raises PasswordError."""
    password = new_password(arguments.name)
    print(json.dumps({arguments.name: passwords.hashed(password)}, ensure_ascii=False))


def add(store: Store, name: str) -> str:
    if isinstance(store, UserTable):
        answered(store.table.create())
    taken = RefusedError(f"There is a user {name} already.")
    if answered(store.find(name)):
        raise taken
    password_hash = passwords.hashed(new_password(name))
    now = int(time.time())
    # A token of an earlier user of that name has no business here.
    if not answered(store.add(User(name, password_hash, tokens_not_before=now - 1, created=now))):
        raise taken
    return f"{name} is added."


def remove(store: Store, name: str) -> str:
    if not answered(store.remove(name)):
        raise unknown(name)
    return f"{name} is removed."


def set_password(store: Store, name: str) -> str:
    if answered(store.find(name)) is None:
        raise unknown(name)
    password_hash = passwords.hashed(new_password(name))
    now = end_tokens(store, name, password_hash=password_hash)
    return f"{name} has a new password; tokens issued until {moment(now)} are dead."


def disable(store: Store, name: str) -> str:
    change(store, name, disabled=True, tokens_not_before=int(time.time()))
    return f"{name} is disabled."


def enable(store: Store, name: str) -> str:
    change(store, name, disabled=False)
    return f"{name} is enabled."


def revoke(store: Store, name: str) -> str:
    return f"{name}'s tokens issued until {moment(end_tokens(store, name))} are dead."


CHANGES = {
    "add": (add, "add a user"),
    "remove": (remove, "remove a user, and refuse the tokens"),
    "set-password": (set_password, "set another password, and refuse the tokens issued before"),
    "disable": (disable, "refuse a user's logins, and the tokens issued so far"),
    "enable": (enable, "let a disabled user in again"),
    "revoke": (revoke, "refuse the tokens issued before now"),
}


def end_tokens(store: Store, name: str, **members: object) -> int:
    """Let no token live that was issued up to now. Returns when that second is over: a login is then good again."""
    now = int(time.time())
    change(store, name, tokens_not_before=now, **members)
    time.sleep(max(0.0, now + 1 - time.time()))
    return now


def change(store: Store, name: str, **members: object) -> None:
    """Change some members of a user. Raises RefusedError."""
    if not answered(store.change(name, **members)):
        raise unknown(name)


def unknown(name: str) -> RefusedError:
    return RefusedError(f"There is no user {name}.")


def opened() -> Store:
    """The store that the service would use. Raises RefusedError, HostError."""
    load_local_settings(ROOT)
    try:
        return users.current()
    except SettingInvalid as problem:
        raise RefusedError(f"The settings are wrong: {problem.reason}.") from None


def answered[R](call: Awaitable[R]) -> R:
    """What the store answers. Raises UsersUnavailable."""

    async def awaited() -> R:
        return await call

    return asyncio.run(awaited())


def moment(seconds: int) -> str:
    """A time, for people; `-` when there is none."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if seconds else "-"
