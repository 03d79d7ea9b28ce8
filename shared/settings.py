"""Every app setting: its name, type, default and rule, and the only place that reads the environment.

A setting is a field of `Settings`; its upper-case name is the app setting's. Reading never raises: importing the
functions must not fail for a bad setting. What is wrong is kept in `faults`, named but never quoted, and `require`
turns it into a 503 for the functions that need the setting.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache, wraps
from pathlib import Path
from typing import Any

from shared.problems import SettingInvalid
from shared.rules import (
    AZURITE,
    Rule,
    StoredUser,
    connection_string,
    identity,
    issuer,
    key,
    number,
    one_of,
    scopes,
    storage_connection,
    storage_uri,
    switch,
    table,
    text,
    users,
)

UNRESOLVED = "@Microsoft.KeyVault("  # a reference that the platform could not resolve: long, and guessable
EXAMPLE_KEY_PREFIX = "example-"
BUILD_FILE = Path(__file__).resolve().parent.parent / "BUILD_ID"
"""Written by tools/package: an app setting would be rewritten at every provision."""
DEMO_HASH = "$2b$12$D6NTDAFNT7wSRO1xg57oKuGBvewukVbzNP9K7/p7JNXKU6DsIE5TW"


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
    token_key_previous: str = setting(
        "", key, "tokens", "Another key whose tokens get in too, while keys are changed.", secret=True
    )
    token_lifetime_seconds: int = setting("900", number(60, 86_400), "tokens", "How long a token lives, in seconds.")
    local_tokens: bool = setting(
        "true", switch, "tokens", "`false` turns `/token` off: only the tokens of OIDC_ISSUER get in."
    )
    oidc_issuer: str = setting(
        "", issuer, "tokens", "An OpenID Connect issuer (Entra ID or another) whose tokens get in too: their `iss`."
    )
    oidc_audience: str = setting("", text, "tokens", "The `aud` that its tokens must have.")
    oidc_required_scope: str = setting(
        "", scopes, "tokens", "The scope or app role that they must carry; of several, with spaces, one is enough."
    )
    users: Mapping[str, StoredUser] = setting(
        "{}", users, "users", "JSON object, user name → bcrypt hash (`python -m tools users`).", secret=True
    )
    users_table: str = setting("", table, "users", "The Azure table that the users are in, in place of USERS.")
    storage_connection: str = setting(
        "", storage_connection, "storage", "The connection string of the tables' storage account.", secret=True
    )
    storage_table_uri: str = setting(
        "", storage_uri, "storage", "The tables' URL, where an identity stands in place of STORAGE_CONNECTION."
    )
    storage_client_id: str = setting("", identity, "storage", "That user-assigned identity's client id.")
    model_manifest: str = setting("model/slr.json", text, "model", "The manifest of the model to serve.")
    features_source: str = setting(
        "none",
        one_of("none", "table", "feast"),
        "features",
        "Where missing features come from: `none`, `table` or `feast`.",
    )
    features_table: str = setting("features", table, "features", "The Azure table that holds a row per entity.")
    features_url: str = setting(
        "",
        text,
        "features",
        "The Feast server's URL; its query says what to ask for, see docs/features.md.",
        secret=True,
    )
    features_authorization: str = setting(
        "", text, "features", "The Authorization header for the Feast server.", secret=True
    )
    features_timeout_ms: int = setting(
        "500", number(50, 10_000), "features", "The time limit of one pull in milliseconds, its retry included."
    )
    features_cache_seconds: float = setting(
        "0", number(0, 3_600, whole=False), "features", "How long a pulled row is used again, in seconds; 0 is never."
    )
    applicationinsights_connection_string: str = setting(
        "",
        connection_string,
        "telemetry",
        "Application Insights' connection string. Without it telemetry goes to the console.",
        secret=True,
    )
    log_values_sample: float = setting(
        "0", number(0, 1, whole=False), "telemetry", "Share of the predictions whose feature values are told too."
    )
    environment: str = setting("Production", text, "host", "`Development` on a laptop; the host sets it.")
    site_name: str = setting("", text, "host", "The app's name in Azure; the platform sets it.")
    instance_id: str = setting("", text, "host", "Which of the app's instances this is; the platform sets it.")
    build_id: str = setting("local", text, "host", "What was deployed; set where the app is packaged.")
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
        if self.faults and (bad := sorted(name for name in self.faults if GROUPS[name] in groups)):
            raise SettingInvalid(reason="; ".join(f"{name} {self.faults[name]}" for name in bad))
        return self

    def fingerprint(self) -> str:
        """12 hex digits that change when a setting does: over all that are neither secret nor the host's own."""
        told = [
            f"{name}={getattr(self, each.name)}"
            for name, each in DECLARED.items()
            if not each.metadata["secret"] and each.metadata["group"] != "host"
        ]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]


HOST_NAMES = {
    "environment": "AZURE_FUNCTIONS_ENVIRONMENT",
    "site_name": "WEBSITE_SITE_NAME",
    "instance_id": "WEBSITE_INSTANCE_ID",
}
DECLARED = {HOST_NAMES.get(each.name, each.name.upper()): each for each in fields(Settings) if each.metadata}
GROUPS = {name: each.metadata["group"] for name, each in DECLARED.items()}


def _resolved(rule: Rule) -> Rule:
    def checked(value: str) -> Any:
        if value.startswith(UNRESOLVED):
            raise ValueError("is a Key Vault reference that was not resolved")
        if not value.isascii() and re.search("[\ud800-\udfff]", value):  # how Python shows bytes that are not UTF-8
            raise ValueError("is not UTF-8 text")
        return rule(value)

    return checked


_RULES = {name: (each.name, _resolved(each.metadata["rule"])) for name, each in DECLARED.items()}


def _crosswise(found: Settings) -> Iterable[tuple[str, str]]:
    """What no setting can see of itself alone."""
    if found.local_tokens and not found.token_key:
        yield "TOKEN_KEY", "is not set"
    if not found.local_tokens and not found.oidc_issuer:
        yield "LOCAL_TOKENS", "is false, and without OIDC_ISSUER nobody gets in"
    if found.oidc_issuer and not found.oidc_audience:
        yield "OIDC_AUDIENCE", "is not set, and OIDC_ISSUER is"
    yield from _storage(found)
    if found.features_source == "feast" and not found.features_url:
        yield "FEATURES_URL", "is not set, and FEATURES_SOURCE is feast"
    if found.environment != "Development":
        yield from _outside_development(found)


def _outside_development(found: Settings) -> Iterable[tuple[str, str]]:
    if found.storage_connection.lower().startswith(AZURITE):
        yield "STORAGE_CONNECTION", "is Azurite's, which works in Development only"
    for name, given in (("TOKEN_KEY", found.token_key), ("TOKEN_KEY_PREVIOUS", found.token_key_previous)):
        if given.startswith(EXAMPLE_KEY_PREFIX):
            yield name, "is the example's, which works in Development only"
    if any(each["password_hash"] == DEMO_HASH for each in found.users.values()):
        yield "USERS", "holds the demo user, which works in Development only"
    if found.oidc_issuer.startswith("http:"):
        yield "OIDC_ISSUER", "must be https outside Development"


def _storage(found: Settings) -> Iterable[tuple[str, str]]:
    if found.users_table and not (found.storage_connection or found.storage_table_uri):
        yield "USERS_TABLE", "is set, and neither STORAGE_CONNECTION nor STORAGE_TABLE_URI is"
    if found.features_source == "table" and not (found.storage_connection or found.storage_table_uri):
        yield "FEATURES_SOURCE", "is table, and neither STORAGE_CONNECTION nor STORAGE_TABLE_URI is set"
    if found.storage_connection and found.storage_table_uri:
        yield "STORAGE_CONNECTION", "is set beside STORAGE_TABLE_URI: only one can hold"
    if found.storage_table_uri and not found.storage_client_id and found.environment != "Development":
        yield "STORAGE_CLIENT_ID", "is not set, and STORAGE_TABLE_URI is"


@cache
def current() -> Settings:
    """The process's settings, read from the environment once; the build's name also from the file in its package."""
    packaged = {"BUILD_ID": BUILD_FILE.read_text(encoding="utf-8").strip()} if BUILD_FILE.exists() else {}
    return Settings.read({**packaged, **os.environ})


def derived[Value](make: Callable[[Settings], Value]) -> Callable[[], Value]:
    """A function that returns what `make` makes of the current settings; it is made once, not in every request."""
    last: tuple[Settings, Value] | None = None

    def derived_value() -> Value:
        nonlocal last
        told = current()
        if last is None or last[0] is not told:
            last = told, make(told)
        return last[1]

    return wraps(make)(derived_value)
