"""Who may log in. The store is the USERS app setting."""

from dataclasses import dataclass

from shared import settings


@dataclass(frozen=True, slots=True)
class User:
    """One account."""

    name: str
    password_hash: str


async def find(name: str) -> User | None:
    """The user called `name`, or None. Raises SettingInvalid when the store's settings are wrong."""
    stored = settings.current().require("users").users.get(name)
    return User(name, stored) if stored is not None else None
