"""Run the service as `make run` does: the host, with the local dashboard and storage. All end together."""

import asyncio
import atexit
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from tools import host
from tools.errors import ToolError
from tools.host.settings import load_local_settings

USERS_TABLE = "users"
FEATURES_TABLE = "features"
CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"


class RunError(ToolError):
    """A variable has an unknown value."""


type Part = Callable[[], AbstractContextManager[Mapping[str, str]]]
"""Run something that the service uses, and yield the settings that connect the service to it. Raises ToolError."""


type Select = Callable[[Mapping[str, str]], Sequence[Part]]
"""Return the parts to run."""
type Serve = Callable[[Sequence[str]], int]
"""Serve the app until Ctrl-C, with the host's arguments, and return the exit code."""


def main(argv: Sequence[str], select: Select | None = None, serve: Serve = host.main) -> int:
    """Serve until Ctrl-C; the arguments are the host's. Returns its exit code, or 1 when a part cannot start.

    The parts end at the process's exit, after the app: it sends its last telemetry there.
    """
    running = ExitStack()
    atexit.register(running.close)  # before the app is imported: handlers run in reverse order
    try:
        load_local_settings(Path())
        for part in (select or parts)(os.environ):
            os.environ.update(running.enter_context(part()))
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return serve(argv)


def parts(environ: Mapping[str, str]) -> Sequence[Part]:
    """Return the parts that the variables select. Raises RunError for an unknown value."""
    store = environ.get("STORAGE", "")
    if store not in ("", "azurite"):
        raise RunError(f"STORAGE={store} is unknown; the only value is STORAGE=azurite.")
    dashboards = environ.get("INSIGHTS") != "off" and not environ.get(CONNECTION)
    return [*([insights] if dashboards else []), *([storage] if store else [])]


@contextmanager
def insights() -> Iterator[Mapping[str, str]]:
    """Run the local Application Insights. If it cannot start, the service runs without it."""
    from tools.insights import PORT, InsightsError, child

    try:
        with child.running() as connection:
            print(f"Dashboards on http://localhost:{PORT} (INSIGHTS=off disables them)", flush=True)
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
        yield {"STORAGE_CONNECTION": connection, "USERS_TABLE": USERS_TABLE}


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
