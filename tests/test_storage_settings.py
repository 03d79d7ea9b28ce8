"""Settings of storage accounts and tables."""

import hashlib
import json

import pytest

from shared.settings import DEMO_HASH, Settings

KEY = hashlib.sha256(b"settings").hexdigest()
GOOD = {"TOKEN_KEY": KEY, "AZURE_FUNCTIONS_ENVIRONMENT": "Development"}
CONNECTION = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net"
URI = "https://account.table.core.windows.net"
IDENTITY = "11111111-2222-3333-4444-555555555555"


def test_azurite_s_short_connection_string_works_in_development_only() -> None:
    assert Settings.read({**GOOD, "STORAGE_CONNECTION": "UseDevelopmentStorage=true"}).errors == {}
    deployed = Settings.read({"TOKEN_KEY": KEY, "STORAGE_CONNECTION": "UseDevelopmentStorage=true;"})
    assert list(deployed.errors) == ["STORAGE_CONNECTION"]


@pytest.mark.parametrize(
    "values",
    [
        {"TOKEN_KEY_PREVIOUS": KEY[::-1]},
        {"USERS_TABLE": "users", "STORAGE_CONNECTION": CONNECTION},
        {"STORAGE_CONNECTION": "SharedAccessSignature=sv=1&sig=x;TableEndpoint=https://account.example/"},
        {"USERS_TABLE": "u2x", "STORAGE_TABLE_URI": URI, "STORAGE_CLIENT_ID": IDENTITY},
        {"STORAGE_TABLE_URI": f"{URI}/", "STORAGE_CLIENT_ID": IDENTITY.replace("-", "")},
    ],
    ids=str,
)
def test_valid_tables_and_keys_have_no_errors(values: dict[str, str]) -> None:
    assert Settings.read({"TOKEN_KEY": KEY, **values}).errors == {}


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"TOKEN_KEY_PREVIOUS": "short"}, ["TOKEN_KEY_PREVIOUS"]),
        ({"TOKEN_KEY_PREVIOUS": "example-" + KEY}, ["TOKEN_KEY_PREVIOUS"]),
        ({"USERS_TABLE": "users"}, ["USERS_TABLE"]),
        ({"USERS_TABLE": "1users", "STORAGE_CONNECTION": CONNECTION}, ["USERS_TABLE"]),
        ({"USERS_TABLE": "us", "STORAGE_CONNECTION": CONNECTION}, ["USERS_TABLE"]),
        ({"USERS_TABLE": "u" * 64, "STORAGE_CONNECTION": CONNECTION}, ["USERS_TABLE"]),
        ({"USERS_TABLE": "my-users", "STORAGE_CONNECTION": CONNECTION}, ["USERS_TABLE"]),
        ({"STORAGE_CONNECTION": "UseDevelopmentStorage"}, ["STORAGE_CONNECTION"]),
        ({"STORAGE_CONNECTION": "AccountName=a"}, ["STORAGE_CONNECTION"]),
        ({"STORAGE_CONNECTION": "SharedAccessSignature=sig"}, ["STORAGE_CONNECTION"]),
        ({"STORAGE_CONNECTION": CONNECTION, "STORAGE_TABLE_URI": URI}, ["STORAGE_CLIENT_ID", "STORAGE_CONNECTION"]),
        ({"STORAGE_TABLE_URI": URI}, ["STORAGE_CLIENT_ID"]),
        ({"STORAGE_TABLE_URI": "http://account.example", "STORAGE_CLIENT_ID": IDENTITY}, ["STORAGE_TABLE_URI"]),
        ({"STORAGE_TABLE_URI": f"{URI}?sv=1", "STORAGE_CLIENT_ID": IDENTITY}, ["STORAGE_TABLE_URI"]),
        ({"STORAGE_TABLE_URI": URI, "STORAGE_CLIENT_ID": "mine"}, ["STORAGE_CLIENT_ID"]),
        ({"USERS": '{"abi": {"disabled": true}}'}, ["USERS"]),
        ({"USERS": '{"abi": {"password_hash": "x"}}'}, ["USERS"]),
        ({"USERS": json.dumps({"abi": {"password_hash": DEMO_HASH}})}, ["USERS"]),
    ],
    ids=str,
)
def test_invalid_tables_and_keys_are_named(values: dict[str, str], names: list[str]) -> None:
    assert sorted(Settings.read({"TOKEN_KEY": KEY, **values}).errors) == names


def test_a_connection_string_is_not_in_the_repr() -> None:
    assert "c2VjcmV0" not in repr(Settings.read({**GOOD, "STORAGE_CONNECTION": CONNECTION}))
