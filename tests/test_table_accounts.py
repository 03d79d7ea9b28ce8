"""Accounts of tables, opened as the settings say: with a connection string, an identity or a developer's login."""

import azure.identity
import pytest

from shared import tables
from shared.problems import SettingInvalid, UsersUnavailable
from shared.settings import Settings
from shared.tables import Account, Table
from shared.threads import Threads
from tests.loop import run
from tools import azurite

IDENTITY = "11111111-2222-3333-4444-555555555555"
URI = "https://account.table.core.windows.net"


def from_settings(threads: Threads, name: str = "users", **values: str) -> Table:
    return tables.from_settings(Settings.read(values), name, UsersUnavailable, threads.tables)


def test_the_settings_name_the_account(threads: Threads, storage: str, table_name: str) -> None:
    table = from_settings(threads, table_name, STORAGE_CONNECTION=storage)
    run(table.create())
    assert run(table.query("")) == []


def test_wrong_storage_settings_are_reported_as_such(threads: Threads) -> None:
    with pytest.raises(SettingInvalid):
        from_settings(threads, STORAGE_CONNECTION="nonsense")


def test_an_identity_opens_the_account_at_the_uri(threads: Threads) -> None:
    client = from_settings(threads, STORAGE_TABLE_URI=URI, STORAGE_CLIENT_ID=IDENTITY)._open()
    assert isinstance(client.credential, azure.identity.ManagedIdentityCredential)  # type: ignore[attr-defined]
    assert (client.url, client.table_name) == (URI, "users")


def test_on_a_laptop_the_developer_s_login_takes_the_identity_s_place(threads: Threads) -> None:
    client = from_settings(threads, STORAGE_TABLE_URI=URI, AZURE_FUNCTIONS_ENVIRONMENT="Development")._open()
    assert isinstance(client.credential, azure.identity.AzureCliCredential)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("account", "endpoint"),
    [
        (Account(azurite.connection_string(10_002)), "http://127.0.0.1:10002/devstoreaccount1"),
        (Account("UseDevelopmentStorage=true"), "http://127.0.0.1:10002/devstoreaccount1"),
        (Account("accountname=a;accountkey=YQ=="), "https://a.table.core.windows.net"),
        (Account("AccountName=a;AccountKey=YQ==;EndpointSuffix=core.windows.net"), "https://a.table.core.windows.net"),
        (Account("", uri="https://b.table.core.windows.net"), "https://b.table.core.windows.net"),
    ],
    ids=["table endpoint", "emulator", "small letters", "account's name", "identity"],
)
def test_the_address_of_an_account_has_no_credential(account: Account, endpoint: str) -> None:
    assert account.endpoint == endpoint


@pytest.mark.parametrize(
    "connection", ["UseDevelopmentStorage=true", "usedevelopmentstorage=true; ", "AccountName=a;AccountKey=YQ=="]
)
def test_the_address_is_the_one_that_the_library_opens(threads: Threads, connection: str) -> None:
    opened = from_settings(threads, STORAGE_CONNECTION=connection, AZURE_FUNCTIONS_ENVIRONMENT="Development")._open()
    assert opened.url == Account(connection.rstrip("; ")).endpoint


def test_an_account_s_key_is_not_in_its_repr() -> None:
    assert azurite.KEY not in repr(Account(azurite.connection_string()))
