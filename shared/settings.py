"""Every app setting: name, type, default and validator. The only reader of the process's environment.

A setting is a field of `Settings`; its name in upper case is the app setting's name. Reading never raises, because
importing the functions must not fail for a bad setting. `errors` names what is wrong and never quotes a value;
`require` turns an error into a 503 for the functions that need the setting.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from shared.problems import SettingInvalid
from shared.validators import (
    AZURITE,
    StoredUser,
    Validator,
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
    url,
    users,
)
from shared.weak_keys import is_weak

UNRESOLVED = "@Microsoft.KeyVault("  # a reference that the platform could not resolve: long, and guessable
EXAMPLE_KEY_PREFIX = "example-"
BUILD_FILE = Path(__file__).resolve().parent.parent / "BUILD_ID"
"""Written by tools/package: an app setting would be rewritten at every provision."""
DEMO_NAME, DEMO_PASSWORD = "abi", "password"  # pragma: allowlist secret
DEMO_HASH = "$2b$12$D6NTDAFNT7wSRO1xg57oKuGBvewukVbzNP9K7/p7JNXKU6DsIE5TW"


def setting(default: str, validator: Validator, group: str, doc: str, *, secret: bool = False) -> Any:
    """Declare one app setting: default as text, validator, group, and the line for the docs."""
    value = validator(default) if default else default
    metadata = dict(default=default, validator=validator, group=group, doc=doc, secret=secret)
    return field(default=value, repr=not secret, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one service. An invalid setting has its default here, and its name is in `errors`."""

    token_key: str = setting(
        "", key, "tokens", "Signs the tokens; at least 32 bytes. Needed unless another issuer signs them.", secret=True
    )
    token_key_previous: str = setting(
        "", key, "tokens", "The former key, whose tokens stay valid while keys are changed.", secret=True
    )
    token_lifetime_seconds: int = setting("900", number(60, 86_400), "tokens", "Lifetime of a token in seconds.")
    trusted_proxies: int = setting(
        "1",
        number(0, 10),
        "users",
        "Addresses at the end of X-Forwarded-For that proxies of yours wrote: 1 in Azure, 2 behind Front Door or API "
        "Management, where the app accepts nobody else; 0 ignores the header.",
    )
    local_tokens: bool = setting(
        "true", switch, "tokens", "`false` turns `/token` off: only tokens of OIDC_ISSUER are valid."
    )
    oidc_issuer: str = setting(
        "", issuer, "tokens", "An OpenID Connect issuer (Entra ID or another) whose tokens are valid too: their `iss`."
    )
    oidc_audience: str = setting("", text, "tokens", "The `aud` of that issuer's tokens.")
    oidc_required_scope: str = setting(
        "",
        scopes,
        "tokens",
        "The scope or app role that its tokens must carry; needed with OIDC_ISSUER. Of several, one is enough.",
    )
    users: Mapping[str, StoredUser] = setting(
        "{}", users, "users", "JSON object, user name → bcrypt hash (`./egl users`).", secret=True
    )
    users_table: str = setting("", table, "users", "The Azure table with the users, in place of USERS.")
    storage_connection: str = setting(
        "", storage_connection, "storage", "The connection string of the tables' storage account.", secret=True
    )
    storage_table_uri: str = setting(
        "", storage_uri, "storage", "The tables' URL, for an identity in place of STORAGE_CONNECTION."
    )
    storage_client_id: str = setting("", identity, "storage", "The client id of that user-assigned identity.")
    model_manifest: str = setting("model/slr.json", text, "model", "The manifest of the model to serve.")
    challenger_manifest: str = setting(
        "", text, "challenger", "The manifest of a model to compare with the served one: model/challenger/slr.json."
    )
    challenger_share: float = setting(
        "0",
        number(0, 1, whole=False),
        "challenger",
        "Share of the answered predictions that the challenger scores too, after the response.",
    )
    features_source: str = setting(
        "none",
        one_of("none", "table", "feast", "http"),
        "features",
        "The store of missing features: `none`, `table`, `feast`, `http`.",
    )
    features_table: str = setting("features", table, "features", "The Azure table with one row per entity.")
    features_url: str = setting(
        "",
        url,
        "features",
        "The Feast server's URL, or the template of another endpoint's URL: see docs/features.md.",
        secret=True,
    )
    features_authorization: str = setting(
        "", text, "features", "The Authorization header for that server.", secret=True
    )
    features_timeout_ms: int = setting(
        "500", number(50, 10_000), "features", "Time limit of one pull in milliseconds, with its retry."
    )
    features_cache_seconds: float = setting(
        "0", number(0, 3_600, whole=False), "features", "How long a pulled row is reused, in seconds; 0 is never."
    )
    applicationinsights_connection_string: str = setting(
        "",
        connection_string,
        "telemetry",
        "Connection string of Application Insights. Without it telemetry goes to the console.",
        secret=True,
    )
    log_values_sample: float = setting(
        "0", number(0, 1, whole=False), "telemetry", "Share of the predictions whose feature values are logged too."
    )
    environment: str = setting("Production", text, "host", "`Development` on a laptop; set by the host.")
    site_name: str = setting("", text, "host", "The app's name in Azure; set by the platform.")
    instance_id: str = setting("", text, "host", "The instance of the app; set by the platform.")
    build_id: str = setting("local", text, "host", "The deployed build; set when the app is packaged.")
    errors: Mapping[str, str] = field(default_factory=dict)
    """App setting's name → what is wrong with it, without its value."""
    challenger_errors: Mapping[str, str] = field(default_factory=dict)
    """The same for the challenger's settings. Callers need none of them, so the service is ready all the same."""

    @classmethod
    def from_environment(cls, build_file: Path = BUILD_FILE) -> "Settings":
        """Read the process's environment, and the build id from the package's file. Never raises."""
        packaged = {"BUILD_ID": build_file.read_text(encoding="utf-8").strip()} if build_file.exists() else {}
        return cls.read({**packaged, **os.environ})

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings in `environ`; an empty value counts as absent. Never raises."""
        values: dict[str, Any] = {}
        errors: dict[str, str] = {}
        challenger_errors: dict[str, str] = {}
        for name, declared in DECLARED.items():
            if given := environ.get(name, ""):
                try:
                    values[declared.name] = _validated(given, declared.metadata["validator"])
                except ValueError as error:
                    found = challenger_errors if GROUPS[name] == CHALLENGER else errors
                    found[name] = str(error)
        settings = cls(**values, errors=errors, challenger_errors=challenger_errors)
        errors.update({name: error for name, error in _contradictions(settings) if name not in errors})
        return settings

    def require(self, *groups: str) -> "Settings":
        """Return these settings when those in `groups` are valid. Raises SettingInvalid, naming the others."""
        if self.errors and (names := sorted(name for name in self.errors if GROUPS[name] in groups)):
            raise SettingInvalid(reason="; ".join(f"{name} {self.errors[name]}" for name in names))
        return self

    def fingerprint(self) -> str:
        """Return 12 hex digits that change with any setting, secrets and the host's own settings excepted."""
        lines = [
            f"{name}={getattr(self, declared.name)}"
            for name, declared in DECLARED.items()
            if not declared.metadata["secret"] and declared.metadata["group"] != "host"
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]

    @property
    def development(self) -> bool:
        """True on a developer's machine. In Azure it is false, even with a developer's setting copied there."""
        return self.environment == "Development" and not self.site_name

    @property
    def has_challenger(self) -> bool:
        """True when a model is compared with the served one."""
        return bool(self.challenger_manifest) and self.challenger_share > 0 and not self.challenger_errors

    @property
    def has_feature_store(self) -> bool:
        """True when missing features may come from a store."""
        return self.features_source != "none"


HOST_NAMES = {
    "environment": "AZURE_FUNCTIONS_ENVIRONMENT",
    "site_name": "WEBSITE_SITE_NAME",
    "instance_id": "WEBSITE_INSTANCE_ID",
}
DECLARED = {HOST_NAMES.get(member.name, member.name.upper()): member for member in fields(Settings) if member.metadata}
"""App setting's name → its declaration."""
GROUPS = {name: declared.metadata["group"] for name, declared in DECLARED.items()}
CHALLENGER = "challenger"
"""The group of settings that stop nothing but the challenger."""


def _validated(value: str, validator: Validator) -> Any:
    if value.startswith(UNRESOLVED):
        raise ValueError("is a Key Vault reference that was not resolved")
    if not value.isascii() and re.search("[\ud800-\udfff]", value):  # Python's form of bytes that are not UTF-8
        raise ValueError("is not UTF-8 text")
    return validator(value)


def _contradictions(settings: Settings) -> Iterable[tuple[str, str]]:
    """Errors that show only when several settings are seen together."""
    if settings.local_tokens and not settings.token_key:
        yield "TOKEN_KEY", "is not set"
    if not settings.local_tokens and not settings.oidc_issuer:
        yield "LOCAL_TOKENS", "is false, and without OIDC_ISSUER no token is valid"
    if settings.oidc_issuer and not settings.oidc_audience:
        yield "OIDC_AUDIENCE", "is not set, but OIDC_ISSUER is"
    if settings.oidc_issuer and not settings.oidc_required_scope:
        yield "OIDC_REQUIRED_SCOPE", "is not set, but OIDC_ISSUER is"
    yield from _storage(settings)
    if settings.features_source in ("feast", "http") and not settings.features_url:
        yield "FEATURES_URL", f"is not set, but FEATURES_SOURCE is {settings.features_source}"
    if not settings.development:
        yield from _outside_development(settings)


def _outside_development(settings: Settings) -> Iterable[tuple[str, str]]:
    if settings.storage_connection.lower().startswith(AZURITE):
        yield "STORAGE_CONNECTION", "is Azurite's, which works in Development only"
    for name, value in (("TOKEN_KEY", settings.token_key), ("TOKEN_KEY_PREVIOUS", settings.token_key_previous)):
        if value.startswith(EXAMPLE_KEY_PREFIX):
            yield name, "is the example key, which works in Development only"
        elif value and is_weak(value):
            yield name, "can be guessed: use the output of openssl rand -hex 32"
    if any(user["password_hash"] == DEMO_HASH for user in settings.users.values()):
        yield "USERS", "contains the demo user, which works in Development only"
    if settings.oidc_issuer.startswith("http:"):
        yield "OIDC_ISSUER", "must be https outside Development"


def _storage(settings: Settings) -> Iterable[tuple[str, str]]:
    has_account = bool(settings.storage_connection or settings.storage_table_uri)
    if settings.users_table and not has_account:
        yield "USERS_TABLE", "is set, but neither STORAGE_CONNECTION nor STORAGE_TABLE_URI is"
    if settings.features_source == "table" and not has_account:
        yield "FEATURES_SOURCE", "is table, but neither STORAGE_CONNECTION nor STORAGE_TABLE_URI is set"
    if settings.storage_connection and settings.storage_table_uri:
        yield "STORAGE_CONNECTION", "is set beside STORAGE_TABLE_URI: set only one"
    if settings.storage_table_uri and not settings.storage_client_id and not settings.development:
        yield "STORAGE_CLIENT_ID", "is not set, but STORAGE_TABLE_URI is"
