"""The users: one interface, and two stores behind it.

The USERS app setting is the default, good for a handful of users. With USERS_TABLE the users are in that Azure table
and can change while the service runs.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol, cast

import msgspec

from shared import tables, telemetry
from shared.auth import passwords
from shared.problems import UsersUnavailable
from shared.settings import DEMO_HASH, Settings
from shared.threads import Pool
from shared.validators import StoredUser

PARTITION = "user-"

_log = telemetry.get_logger("users")


@dataclass(frozen=True, slots=True)
class User:
    """One account. Times in Unix seconds."""

    name: str
    password_hash: str = field(repr=False)
    disabled: bool = False
    tokens_not_before: int = 0
    """Tokens issued in this second or earlier are revoked."""
    created: int = 0


class Store(Protocol):
    """A store of users. Every method raises UsersUnavailable when the store does not respond."""

    async def find(self, name: str) -> User | None:
        """Return the user called exactly `name`, or None."""

    async def list(self) -> Sequence[User]:
        """Return all users, by name."""

    async def add(self, user: User) -> bool:
        """Add a user. Returns False when the name exists."""

    async def change(self, name: str, **members: Any) -> bool:
        """Change some members of a user and leave the others. Returns False when there is no such user."""

    async def remove(self, name: str) -> bool:
        """Remove a user. Returns False when there is no such user."""


class EmbeddedUsers:
    """The users of the USERS app setting. Changes show in `setting` and nowhere else."""

    def __init__(self, setting: Mapping[str, StoredUser]) -> None:
        self._users = {name: User(name, **stored) for name, stored in setting.items()}

    @property
    def setting(self) -> Mapping[str, StoredUser]:
        """The value of USERS with these users."""
        return {name: _stored(user) for name, user in self._users.items()}

    async def find(self, name: str) -> User | None:
        return self._users.get(name)

    async def list(self) -> Sequence[User]:
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
    """The users of an Azure table: one entity each, in a partition of its own, so that many can log in at once.

    The partition is the SHA-256 of the name: a name may have any characters and length, and a key may not.
    """

    def __init__(self, table: tables.Table) -> None:
        self.table = table

    async def find(self, name: str) -> User | None:
        row = await self.table.get(_key(name))
        return _user(row) if row else None

    async def list(self) -> Sequence[User]:
        rows = await self.table.query(f"PartitionKey ge '{PARTITION}' and PartitionKey lt '{PARTITION}~'")
        return sorted(map(_user, rows), key=lambda user: user.name)

    async def add(self, user: User) -> bool:
        return await self.table.insert(_key(user.name), asdict(user))

    async def change(self, name: str, **members: Any) -> bool:
        return await self.table.merge(_key(name), members)

    async def remove(self, name: str) -> bool:
        exists = await self.table.get(_key(name)) is not None
        await self.table.delete(_key(name))
        return exists


class Users:
    """The users as the service accepts them: of whichever store, outside Development without the demo user."""

    def __init__(self, store: Store, *, development: bool) -> None:
        self.store = store
        self._development = development

    @classmethod
    def from_settings(cls, settings: Settings, pool: Pool) -> "Users":
        """Return the users of the store in the settings. Raises SettingInvalid when they are wrong."""
        return cls(open_store(settings, pool), development=settings.development)

    async def find(self, name: str) -> User | None:
        """Return the user called `name`, or None. Raises UsersUnavailable."""
        user = await self.store.find(name)
        if user is None:
            return None
        cost = passwords.cost(user.password_hash)
        if cost is None:
            _log.error("the stored password hash of %s is malformed", name)  # and so matches no password
        elif cost > passwords.COST:
            _log.error("the stored password hash of %s has cost %d: at most %d is checked", name, cost, passwords.COST)
        if user.password_hash == DEMO_HASH and not self._development:
            _log.error("%s has the demo password, which works in Development only", name)
            return replace(user, disabled=True)
        return user

    async def ping(self) -> None:
        """Return when the users can be looked up. Raises UsersUnavailable."""
        if isinstance(self.store, UserTable):
            await self.store.table.query("PartitionKey eq '-'")


def open_store(settings: Settings, pool: Pool) -> Store:
    """Return the store in the settings. Raises SettingInvalid when they are wrong."""
    settings.require("users")
    if settings.users_table:
        return UserTable(tables.from_settings(settings, settings.users_table, UsersUnavailable, pool))
    return EmbeddedUsers(settings.users)


def _stored(user: User) -> StoredUser:
    """Return the members that differ from their defaults."""
    return cast(StoredUser, {name: value for name, value in asdict(user).items() if value and name != "name"})


def _key(name: str) -> tables.Key:
    return PARTITION + hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest(), "user"


def _user(row: tables.Row) -> User:
    try:
        return msgspec.convert(row.values, User)
    except msgspec.ValidationError as error:
        raise UsersUnavailable(reason=f"the entity {row.key[0]} is no user: {error}") from error
