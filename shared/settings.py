"""Every app setting: its name, type, default and rule, and the only place that reads the environment.

A setting is a field of `Settings`; its upper-case name is the app setting's. Reading never raises: importing the
functions must not fail for a bad setting. What is wrong is kept in `faults`, named but never quoted, and `require`
turns it into a 503 for the functions that need the setting.
"""

import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from types import MappingProxyType
from typing import Any

from shared.problems import SettingInvalid

LEAST_KEY_BYTES = 32  # RFC 7518 §3.2: an HS256 key is at least as long as the hash
UNRESOLVED = "@Microsoft.KeyVault("  # a reference that the platform could not resolve: long, and guessable
EXAMPLE_KEY_PREFIX = "example-"
DEMO_HASH = "$2b$12$D6NTDAFNT7wSRO1xg57oKuGBvewukVbzNP9K7/p7JNXKU6DsIE5TW"

type Rule = Callable[[str], Any]
"""Turns the setting's text into its value, or raises ValueError with a message that does not quote the text."""


def text(value: str) -> str:
    """Any text."""
    return value


def switch(value: str) -> bool:
    """`true` or `false`."""
    if value.lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return value.lower() == "true"


def number(low: float, high: float, *, whole: bool = True) -> Rule:
    """A number from `low` to `high`, both allowed."""

    def rule(value: str) -> float:
        try:
            result: float = int(value) if whole else float(value)
        except ValueError:
            raise ValueError(f"must be a {'whole ' if whole else ''}number") from None
        if not (math.isfinite(result) and low <= result <= high):
            raise ValueError(f"must be from {low} to {high}")
        return result

    return rule


def key(value: str) -> str:
    """A signing key of at least 32 bytes."""
    if len(value.encode()) < LEAST_KEY_BYTES:
        raise ValueError(f"must have at least {LEAST_KEY_BYTES} bytes")
    return value


def users(value: str) -> Mapping[str, str]:
    """A JSON object: user name → bcrypt hash."""
    try:
        found = json.loads(value)
    except ValueError:
        raise ValueError("must be a JSON object of user names and bcrypt hashes") from None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ValueError("must be a JSON object of user names and bcrypt hashes")
    if not all(re.fullmatch(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}", each) for each in found.values()):
        raise ValueError("holds something that is not a bcrypt hash")
    return MappingProxyType(found)


def setting(default: str, rule: Rule, group: str, doc: str, *, secret: bool = False) -> Any:
    """One app setting: its default as text, its rule, its group and the line that the docs show."""
    value = rule(default) if default else default
    return field(
        default=value, repr=not secret, metadata=dict(default=default, rule=rule, group=group, doc=doc, secret=secret)
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the service was told. An invalid setting holds its default here, and its name is in `faults`."""

    token_key: str = setting(
        "", key, "tokens", "Signs the tokens; at least 32 bytes. Needed unless another issuer signs them.", secret=True
    )
    token_lifetime_seconds: int = setting("900", number(60, 86_400), "tokens", "How long a token lives, in seconds.")
    users: Mapping[str, str] = setting(
        "{}", users, "users", "JSON object, user name → bcrypt hash (`python -m tools users hash`).", secret=True
    )
    model_manifest: str = setting("model/slr.json", text, "model", "The manifest of the model to serve.")
    environment: str = setting("Production", text, "host", "`Development` on a laptop; the host sets it.")
    site_name: str = setting("", text, "host", "The app's name in Azure; the platform sets it.")
    faults: Mapping[str, str] = field(default_factory=dict)
    """App setting's name → what is wrong with it, without its value."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings in `environ`; an empty value counts as absent. Never raises."""
        values: dict[str, Any] = {}
        faults: dict[str, str] = {}
        for name, (member, rule) in _RULES.items():
            if given := environ.get(name, ""):
                try:
                    values[member] = rule(given)
                except ValueError as error:
                    faults[name] = str(error)
        found = cls(**values, faults=faults)
        faults.update({name: fault for name, fault in _crosswise(found) if name not in faults})
        return found

    def require(self, *groups: str) -> "Settings":
        """These settings, when nothing in `groups` is at fault. Raises SettingInvalid, naming the settings."""
        bad = sorted(name for name in self.faults if GROUPS[name] in groups)
        if bad:
            raise SettingInvalid(reason="; ".join(f"{name} {self.faults[name]}" for name in bad))
        return self


HOST_NAMES = {"environment": "AZURE_FUNCTIONS_ENVIRONMENT", "site_name": "WEBSITE_SITE_NAME"}
DECLARED = {HOST_NAMES.get(each.name, each.name.upper()): each for each in fields(Settings) if each.metadata}
GROUPS = {name: each.metadata["group"] for name, each in DECLARED.items()}


def _resolved(rule: Rule) -> Rule:
    def checked(value: str) -> Any:
        if value.startswith(UNRESOLVED):
            raise ValueError("is a Key Vault reference that was not resolved")
        return rule(value)

    return checked


_RULES = {name: (each.name, _resolved(each.metadata["rule"])) for name, each in DECLARED.items()}


def _crosswise(found: Settings) -> Iterable[tuple[str, str]]:
    """What no setting can see of itself alone."""
    if not found.token_key:
        yield "TOKEN_KEY", "is not set"
    if found.environment != "Development":
        if found.token_key.startswith(EXAMPLE_KEY_PREFIX):
            yield "TOKEN_KEY", "is the example's, which works in Development only"
        if DEMO_HASH in found.users.values():
            yield "USERS", "holds the demo user, which works in Development only"


@cache
def current() -> Settings:
    """The process's settings, read from the environment once."""
    return Settings.read(os.environ)
