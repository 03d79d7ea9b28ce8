"""The stores of users: the app setting and the table behave alike."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from shared.auth import users
from shared.auth.users import EmbeddedUsers, Store, User, Users, UserTable
from shared.problems import SettingInvalid, UsersUnavailable
from shared.settings import DEMO_HASH, Settings
from shared.tables import Table
from shared.threads import Threads
from tests.loop import run

HASH = "$2b$12$" + "a" * 53
OTHER = "$2b$12$" + "b" * 53
NAMES = [
    "abi",
    "Abi",
    "a/b\\c#d?e%f",
    "line\nbreak\0",
    "x" * 256,
    "☃" * 256,
    "' or true or '",
    "..",
    "user-",
    "\u0301e",
    "é",
]


@pytest.fixture(params=["setting", "table"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty store of either kind."""
    return EmbeddedUsers({}) if request.param == "setting" else UserTable(request.getfixturevalue("table"))


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_user_of_any_name_is_found_and_no_other(store: Store, name: str) -> None:
    user = User(name, HASH, tokens_not_before=2**33, created=2**33 + 1)
    assert run(store.add(user))
    assert run(store.find(name)) == user
    assert [run(store.find(other)) for other in NAMES if other != name] == [None] * (len(NAMES) - 1)


@pytest.mark.parametrize("name", ["", "\ud800", "x" * 100_000], ids=ascii)
def test_looking_up_any_unknown_name_finds_nobody(store: Store, name: str) -> None:
    assert run(store.find(name)) is None


def test_a_name_is_added_once(store: Store) -> None:
    assert run(store.add(User("abi", HASH)))
    assert not run(store.add(User("abi", OTHER)))
    assert run(store.find("abi")) == User("abi", HASH)


def test_every_user_is_listed_by_name(store: Store) -> None:
    for name in ("zoë", "abi", "Mo"):
        run(store.add(User(name, HASH)))
    assert [user.name for user in run(store.list())] == ["Mo", "abi", "zoë"]


def test_a_change_leaves_the_other_members(store: Store) -> None:
    run(store.add(User("abi", HASH, created=5)))
    assert run(store.change("abi", disabled=True))
    assert run(store.change("abi", password_hash=OTHER, tokens_not_before=7))
    assert run(store.find("abi")) == User("abi", OTHER, disabled=True, tokens_not_before=7, created=5)


def test_a_reverted_change_leaves_no_trace(store: Store) -> None:
    run(store.add(User("abi", HASH)))
    run(store.change("abi", disabled=True))
    run(store.change("abi", disabled=False))
    assert run(store.find("abi")) == User("abi", HASH)


def test_an_unknown_user_is_neither_changed_nor_removed(store: Store) -> None:
    run(store.add(User("abi", HASH)))
    assert not run(store.change("eve", disabled=True))
    assert not run(store.remove("eve"))
    assert [user.name for user in run(store.list())] == ["abi"]


def test_a_removed_user_is_gone_and_the_name_is_free(store: Store) -> None:
    run(store.add(User("abi", HASH)))
    run(store.add(User("bea", HASH)))
    assert run(store.remove("abi"))
    assert run(store.find("abi")) is None
    assert run(store.find("bea"))
    assert run(store.add(User("abi", OTHER)))


def test_a_password_hash_is_not_in_the_repr() -> None:
    assert HASH not in repr(User("abi", HASH))


def test_the_setting_of_the_embedded_store_has_the_same_users() -> None:
    store = EmbeddedUsers(Settings.read({"USERS": json.dumps({"abi": HASH})}).users)
    run(store.add(User("bea", OTHER, disabled=True, created=5)))
    run(store.change("abi", tokens_not_before=7))
    again = EmbeddedUsers(Settings.read({"USERS": json.dumps(store.setting)}).users)
    assert run(again.list()) == [User("abi", HASH, tokens_not_before=7), User("bea", OTHER, disabled=True, created=5)]


def test_the_embedded_store_does_not_change_the_settings() -> None:
    read = Settings.read({"USERS": json.dumps({"abi": HASH})})
    run(EmbeddedUsers(read.users).change("abi", disabled=True))
    assert read.users == {"abi": {"password_hash": HASH}}


def test_counts_of_failed_logins_in_the_same_table_are_no_users(table: Table) -> None:
    run(table.insert(("throttle-0001", "count"), {"failures": 3}))
    run(table.insert(("zzz", "user"), {"name": "eve", "password_hash": HASH}))
    assert run(UserTable(table).list()) == []


@pytest.mark.parametrize(
    "values", [{}, {"name": "abi"}, {"name": "abi", "password_hash": HASH, "disabled": "no"}], ids=str
)
def test_an_entity_that_is_no_user_lets_nobody_in(table: Table, values: Mapping[str, Any]) -> None:
    run(table.insert(users._key("abi"), values))
    with pytest.raises(UsersUnavailable) as caught:
        run(UserTable(table).find("abi"))
    assert "is no user" in caught.value.reason


type OpenUsers = Callable[..., Users]


@pytest.fixture
def open_users(environ: Mapping[str, str], threads: Threads) -> OpenUsers:
    """Open the users of these app settings."""
    return lambda **values: Users.from_settings(Settings.read({**environ, **values}), threads.tables)


def test_users_are_in_the_table_that_the_settings_name(open_users: OpenUsers, storage: str) -> None:
    assert isinstance(open_users().store, EmbeddedUsers)
    assert isinstance(open_users(USERS_TABLE="users", STORAGE_CONNECTION=storage).store, UserTable)


def test_a_table_without_an_account_is_a_wrong_setting(open_users: OpenUsers) -> None:
    with pytest.raises(SettingInvalid):
        open_users(USERS_TABLE="users")


def test_the_demo_user_in_a_table_is_disabled_outside_development(table: Table, log: list[logging.LogRecord]) -> None:
    store = UserTable(table)
    run(store.add(User("abi", DEMO_HASH)))
    assert run(Users(store, development=True).find("abi")) == User("abi", DEMO_HASH)
    assert log == []
    assert run(Users(store, development=False).find("abi")) == User("abi", DEMO_HASH, disabled=True)
    assert [record.getMessage() for record in log] == ["abi has the demo password, which works in Development only"]


def test_a_malformed_hash_in_a_table_is_logged(table: Table, log: list[logging.LogRecord]) -> None:
    store = UserTable(table)
    run(store.add(User("abi", "$2b$12$broken")))
    run(Users(store, development=True).find("abi"))
    assert [record.getMessage() for record in log] == ["the stored password hash of abi is malformed"]


def test_a_ping_reaches_the_store(open_users: OpenUsers, table: Table, storage: str) -> None:
    run(open_users().ping())
    run(open_users(USERS_TABLE=table.name, STORAGE_CONNECTION=storage).ping())


def test_a_ping_fails_for_a_missing_table(open_users: OpenUsers, storage: str, table_name: str) -> None:
    with pytest.raises(UsersUnavailable):
        run(open_users(USERS_TABLE=table_name, STORAGE_CONNECTION=storage).ping())
