"""The service as `make run` starts it: the local dashboard and storage beside it, then the host; all ends together."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from tools import host
from tools.errors import HostError
from tools.host.settings import load_local_settings

USERS_TABLE = "users"
FEATURES_TABLE = "features"
CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"


class RunError(Exception):
    """Something beside the service cannot run; the text says why, in one line."""


type Part = Callable[[], AbstractContextManager[Mapping[str, str]]]
"""Runs something beside the host, and gives the settings that lead the service to it. Raises RunError."""


def main(argv: Sequence[str]) -> int:
    """Serve until Ctrl-C; the arguments are the host's. Returns its exit code, or 1 when a part cannot start."""
    with ExitStack() as beside:
        try:
            load_local_settings(Path())
            for part in parts(os.environ):
                os.environ.update(beside.enter_context(part()))
        except (RunError, HostError) as error:
            print(error, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 0
        return host.main(argv)


def parts(environ: Mapping[str, str]) -> Sequence[Part]:
    """What the variables ask for. Raises RunError for a value that none of them has."""
    chosen = environ.get("STORAGE", "")
    if chosen not in ("", "azurite"):
        raise RunError(f"STORAGE={chosen} is unknown; there is STORAGE=azurite.")
    watched = environ.get("INSIGHTS") != "off" and not environ.get(CONNECTION)
    return [*([insights] if watched else []), *([storage] if chosen else [])]


@contextmanager
def insights() -> Iterator[Mapping[str, str]]:
    """The local Application Insights; where it cannot start, the service goes on without."""
    from tools.insights import PORT, InsightsError
    from tools.insights.beside import beside

    try:
        with beside() as connection:
            print(f"Dashboards on http://localhost:{PORT} (INSIGHTS=off leaves them out)", flush=True)
            yield {CONNECTION: connection}
    except InsightsError as error:
        print(f"{error} Telemetry goes to the console instead.", flush=True)
        yield {}


@contextmanager
def storage() -> Iterator[Mapping[str, str]]:
    """Azurite with its data in .azurite, and the users in its table."""
    from tools import azurite

    try:
        port = azurite.usual_port()
        with azurite.beside(port, azurite.DATA) as connection:
            asyncio.run(furnish(connection))
            print(f"Azurite keeps the users in .azurite, table {USERS_TABLE}, at {azurite.endpoint(port)}", flush=True)
            yield {"STORAGE_CONNECTION": connection, "USERS_TABLE": USERS_TABLE}
    except azurite.AzuriteError as error:
        raise RunError(str(error)) from None


async def furnish(connection: str) -> None:
    """Make the table, with the demo user when there is nobody in it."""
    from shared.auth.users import User, UserTable
    from shared.settings import DEMO_HASH
    from shared.tables import Account, Table

    users = UserTable(Table(USERS_TABLE, Account(connection)))
    await users.table.create()
    await Table(FEATURES_TABLE, Account(connection)).create()
    if not await users.every():
        await users.add(User("abi", DEMO_HASH))
