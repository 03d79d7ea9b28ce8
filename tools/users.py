"""Manage the users: add, remove, list, set-password, disable, enable, revoke; hash makes an entry for USERS."""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.auth import grants, oidc, passwords, users
from shared.auth.forms import normal
from shared.auth.users import EmbeddedUsers, Store, User, UserTable
from shared.problems import SettingInvalid, UsersUnavailable
from shared.settings import Settings
from shared.threads import Threads
from tools import azurite
from tools.errors import ToolError
from tools.host.settings import load_local_settings
from tools.password import RULES, PasswordError, new_password

ROOT = Path(__file__).parent.parent
WHERE = """The users are in the table that USERS_TABLE names, in the environment or
in local.settings.json: there a change applies to logins at once and to tokens within 30 seconds. Without USERS_TABLE
they are in the app setting USERS: the tool prints its new value, for you to set. The tool prompts for a password, or
reads the first line of standard input; it is never an argument."""
CODES = "Exit codes: 0 done, 1 refused or not found, 2 wrong command line, 3 the table is unreachable."


class UserError(ToolError):
    """The command is refused."""


def main(argv: Sequence[str], commands: "UserCommands | None" = None) -> int:
    """Run one command. Returns 0 or, with the reason on stderr, 1 when it was refused and 3 without the table.

    2 is a wrong command line (by SystemExit).
    """
    options = parser().parse_args(argv)
    try:
        options.run(commands or UserCommands(), options)
    except UsersUnavailable as problem:
        print(f"Users table unreachable: {problem.reason}.{azurite.hint(problem.reason)}", file=sys.stderr)
        return 3
    except PasswordError as error:
        print(f"The password {error}.", file=sys.stderr)
        return 1
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    arguments = argparse.ArgumentParser(prog="./egl users", description=__doc__, epilog=f"{WHERE} {RULES} {CODES}")
    commands = arguments.add_subparsers(required=True, metavar="COMMAND")
    for name, (change, help_) in CHANGES.items():
        command = commands.add_parser(name, help=help_, description=f"{help_}. {WHERE} {CODES}")
        command.add_argument("name", type=user_name, help="the user's name")
        command.set_defaults(run=run_change, change=change)
    commands.add_parser(
        "list", help="list the users: name, state, time of creation, time until which tokens are revoked", epilog=CODES
    ).set_defaults(run=print_users)
    hashing = commands.add_parser("hash", help="print a user's entry for the USERS setting", epilog=f"{RULES} {CODES}")
    hashing.add_argument("name", type=user_name, help="the user's name")
    hashing.set_defaults(run=print_entry)
    return arguments


def user_name(name: str) -> str:
    """Return a name that can log in and has no invisible characters. Raises ValueError."""
    if not name.strip() or not name.isprintable() or len(name) > grants.MAX_NAME_LENGTH:
        raise ValueError
    if name.startswith(oidc.PREFIX):  # the prefix of other issuers' callers
        raise ValueError
    return normal(name)


def open_store(root: Path = ROOT) -> Store:
    """Return the store that the service would use. Raises UserError, HostError."""
    load_local_settings(root)
    try:
        return users.open_store(Settings.read(os.environ), Threads().tables)
    except SettingInvalid as problem:
        raise UserError(f"The settings are invalid: {problem.reason}.") from None


@dataclass
class UserCommands:
    """The commands. A method returns the line to print, and raises UserError or UsersUnavailable."""

    open_store: Callable[[], Store] = open_store
    hash_password: Callable[[str], str] = passwords.hash_password
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def add(self, store: Store, name: str) -> str:
        if isinstance(store, UserTable):
            wait_for(store.table.create())
        if wait_for(store.find(name)):
            raise exists(name)
        password_hash = self.hash_password(new_password(name))
        now = int(self.clock())
        # A token of an earlier user with that name must not be accepted.
        user = User(name, password_hash, tokens_not_before=now - 1, created=now)
        if not wait_for(store.add(user)):
            raise exists(name)
        return f"{name} is added."

    def remove(self, store: Store, name: str) -> str:
        if not wait_for(store.remove(name)):
            raise unknown(name)
        return f"{name} is removed."

    def set_password(self, store: Store, name: str) -> str:
        if wait_for(store.find(name)) is None:
            raise unknown(name)
        password_hash = self.hash_password(new_password(name))
        now = self._revoke_tokens(store, name, password_hash=password_hash)
        return f"{name} has a new password; tokens issued until {moment(now)} are revoked."

    def disable(self, store: Store, name: str) -> str:
        change(store, name, disabled=True, tokens_not_before=int(self.clock()))
        return f"{name} is disabled."

    def enable(self, store: Store, name: str) -> str:
        change(store, name, disabled=False)
        return f"{name} is enabled."

    def revoke(self, store: Store, name: str) -> str:
        return f"{name}'s tokens issued until {moment(self._revoke_tokens(store, name))} are revoked."

    def _revoke_tokens(self, store: Store, name: str, **members: object) -> int:
        """Revoke all tokens issued until now. Returns when this second is over, so that a login then succeeds."""
        now = int(self.clock())
        change(store, name, tokens_not_before=now, **members)
        self.sleep(max(0.0, now + 1 - self.clock()))
        return now


CHANGES = {
    "add": (UserCommands.add, "add a user"),
    "remove": (UserCommands.remove, "remove a user and revoke the tokens"),
    "set-password": (UserCommands.set_password, "set a new password and revoke the tokens issued before"),
    "disable": (UserCommands.disable, "refuse a user's logins and revoke the tokens"),
    "enable": (UserCommands.enable, "allow a disabled user's logins again"),
    "revoke": (UserCommands.revoke, "revoke the tokens issued before now"),
}


def run_change(commands: UserCommands, options: argparse.Namespace) -> None:
    """Make a change and print it; for the USERS setting, print also its new value."""
    store = commands.open_store()
    print(options.change(commands, store, options.name), file=sys.stderr)
    if isinstance(store, EmbeddedUsers):
        print("Set USERS to this value, and restart the service:", file=sys.stderr)
        print(json.dumps(store.setting, ensure_ascii=False))


def print_users(commands: UserCommands, options: argparse.Namespace) -> None:
    """Print a line for each user, separated by tabs: name, state, creation, time until which tokens are revoked."""
    for user in wait_for(commands.open_store().list()):
        state = "disabled" if user.disabled else "enabled"
        print(user.name, state, moment(user.created), moment(user.tokens_not_before), sep="\t")


def print_entry(commands: UserCommands, options: argparse.Namespace) -> None:
    """Print a JSON object with one member, the user's name and the hash of the password. Raises PasswordError."""
    password_hash = commands.hash_password(new_password(options.name))
    print(json.dumps({options.name: password_hash}, ensure_ascii=False))


def change(store: Store, name: str, **members: object) -> None:
    """Change some members of a user. Raises UserError."""
    if not wait_for(store.change(name, **members)):
        raise unknown(name)


def exists(name: str) -> UserError:
    """Return the error for a name that is taken."""
    return UserError(f"The user {name} exists already.")


def unknown(name: str) -> UserError:
    """Return the error for a name that no user has."""
    return UserError(f"The user {name} does not exist.")


def wait_for[R](call: Coroutine[Any, Any, R]) -> R:
    """Run a call of the store to its end. Raises UsersUnavailable."""
    return asyncio.run(call)


def moment(seconds: int) -> str:
    """Return a time as text; `-` for none."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if seconds else "-"
