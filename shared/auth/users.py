"""Who may log in: one interface, and two stores behind it.

The USERS app setting is the default, good for a handful of users. Where USERS_TABLE is set, the users are in that Azure
table and can change while the service runs.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol, cast

import msgspec

from shared import settings, tables, telemetry
from shared.problems import UsersUnavailable
from shared.rules import PASSWORD_HASH, StoredUser
from shared.settings import DEMO_HASH, Settings

PARTITION = "user-"

_log = telemetry.get_logger("users")


@dataclass(frozen=True, slots=True)
class User:
    """One account. Times in Unix seconds."""

    name: str
    password_hash: str = field(repr=False)
    disabled: bool = False
    tokens_not_before: int = 0
    """Tokens issued in this second or earlier are dead."""
    created: int = 0


class Store(Protocol):
    """Where users are. Every method raises UsersUnavailable when the store does not answer."""

    async def find(self, name: str) -> User | None:
        """The user called exactly `name`, or None."""

    async def every(self) -> Sequence[User]:
        """All users, by name."""

    async def add(self, user: User) -> bool:
        """Add a user. False when there is one of that name."""

    async def change(self, name: str, **members: Any) -> bool:
        """Change some members of a user and leave the others. False when there is none of that name."""

    async def remove(self, name: str) -> bool:
        """Take a user away. False when there is none of that name."""


class EmbeddedUsers:
    """The users of the USERS app setting. What changes here is in `setting` and nowhere else."""

    def __init__(self, setting: Mapping[str, StoredUser]) -> None:
        self._users = {name: User(name, **stored) for name, stored in setting.items()}

    @property
    def setting(self) -> Mapping[str, StoredUser]:
        """What USERS has to be, to hold these users."""
        return {name: _stored(user) for name, user in self._users.items()}

    async def find(self, name: str) -> User | None:
        return self._users.get(name)

    async def every(self) -> Sequence[User]:
        return [user for _, user in sorted(self._users.items())]

    async def add(self, user: User) -> bool:
        if user.name in self._users:
            return False
        self._users[user.name] = user
        return True

    async def change(self, name: str, **members: Any) -> bool:
        if name not in self._users:
            return False
        self._users[name] = replace(self._users[name], **members)
        return True

    async def remove(self, name: str) -> bool:
        return self._users.pop(name, None) is not None


class UserTable:
    """The users of an Azure table: one entity each, in partitions of their own, so that many can log in at once.

    The partition is the SHA-256 of the name: a name may have any characters and length, and a key may not.
    """

    def __init__(self, table: tables.Table) -> None:
        self.table = table

    async def find(self, name: str) -> User | None:
        row = await self.table.get(_key(name))
        return _user(row) if row else None

    async def every(self) -> Sequence[User]:
        rows = await self.table.query(f"PartitionKey ge '{PARTITION}' and PartitionKey lt '{PARTITION}~'")
        return sorted(map(_user, rows), key=lambda user: user.name)

    async def add(self, user: User) -> bool:
        return await self.table.insert(_key(user.name), asdict(user))

    async def change(self, name: str, **members: Any) -> bool:
        return await self.table.merge(_key(name), members)

    async def remove(self, name: str) -> bool:
        there = await self.table.get(_key(name)) is not None
        await self.table.delete(_key(name))
        return there


@settings.derived
def current(told: Settings) -> Store:
    """The store that the settings name. Raises SettingInvalid when they are wrong."""
    told.require("users")
    if told.users_table:
        return UserTable(tables.table(told.users_table, UsersUnavailable))
    return EmbeddedUsers(told.users)


async def find(name: str) -> User | None:
    """The user called `name` as the service takes it, or None. Raises SettingInvalid or UsersUnavailable."""
    user = await current().find(name)
    if user is None:
        return None
    if not re.fullmatch(PASSWORD_HASH, user.password_hash):
        _log.error("what is stored as the password hash of %s is none", name)  # and so fits no password
    if user.password_hash == DEMO_HASH and settings.current().environment != "Development":
        _log.error("%s has the demo password, which works in Development only", name)
        return replace(user, disabled=True)
    return user


async def reach() -> None:
    """Return when the users can be looked up. Raises SettingInvalid or UsersUnavailable."""
    store = current()
    if isinstance(store, UserTable):
        await store.table.query("PartitionKey eq '-'")


def _stored(user: User) -> StoredUser:
    """What is not as it always is."""
    return cast(StoredUser, {name: value for name, value in asdict(user).items() if value and name != "name"})


def _key(name: str) -> tables.Key:
    return PARTITION + hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest(), "user"


def _user(row: tables.Row) -> User:
    try:
        return msgspec.convert(row.values, User)
    except msgspec.ValidationError as error:
        raise UsersUnavailable(reason=f"the entity {row.key[0]} is no user: {error}") from error
