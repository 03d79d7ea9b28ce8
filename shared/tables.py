"""Azure tables, opened by connection string or as an identity.

    users = tables.from_settings(settings, "users", UsersUnavailable, threads.tables)
    row = await users.get(("user", "abi"))

Every call is a span and has a time limit. Any failure of the store becomes the one problem that the table was opened
with. The library takes 0.2 s to import: the first call imports it.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared import telemetry
from shared.problems import StoreUnavailable
from shared.settings import Settings
from shared.threads import Pool

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient

MAX_SECONDS = 3.0  # a table responds in milliseconds; a client that waits for a login waits no longer than this
LIMITS: Mapping[str, Any] = {
    "connection_timeout": 1,
    "read_timeout": 2,
    "retry_total": 1,  # a kept connection that broke is worth a second try
    "retry_status": 0,  # a Retry-After could block a thread for half a minute
    "retry_backoff_factor": 0,
}
NO_TABLE = "TableNotFound"
EMULATOR = "http://127.0.0.1:10002/devstoreaccount1"
"""The address that `UseDevelopmentStorage=true` stands for."""

type Key = tuple[str, str]
"""PartitionKey and RowKey."""
type Values = Mapping[str, Any]
"""An entity's properties. Whole numbers are Int64 in the table and `int` here."""


@dataclass(frozen=True)
class Account:
    """A storage account, and the credentials for it."""

    connection: str = field(repr=False)
    """A connection string; empty where an identity opens the account."""
    uri: str = ""
    client_id: str = ""
    """The user-assigned identity's; empty on a laptop, where `az login` takes its place."""

    @property
    def endpoint(self) -> str:
        """The URL of the account's tables, without a credential."""
        if self.connection.lower() == "usedevelopmentstorage=true":  # as the library compares it
            return EMULATOR
        pairs = (part.split("=", 1) for part in self.connection.split(";") if "=" in part)
        parts = {name.lower(): value for name, value in pairs}
        suffix = parts.get("endpointsuffix", "core.windows.net")
        return self.uri or parts.get("tableendpoint") or f"https://{parts.get('accountname', '')}.table.{suffix}"


@dataclass(frozen=True, slots=True)
class Row:
    """One entity."""

    key: Key
    values: Values
    etag: str
    """The entity's version."""


class Table:
    """One table. Every method raises the problem `unavailable` when the store fails."""

    def __init__(
        self,
        name: str,
        account: Account,
        pool: Pool,
        unavailable: type[StoreUnavailable] = StoreUnavailable,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        self.name = name
        self._account = account
        self._pool = pool
        self._unavailable = unavailable
        self._max_seconds = max_seconds
        self._client: TableClient | None = None
        self._opening = threading.Lock()

    async def get(self, key: Key) -> Row | None:
        """Return the entity with this key, or None."""
        return await self._call("get", lambda client: _row(client.get_entity(*key)), ResourceNotFoundError=None)

    async def query(self, condition: str) -> list[Row]:
        """Return the entities that fulfil an OData condition."""
        return await self._call("query", lambda client: [_row(entity) for entity in client.query_entities(condition)])

    async def insert(self, key: Key, values: Values) -> bool:
        """Add an entity. Returns False when the key exists."""
        return await self._call("insert", lambda client: _insert(client, key, values), ResourceExistsError=False)

    async def replace(self, key: Key, values: Values, etag: str) -> bool:
        """Replace the version `etag` of an entity. Returns False when it has changed or is gone."""
        return await self._call(
            "replace",
            lambda client: _replace(client, key, values, etag),
            ResourceModifiedError=False,
            ResourceNotFoundError=False,
        )

    async def merge(self, key: Key, values: Values) -> bool:
        """Change these properties and leave the others. Returns False when there is no such entity."""
        return await self._call("merge", lambda client: _merge(client, key, values), ResourceNotFoundError=False)

    async def upsert(self, rows: Sequence[tuple[Key, Values]]) -> None:
        """Insert or replace at most 100 entities of one partition: all or none."""
        await self._call("upsert", lambda client: _upsert(client, rows))

    async def delete(self, key: Key) -> None:
        """Delete an entity, if it exists."""
        await self._call("delete", lambda client: client.delete_entity(*key))

    async def create(self) -> None:
        """Create the table, unless it exists."""
        await self._call("create", lambda client: bool(client.create_table()), ResourceExistsError=False)

    async def _call[R](self, name: str, function: Callable[["TableClient"], R], **expected: R) -> R:
        """Return the result of `function`, or the `expected` result of an exception, by the exception's name."""
        client = self._client
        if client is None:  # importing the library is not part of the store's time
            client = await self._pool.run(self._open)
        with telemetry.span(f"tables.{name}", "Azure table", self.name):
            try:
                return await asyncio.wait_for(self._pool.run(function, client), self._max_seconds)
            except _failures() as error:
                kind, code = type(error).__name__, getattr(error, "error_code", None)
                code = getattr(code, "value", code)  # an enumeration's member where the library knows the code
                if kind in expected and code != NO_TABLE:
                    return expected[kind]
                place = f"table {self.name} at {self._account.endpoint.partition('?')[0]}"  # no shared access signature
                raise self._unavailable(reason=f"{place}: {kind} {code or ''}".strip()) from error

    def _open(self) -> "TableClient":
        with self._opening:
            if self._client is None:
                self._client = _client(self.name, self._account)
        return self._client


def from_settings(settings: Settings, name: str, unavailable: type[StoreUnavailable], pool: Pool) -> Table:
    """Return the table `name` in the account of the settings. Raises SettingInvalid when they are wrong."""
    settings.require("storage")
    account = Account(settings.storage_connection, settings.storage_table_uri, settings.storage_client_id)
    return Table(name, account, pool, unavailable)


def _client(name: str, account: Account) -> "TableClient":
    from azure.data.tables import TableClient  # noqa: PLC0415 - a service without tables need not load it

    # The library logs every request and response at INFO, which the worker would forward to the host.
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)
    if account.connection:
        return TableClient.from_connection_string(account.connection, name, **LIMITS)
    return TableClient(account.uri, table_name=name, credential=_credential(account), **LIMITS)


def _credential(account: Account) -> "TokenCredential":
    """Return the app's identity in Azure, or the developer's on a laptop.

    Only the construction is tested: the library sends no token over http, and a test's storage account has no https.
    """
    from azure.identity import AzureCliCredential, ManagedIdentityCredential  # noqa: PLC0415 - takes 0.2 s

    return ManagedIdentityCredential(client_id=account.client_id) if account.client_id else AzureCliCredential()


def _failures() -> tuple[type[Exception], ...]:
    """Return every error of the library: its own, and those it raises when a proxy responds in place of the store."""
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
    """Convert to the library's form. It would send a whole number as Int32, too small for the year 2038."""
    from azure.data.tables import EdmType, EntityProperty  # noqa: PLC0415 - loaded with the library

    typed = {
        name: EntityProperty(value, EdmType.INT64) if type(value) is int else value for name, value in values.items()
    }
    return {**typed, "PartitionKey": key[0], "RowKey": key[1]}


def _row(entity: Any) -> Row:
    """Convert from the library's form, where an Int64 is a pair of value and type."""
    values = {name: value.value if hasattr(value, "edm_type") else value for name, value in entity.items()}
    return Row((values.pop("PartitionKey"), values.pop("RowKey")), values, entity.metadata["etag"])
