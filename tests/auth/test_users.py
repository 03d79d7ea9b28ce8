"""The users' store: the same promises for both, the app setting and the table."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from shared import tables
from shared.auth import users
from shared.auth.users import EmbeddedUsers, Store, User, UserTable
from shared.problems import SettingInvalid, UsersUnavailable
from shared.settings import DEMO_HASH, Settings
from shared.tables import Account, Table

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
    if request.param == "setting":
        return EmbeddedUsers({})
    table = Table(request.getfixturevalue("table_name"), Account(request.getfixturevalue("storage")), UsersUnavailable)
    asyncio.run(table.create())
    return UserTable(table)


def run[R](call: Awaitable[R]) -> R:
    async def awaited() -> R:
        return await call

    return asyncio.run(awaited())


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_user_of_any_name_is_found_again_and_no_other(store: Store, name: str) -> None:
    user = User(name, HASH, tokens_not_before=2**33, created=2**33 + 1)
    assert run(store.add(user))
    assert run(store.find(name)) == user
    assert [run(store.find(other)) for other in NAMES if other != name] == [None] * (len(NAMES) - 1)


@pytest.mark.parametrize("name", ["", "\ud800", "x" * 100_000], ids=ascii)
def test_whatever_name_is_asked_for_nobody_is_found_and_nothing_breaks(store: Store, name: str) -> None:
    assert run(store.find(name)) is None


def test_a_name_is_taken_once(store: Store) -> None:
    assert run(store.add(User("abi", HASH)))
    assert not run(store.add(User("abi", OTHER)))
    assert run(store.find("abi")) == User("abi", HASH)


def test_every_user_is_listed_by_name(store: Store) -> None:
    for name in ("zoë", "abi", "Mo"):
        run(store.add(User(name, HASH)))
    assert [user.name for user in run(store.every())] == ["Mo", "abi", "zoë"]


def test_a_change_leaves_the_rest_as_it_was(store: Store) -> None:
    run(store.add(User("abi", HASH, created=5)))
    assert run(store.change("abi", disabled=True))
    assert run(store.change("abi", password_hash=OTHER, tokens_not_before=7))
    assert run(store.find("abi")) == User("abi", OTHER, disabled=True, tokens_not_before=7, created=5)


def test_what_is_changed_back_is_as_before(store: Store) -> None:
    run(store.add(User("abi", HASH)))
    run(store.change("abi", disabled=True))
    run(store.change("abi", disabled=False))
    assert run(store.find("abi")) == User("abi", HASH)


def test_nobody_is_changed_or_removed_who_is_not_there(store: Store) -> None:
    run(store.add(User("abi", HASH)))
    assert not run(store.change("eve", disabled=True))
    assert not run(store.remove("eve"))
    assert [user.name for user in run(store.every())] == ["abi"]


def test_a_removed_user_is_gone_and_the_name_free(store: Store) -> None:
    run(store.add(User("abi", HASH)))
    run(store.add(User("bea", HASH)))
    assert run(store.remove("abi"))
    assert run(store.find("abi")) is None
    assert run(store.find("bea"))
    assert run(store.add(User("abi", OTHER)))


def test_a_password_hash_does_not_stand_in_the_repr() -> None:
    assert HASH not in repr(User("abi", HASH))


def test_the_setting_that_the_embedded_store_tells_holds_the_same_users() -> None:
    store = EmbeddedUsers(Settings.read({"USERS": json.dumps({"abi": HASH})}).users)
    run(store.add(User("bea", OTHER, disabled=True, created=5)))
    run(store.change("abi", tokens_not_before=7))
    again = EmbeddedUsers(Settings.read({"USERS": json.dumps(store.setting)}).users)
    assert run(again.every()) == [User("abi", HASH, tokens_not_before=7), User("bea", OTHER, disabled=True, created=5)]


def test_what_the_embedded_store_changes_stays_out_of_the_settings() -> None:
    read = Settings.read({"USERS": json.dumps({"abi": HASH})})
    run(EmbeddedUsers(read.users).change("abi", disabled=True))
    assert read.users == {"abi": {"password_hash": HASH}}


def test_counts_of_failed_logins_in_the_same_table_are_no_users(storage: str, table_name: str) -> None:
    store = UserTable(Table(table_name, Account(storage), UsersUnavailable))
    run(store.table.create())
    run(store.table.insert(("throttle-0001", "count"), {"failures": 3}))
    run(store.table.insert(("zzz", "user"), {"name": "eve", "password_hash": HASH}))
    assert run(store.every()) == []


@pytest.mark.parametrize(
    "values", [{}, {"name": "abi"}, {"name": "abi", "password_hash": HASH, "disabled": "no"}], ids=str
)
def test_an_entity_that_is_no_user_lets_nobody_in(storage: str, table_name: str, values: Mapping[str, Any]) -> None:
    store = UserTable(Table(table_name, Account(storage), UsersUnavailable))
    run(store.table.create())
    run(store.table.insert(users._key("abi"), values))
    with pytest.raises(UsersUnavailable) as caught:
        run(store.find("abi"))
    assert "is no user" in caught.value.reason


def test_the_store_is_the_table_where_one_is_named(
    told: Callable[..., object], environ: Mapping[str, str], storage: str
) -> None:
    told(**environ)
    assert isinstance(users.current(), EmbeddedUsers)
    told(**environ, USERS_TABLE="users", STORAGE_CONNECTION=storage)
    assert isinstance(users.current(), UserTable)


def test_a_table_without_an_account_is_a_wrong_setting(told: Callable[..., object], environ: Mapping[str, str]) -> None:
    told(**environ, USERS_TABLE="users")
    with pytest.raises(SettingInvalid):
        users.current()


@pytest.fixture
def tabled(
    told: Callable[..., Settings], environ: Mapping[str, str], storage: str, table_name: str
) -> Callable[..., UserTable]:
    """Settings that name a table of its own, and its store."""

    def tell(**values: str) -> UserTable:
        told(**{**environ, "USERS_TABLE": table_name, "STORAGE_CONNECTION": storage, **values})
        store = users.current()
        assert isinstance(store, UserTable)
        run(store.table.create())
        return store

    return tell


def test_the_demo_user_in_a_table_is_disabled_outside_development(tabled: Callable[..., UserTable]) -> None:
    run(tabled().add(User("abi", DEMO_HASH)))
    assert run(users.find("abi")) == User("abi", DEMO_HASH)
    tabled(AZURE_FUNCTIONS_ENVIRONMENT="Production", USERS="{}")
    assert run(users.find("abi")) == User("abi", DEMO_HASH, disabled=True)


def test_a_malformed_hash_in_a_table_is_reported(
    tabled: Callable[..., UserTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(users._log, "error", lambda text, *given: said.append(text % given))
    run(tabled().add(User("abi", "$2b$12$broken")))
    run(users.find("abi"))
    assert said == ["what is stored as the password hash of abi is none"]


def test_users_are_reached_where_they_are(
    tabled: Callable[..., UserTable], told: Callable[..., object], environ: Mapping[str, str]
) -> None:
    tabled()
    run(users.reach())
    told(**environ)
    run(users.reach())


def test_a_table_that_is_not_there_is_not_reached(
    told: Callable[..., object], environ: Mapping[str, str], storage: str, table_name: str
) -> None:
    told(**environ, USERS_TABLE=table_name, STORAGE_CONNECTION=storage)
    with pytest.raises(UsersUnavailable):
        run(users.reach())
    assert tables.table(table_name, UsersUnavailable).name == table_name
