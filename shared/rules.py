"""What a setting's text may be: a rule turns it into a value, or says what is wrong without quoting it."""

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, NotRequired, TypedDict
from uuid import UUID

import msgspec

LEAST_KEY_BYTES = 32  # RFC 7518 §3.2: an HS256 key is at least as long as the hash
AZURITE = "usedevelopmentstorage=true"  # Azure's own short form of the connection string of Azurite on this machine
PUBLIC_INGESTION = "https://dc.services.visualstudio.com"  # where a connection string without an endpoint means
KEYS_OF_OTHER_KINDS = ("ssh-", "ecdsa-", "{")  # PyJWT refuses them as secrets, and a login would fail
PASSWORD_HASH = r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}"  # noqa: S105 - what bcrypt's look like

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
    if "-----BEGIN" in value or value.lstrip().startswith(KEYS_OF_OTHER_KINDS):
        raise ValueError("must be random text: PEM, SSH and JSON keys sign nothing here")
    return value


def issuer(value: str) -> str:
    """The URL of an OpenID Connect issuer, as its tokens' `iss` has it (OpenID Connect Discovery 1.0 §2)."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~%/-]*)?", value):
        raise ValueError("must be a URL like https://issuer.example/tenant")
    return value


def scopes(value: str) -> str:
    """Scopes or app roles, separated by spaces (RFC 6749 §3.3)."""
    if not re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*", value):
        raise ValueError("must be scopes or app roles with one space between")
    return value


type PasswordHash = Annotated[str, msgspec.Meta(pattern=f"^{PASSWORD_HASH}$")]


class StoredUser(TypedDict):
    """What USERS says of one user."""

    password_hash: PasswordHash
    disabled: NotRequired[bool]
    tokens_not_before: NotRequired[int]
    created: NotRequired[int]


def one_of(*allowed: str) -> Rule:
    """One of these words."""

    def rule(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return rule


def users(value: str) -> Mapping[str, StoredUser]:
    """A JSON object: user name → bcrypt hash, or → an object with the hash and what else is known of the user."""
    try:
        found = msgspec.json.decode(value, type=dict[str, PasswordHash | StoredUser])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise ValueError("must be a JSON object of user names and bcrypt hashes") from None
    return MappingProxyType(
        {name: StoredUser(password_hash=each) if isinstance(each, str) else each for name, each in found.items()}
    )


def table(value: str) -> str:
    """The name of an Azure table."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,62}", value):
        raise ValueError("must be 3 to 63 letters and digits, a letter first")
    return value


def storage_connection(value: str) -> str:
    """An Azure Storage connection string."""
    if value.lower().rstrip("; ") == AZURITE:
        return value
    parts = {name.lower() for name, equals, _ in (each.partition("=") for each in value.split(";")) if equals}
    if not parts >= {"accountname", "accountkey"} and not parts >= {"tableendpoint", "sharedaccesssignature"}:
        raise ValueError("must hold AccountName and AccountKey, or TableEndpoint and SharedAccessSignature")
    return value


def storage_uri(value: str) -> str:
    """Where a storage account's tables are. https only: a token would go over it."""
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9-]+)?/?", value):
        raise ValueError("must be a URL like https://account.table.core.windows.net")
    return value


def identity(value: str) -> str:
    """The client id of a user-assigned identity."""
    try:
        return str(UUID(value))
    except ValueError:
        raise ValueError("must be a UUID") from None


class Ingestion(NamedTuple):
    """Where telemetry goes, and whose it is."""

    key: str
    """The instrumentation key: which Application Insights."""
    endpoint: str
    """`https://…`, without a slash at its end."""


def ingestion(connection_string: str) -> Ingestion:
    """What an Application Insights connection string says. Raises ValueError without quoting it."""
    pairs = (pair.partition("=") for pair in connection_string.split(";"))
    parts = {name.strip().lower(): value.strip() for name, _, value in pairs}
    try:
        instrumentation_key = str(UUID(parts.get("instrumentationkey", "")))
    except ValueError:
        raise ValueError("must hold an InstrumentationKey that is a UUID") from None
    endpoint = parts.get("ingestionendpoint", PUBLIC_INGESTION).rstrip("/")
    if not re.fullmatch(r"https?://[^/\s]+", endpoint):
        raise ValueError("must hold an IngestionEndpoint that is a URL, or none")
    return Ingestion(instrumentation_key, endpoint)


def connection_string(value: str) -> str:
    """An Application Insights connection string."""
    ingestion(value)
    return value
