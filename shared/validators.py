"""Validators of the app settings: each turns a setting's text into its value, or raises ValueError.

The error says what the text must be. It never quotes the text, which may be a secret.
"""

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, NotRequired, TypedDict
from uuid import UUID

import msgspec

MIN_KEY_BYTES = 32  # RFC 7518 §3.2: an HS256 key is at least as long as the hash
AZURITE = "usedevelopmentstorage=true"  # Azure's short form of the connection string of a local Azurite
PUBLIC_INGESTION = "https://dc.services.visualstudio.com"  # the default of a connection string without an endpoint
OTHER_KEY_FORMATS = ("ssh-", "ecdsa-", "{")  # PyJWT refuses them as secrets, and a login would fail
PASSWORD_HASH = r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}"  # noqa: S105 - the form of a bcrypt hash
CHECKED_HASH = PASSWORD_HASH.replace(r"\d\d", "(0[4-9]|1[0-2])")
"""With a cost of 12 at most: a dearer check would show that the name exists."""

type Validator = Callable[[str], Any]


def text(value: str) -> str:
    """Accept any text."""
    return value


def switch(value: str) -> bool:
    """Accept `true` or `false`."""
    if value.lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return value.lower() == "true"


def number(low: float, high: float, *, whole: bool = True) -> Validator:
    """Accept a number from `low` to `high`, both included."""

    def validate(value: str) -> float:
        try:
            result: float = int(value) if whole else float(value)
        except ValueError:
            raise ValueError(f"must be a {'whole ' if whole else ''}number") from None
        if not (math.isfinite(result) and low <= result <= high):
            raise ValueError(f"must be from {low} to {high}")
        return result

    return validate


def one_of(*allowed: str) -> Validator:
    """Accept one of these words."""

    def validate(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return validate


def key(value: str) -> str:
    """Accept a signing key of at least 32 bytes."""
    if len(value.encode()) < MIN_KEY_BYTES:
        raise ValueError(f"must have at least {MIN_KEY_BYTES} bytes")
    if "-----BEGIN" in value or value.lstrip().startswith(OTHER_KEY_FORMATS):
        raise ValueError("must be random text, not a PEM, SSH or JSON key")
    return value


def issuer(value: str) -> str:
    """Accept the URL of an OpenID Connect issuer, as in its tokens' `iss` (OpenID Connect Discovery 1.0 §2)."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~%/-]*)?", value):
        raise ValueError("must be a URL like https://issuer.example/tenant")
    return value


def url(value: str) -> str:
    """Accept a URL, in whose path and query `{entity_id}` and `{features}` are replaced. A caller chooses no host."""
    if not re.fullmatch(r"https?://[^\s{}/?#]+([/?#]([^\s{}]|\{entity_id\}|\{features\})*)?", value):
        raise ValueError("must be a URL like https://crm.example/patients/{entity_id}, see docs/features.md")
    return value


def scopes(value: str) -> str:
    """Accept scopes or app roles, separated by single spaces (RFC 6749 §3.3)."""
    if not re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*", value):
        raise ValueError("must be scopes or app roles with one space between")
    return value


type PasswordHash = Annotated[str, msgspec.Meta(pattern=f"^{CHECKED_HASH}$")]


class StoredUser(TypedDict):
    """One user in the USERS setting."""

    password_hash: PasswordHash
    disabled: NotRequired[bool]
    tokens_not_before: NotRequired[int]
    created: NotRequired[int]


def users(value: str) -> Mapping[str, StoredUser]:
    """Accept a JSON object: user name → bcrypt hash, or → an object with the hash and the user's other members."""
    try:
        decoded = msgspec.json.decode(value, type=dict[str, PasswordHash | StoredUser])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise ValueError("must be a JSON object of user names and bcrypt hashes of cost 4 to 12") from None
    return MappingProxyType(
        {name: StoredUser(password_hash=user) if isinstance(user, str) else user for name, user in decoded.items()}
    )


def table(value: str) -> str:
    """Accept the name of an Azure table."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,62}", value):
        raise ValueError("must be 3 to 63 letters and digits, a letter first")
    return value


def storage_connection(value: str) -> str:
    """Accept an Azure Storage connection string."""
    if value.lower().rstrip("; ") == AZURITE:
        return value.rstrip("; ")  # the library takes no other form
    names = {name.lower() for name, equals, _ in (part.partition("=") for part in value.split(";")) if equals}
    if not names >= {"accountname", "accountkey"} and not names >= {"tableendpoint", "sharedaccesssignature"}:
        raise ValueError("must contain AccountName and AccountKey, or TableEndpoint and SharedAccessSignature")
    return value


def storage_uri(value: str) -> str:
    """Accept the URL of a storage account's tables. Only https: a token is sent to it."""
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9-]+)?/?", value):
        raise ValueError("must be a URL like https://account.table.core.windows.net")
    return value


def identity(value: str) -> str:
    """Accept the client id of a user-assigned identity."""
    try:
        return str(UUID(value))
    except ValueError:
        raise ValueError("must be a UUID") from None


class Ingestion(NamedTuple):
    """The destination of telemetry."""

    key: str
    """The instrumentation key, which names the Application Insights resource."""
    endpoint: str
    """`https://…`, without a slash at its end."""


def ingestion(connection_string: str) -> Ingestion:
    """Parse an Application Insights connection string. Raises ValueError without quoting it."""
    pairs = (pair.partition("=") for pair in connection_string.split(";"))
    parts = {name.strip().lower(): value.strip() for name, _, value in pairs}
    try:
        instrumentation_key = str(UUID(parts.get("instrumentationkey", "")))
    except ValueError:
        raise ValueError("must contain an InstrumentationKey that is a UUID") from None
    endpoint = parts.get("ingestionendpoint", PUBLIC_INGESTION).rstrip("/")
    if not re.fullmatch(r"https?://[^/\s]+", endpoint):
        raise ValueError("must contain an IngestionEndpoint that is a URL, or none")
    return Ingestion(instrumentation_key, endpoint)


def connection_string(value: str) -> str:
    """Accept an Application Insights connection string."""
    ingestion(value)
    return value
