"""Run the service as `make run` does: the host, with the local dashboard and storage. All end together."""

import asyncio
import atexit
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from shared.settings import Settings
from tools import host
from tools.errors import ToolError
from tools.host.settings import load_local_settings
from tools.ports import is_free, next_free

USERS_TABLE = "users"
QUIET: Any = {"stderr": subprocess.DEVNULL, "text": True}
FEATURES_TABLE = "features"
CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"


class RunError(ToolError):
    """A variable or a setting is wrong, or a port is taken. Nothing was started."""


type Part = Callable[[], AbstractContextManager[Mapping[str, str]]]
"""Run something that the service uses, and yield the settings that connect the service to it. Raises ToolError."""


type Select = Callable[[Mapping[str, str]], Sequence[Part]]
"""Return the parts to run."""
type Serve = Callable[[Sequence[str]], int]
"""Serve the app until Ctrl-C, with the host's arguments, and return the exit code."""


def main(argv: Sequence[str], select: Select | None = None, serve: Serve = host.main) -> int:
    """Serve until Ctrl-C; the arguments are the host's. Returns its exit code, or 1 when a part cannot start.

    Settings and ports are checked before anything is installed or started. The parts end at the process's exit, after
    the app: it sends its last telemetry there.
    """
    running = ExitStack()
    atexit.register(running.close)  # before the app is imported: handlers run in reverse order
    try:
        loaded = load_local_settings(Path())
        check_settings(os.environ)
        os.environ["PORT"] = str(choose_port(argv, os.environ))
        if commit := current_commit():
            os.environ.setdefault("BUILD_ID", commit)
        for part in (select or parts)(os.environ):
            os.environ.update(running.enter_context(part()))
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    if "--reload" in argv:
        forget(loaded)
    return serve(argv)


def forget(loaded: Mapping[str, str]) -> None:
    """Remove variables that came from local.settings.json, so that each new process reads the file again."""
    for name, value in loaded.items():
        if os.environ.get(name) == value:  # a part may have set another
            del os.environ[name]


def current_commit(folder: Path = Path()) -> str:
    """Return git's short commit, with `+changes` when tracked files differ from it; empty without git."""
    try:
        commit: str = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=folder, **QUIET)
        changes = subprocess.check_output(["git", "status", "--porcelain", "--untracked-files=no"], cwd=folder, **QUIET)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit.strip() + ("+changes" if changes.strip() else "")


def check_settings(environ: Mapping[str, str]) -> None:
    """Raise RunError for wrong settings, a line for each. Without it the first login would be 503."""
    store = environ.get("STORAGE", "")
    if store not in ("", "azurite"):
        raise RunError(f"STORAGE={store} is unknown; the only value is STORAGE=azurite.")
    errors = Settings.read({**environ, **(storage_settings() if store else {})}).errors
    if errors:
        lines = [f"{name} {error}." for name, error in errors.items()]
        raise RunError(
            "\n".join([*lines, "Settings come from the environment and local.settings.json (docs/settings.md)."])
        )


def choose_port(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Return the service's port: the one that is set, or the first free one from 7071 on, with the next for dashboards.

    Raises RunError when the port that is set is taken.
    """
    options = host.parser().parse_args(argv)
    port = int(options.port)
    if is_free(port, options.host):
        return port
    free = next_free(port + 1, 2)
    if environ.get("PORT") or port != host.PORT:
        raise RunError(f"Port {port} is taken. This one is free: make run PORT={free}")
    print(f"Port {port} is taken, so the service is on {free}.", flush=True)
    return free


def parts(environ: Mapping[str, str]) -> Sequence[Part]:
    """Return the parts that the variables select."""
    dashboards = environ.get("INSIGHTS") != "off" and not environ.get(CONNECTION)
    return [*([insights] if dashboards else []), *([storage] if environ.get("STORAGE") else [])]


@contextmanager
def insights() -> Iterator[Mapping[str, str]]:
    """Run the local Application Insights beside the service. If it cannot start, the service runs without it."""
    from tools.insights import PORT, InsightsError, child

    port = next_free(int(os.environ["PORT"]) + 1 if os.environ["PORT"] != "0" else PORT)
    try:
        with child.running(port) as connection:
            print(f"Dashboards on http://localhost:{port} (INSIGHTS=off disables them)", flush=True)
            yield {CONNECTION: connection}
    except InsightsError as error:
        print(f"{error} Telemetry goes to the console instead.", flush=True)
        yield {}


@contextmanager
def storage() -> Iterator[Mapping[str, str]]:
    """Run Azurite with its data in .azurite, and with the users in its table. Raises AzuriteError."""
    from tools import azurite

    port = azurite.preferred_port()
    with azurite.running(port, azurite.DATA) as connection:
        asyncio.run(create_tables(connection))
        print(f"Azurite keeps the users in .azurite, table {USERS_TABLE}, at {azurite.endpoint(port)}", flush=True)
        yield storage_settings(connection)


def storage_settings(connection: str = "") -> dict[str, str]:
    """Return the settings that connect the service to Azurite, on its usual port or by a connection string."""
    from tools import azurite

    return {"STORAGE_CONNECTION": connection or azurite.connection_string(), "USERS_TABLE": USERS_TABLE}


async def create_tables(connection: str) -> None:
    """Create the tables, and add the demo user when there are no users."""
    from shared.auth.users import User, UserTable
    from shared.settings import DEMO_HASH
    from shared.tables import Account, Table
    from shared.threads import Threads

    threads = Threads()
    users = UserTable(Table(USERS_TABLE, Account(connection), threads.tables))
    await users.table.create()
    await Table(FEATURES_TABLE, Account(connection), threads.tables).create()
    if not await users.list():
        await users.add(User("abi", DEMO_HASH))
    threads.close()
