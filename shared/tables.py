"""One way to open an Azure table: by connection string, or as an identity.

    users = tables.table("users", UsersUnavailable)
    row = await users.get(("user", "abi"))

Every call is a span and has a time limit, and whatever goes wrong with the store is the one problem that the table was
opened with. The library takes 0.2 s to import: it is loaded with the first call.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from shared import offload, settings, telemetry
from shared.problems import StoreUnavailable

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient

MOST_SECONDS = 3.0  # a table answers in milliseconds; a client that waits for a login waits no longer than this
LIMITS: Mapping[str, Any] = {
    "connection_timeout": 1,
    "read_timeout": 2,
    "retry_total": 1,  # a kept connection that broke is worth a second try
    "retry_status": 0,  # an answer is an answer: its Retry-After could hold a thread for half a minute
    "retry_backoff_factor": 0,
}
MOST_THREADS = 8  # of their own: a store that hangs must not take the threads that large batches run on
NO_TABLE = "TableNotFound"

type Key = tuple[str, str]
"""PartitionKey and RowKey."""
type Values = Mapping[str, Any]
"""An entity's properties. Whole numbers are Int64 there and `int` here."""


@dataclass(frozen=True)
class Account:
    """A storage account, and what opens it."""

    connection: str = field(repr=False)
    """A connection string; empty where an identity opens the account."""
    uri: str = ""
    client_id: str = ""
    """The user-assigned identity's; empty on a laptop, where `az login` stands in."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entity."""

    key: Key
    values: Values
    etag: str
    """Names this version of it."""


class Table:
    """One table. Every method raises the problem that the table was opened with when the store fails."""

    def __init__(self, name: str, account: Account, unavailable: type[StoreUnavailable] = StoreUnavailable) -> None:
        self.name = name
        self._account = account
        self._unavailable = unavailable
        self._client: TableClient | None = None
        self._opening = threading.Lock()

    async def get(self, key: Key) -> Row | None:
        """The entity with this key, or None."""
        return await self._call("get", lambda client: _row(client.get_entity(*key)), ResourceNotFoundError=None)

    async def query(self, condition: str) -> list[Row]:
        """The entities for which an OData condition holds."""
        return await self._call("query", lambda client: [_row(each) for each in client.query_entities(condition)])

    async def insert(self, key: Key, values: Values) -> bool:
        """Add an entity. False when the key is taken."""
        return await self._call("insert", lambda client: _insert(client, key, values), ResourceExistsError=False)

    async def replace(self, key: Key, values: Values, etag: str) -> bool:
        """Put other values in place of the version that `etag` names. False when that is no more."""
        return await self._call(
            "replace",
            lambda client: _replace(client, key, values, etag),
            ResourceModifiedError=False,
            ResourceNotFoundError=False,
        )

    async def merge(self, key: Key, values: Values) -> bool:
        """Change these properties and leave the others. False when there is no such entity."""
        return await self._call("merge", lambda client: _merge(client, key, values), ResourceNotFoundError=False)

    async def upsert(self, rows: Sequence[tuple[Key, Values]]) -> None:
        """Put at most 100 entities of one partition there, in place of those with the same keys: all or none."""
        await self._call("upsert", lambda client: _upsert(client, rows))

    async def delete(self, key: Key) -> None:
        """Take an entity away, if it is there."""
        await self._call("delete", lambda client: client.delete_entity(*key))

    async def create(self) -> None:
        """Make the table, unless it is there."""
        await self._call("create", lambda client: bool(client.create_table()), ResourceExistsError=False)

    async def _call[R](self, name: str, function: Callable[["TableClient"], R], **expected: R) -> R:
        """What `function` returns, or what is `expected` for an exception of the library's, by its name."""
        client = self._client
        if client is None:  # importing the library is no part of the store's time
            client = await offload.run_in(_pool, self._open)
        with telemetry.span(f"tables.{name}", "Azure table", self.name):
            try:
                return await asyncio.wait_for(offload.run_in(_pool, function, client), MOST_SECONDS)
            except _failures() as error:
                kind, code = type(error).__name__, getattr(error, "error_code", None)
                code = getattr(code, "value", code)  # an enumeration's member where the library knows the code
                if kind in expected and code != NO_TABLE:
                    return expected[kind]
                raise self._unavailable(reason=f"table {self.name}: {kind} {code or ''}".strip()) from error

    def _open(self) -> "TableClient":
        with self._opening:
            if self._client is None:
                self._client = _client(self.name, self._account)
        return self._client


def table(name: str, unavailable: type[StoreUnavailable]) -> Table:
    """The table called `name` in the account that the settings name. Raises SettingInvalid when they are wrong."""
    told = settings.current().require("storage")
    account = Account(told.storage_connection, told.storage_table_uri, told.storage_client_id)
    return _table(name, account, unavailable)  # type: ignore[arg-type]  # a class is hashable


@cache
def _table(name: str, account: Account, unavailable: type[StoreUnavailable]) -> Table:
    return Table(name, account, unavailable)


def _client(name: str, account: Account) -> "TableClient":
    from azure.data.tables import TableClient  # noqa: PLC0415 - a service without tables need not load it

    # The library tells every request and answer at INFO, which the worker would forward to the host.
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)
    if account.connection:
        return TableClient.from_connection_string(account.connection, name, **LIMITS)
    return TableClient(account.uri, table_name=name, credential=_credential(account), **LIMITS)


def _credential(account: Account) -> "TokenCredential":
    """The identity that the platform gives the app; on a laptop, which has none, the developer's.

    Only the construction is tested: the library sends no token over http, and a test's storage account has no https.
    """
    from azure.identity import AzureCliCredential, ManagedIdentityCredential  # noqa: PLC0415 - takes 0.2 s

    return ManagedIdentityCredential(client_id=account.client_id) if account.client_id else AzureCliCredential()


@cache
def _failures() -> tuple[type[Exception], ...]:
    """All that the library raises: its own errors, and what it stumbles over when no table but a proxy answers."""
    from azure.core.exceptions import AzureError  # noqa: PLC0415 - loaded with the library

    return (AzureError, OSError, ValueError, TypeError, LookupError, AttributeError)


def _insert(client: "TableClient", key: Key, values: Values) -> bool:
    return bool(client.create_entity(_entity(key, values)))


def _merge(client: "TableClient", key: Key, values: Values) -> bool:
    return bool(client.update_entity(_entity(key, values)))


def _upsert(client: "TableClient", rows: Sequence[tuple[Key, Values]]) -> None:
    from azure.data.tables import UpdateMode  # noqa: PLC0415 - loaded with the library

    client.submit_transaction(("upsert", _entity(key, values), {"mode": UpdateMode.REPLACE}) for key, values in rows)


def _replace(client: "TableClient", key: Key, values: Values, etag: str) -> bool:
    from azure.core import MatchConditions  # noqa: PLC0415 - loaded with the library
    from azure.data.tables import UpdateMode  # noqa: PLC0415 - loaded with the library

    unchanged = MatchConditions.IfNotModified
    return bool(client.update_entity(_entity(key, values), UpdateMode.REPLACE, etag=etag, match_condition=unchanged))


def _entity(key: Key, values: Values) -> dict[str, Any]:
    """As the library takes it. It would send a whole number as Int32, which the year 2038 does not fit into."""
    from azure.data.tables import EdmType, EntityProperty  # noqa: PLC0415 - loaded with the library

    typed = {
        name: EntityProperty(value, EdmType.INT64) if type(value) is int else value for name, value in values.items()
    }
    return {**typed, "PartitionKey": key[0], "RowKey": key[1]}


def _row(entity: Any) -> Row:
    """As the library gives it: an Int64 as a pair of value and type."""
    values = {name: value.value if hasattr(value, "edm_type") else value for name, value in entity.items()}
    return Row((values.pop("PartitionKey"), values.pop("RowKey")), values, entity.metadata["etag"])


_pool = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="tables")
