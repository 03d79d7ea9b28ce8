"""Every error that a client can receive, as one tree.

    Problem                             500  internal
    ├── MalformedJson                   400  malformed-json
    ├── Unauthorized                    401  unauthorized             no credentials: no error code (RFC 6750 §3)
    │   └── InvalidToken                401  invalid-token
    ├── InsufficientScope               403  insufficient-scope
    ├── NotFound                        404  not-found
    │   └── NoClasses                   404  no-classes
    ├── TooLarge                        413  too-large
    │   └── TooManyInstances            413  too-many-instances
    ├── UnsupportedMediaType            415  unsupported-media-type
    ├── InvalidInstances                422  invalid-instances
    ├── FeaturesInvalid                 502  features-invalid
    ├── Unavailable                     503  unavailable              try again later
    │   ├── SettingInvalid              503  setting-invalid
    │   ├── LoginsBusy                  503  logins-busy
    │   ├── StoreUnavailable            503  store-unavailable
    │   │   ├── UsersUnavailable        503  users-unavailable
    │   │   └── FeaturesUnavailable     503  features-unavailable
    │   └── ModelUnavailable            503  model-missing
    │       ├── ModelCorrupt            503  model-integrity
    │       └── ModelVersionMismatch    503  model-version
    └── GrantRefused                    400  invalid-request          POST /token only (RFC 6749 §5.2)
        ├── InvalidGrant                401  invalid-grant
        ├── UnsupportedGrantType        400  unsupported-grant-type
        └── TooManyLogins               429  too-many-logins

A problem is a status and data (RFC 9457), rendered in `api.endpoint`. This module imports no HTTP library and no
telemetry. `reason` goes to telemetry only, never to a client.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import ClassVar, NamedTuple

REALM = "egl-ml"
MAX_BAD_FIELDS = 20  # listed in one response: enough to correct a form, too few to fill a log


MAX_NAME_LENGTH = 200


class Reason(StrEnum):
    """What is wrong with a member, as a code for telemetry."""

    MISSING = "missing"
    NULL = "null"
    NOT_A_NUMBER = "not-a-number"
    NOT_A_BOOLEAN = "not-a-boolean"
    NOT_A_TEXT = "not-a-text"
    TOO_LONG = "too-long"
    UNKNOWN_CATEGORY = "unknown-category"
    UNKNOWN_FIELD = "unknown-field"
    UNKNOWN_ENTITY = "unknown-entity"
    OUT_OF_BOUNDS = "out-of-bounds"
    WRONG_SHAPE = "wrong-shape"
    """Not a list, not an object, or empty."""
    REFUSED = "refused-by-the-model"
    STORED_WRONG = "wrong-in-the-feature-store"


class BadField(NamedTuple):
    """One wrong member of a request body."""

    pointer: str
    """JSON pointer (RFC 6901) into the body, such as `/instances/0/bmi`."""
    detail: str
    reason: Reason
    """For telemetry only, as the next one."""
    feature: str = ""
    """The name of the model's feature; empty where it is none. Never a text of the caller."""


def pointer(*parts: str | int) -> str:
    """Return the JSON pointer (RFC 6901 §3) to the member at `parts`. A name of over 200 characters is cut off."""
    return "".join("/" + _short(str(part)).replace("~", "~0").replace("/", "~1") for part in parts)


def _short(name: str) -> str:
    """Return a name that a response may repeat: a caller chooses it, at any length."""
    return name if len(name) <= MAX_NAME_LENGTH else f"{name[:MAX_NAME_LENGTH]}…"


class Problem(Exception):
    """The root: an unexpected failure. The response names no cause."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "The service failed"
    oauth_error: ClassVar[str] = "invalid_request"
    """The RFC 6749 §5.2 code that stands beside the other members in a response of /token."""

    def __init__(
        self,
        detail: str = "",
        *,
        bad_fields: Sequence[BadField] = (),
        headers: Mapping[str, str] | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.bad_fields = tuple(bad_fields)[:MAX_BAD_FIELDS]
        self.headers = dict(headers or {})
        self.reason = reason


class MalformedJson(Problem):
    status, slug, title = 400, "malformed-json", "The body is not JSON"


class Unauthorized(Problem):
    """The request has no bearer token."""

    status, slug, title = 401, "unauthorized", "A bearer token is needed"
    challenge: ClassVar[str] = f'Bearer realm="{REALM}"'

    def __init__(self, detail: str = "", *, reason: str = "") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": self.challenge}, reason=reason)


class InvalidToken(Unauthorized):
    """The token is expired, forged, revoked or not a token. `reason` names which, for telemetry only."""

    slug, title = "invalid-token", "The token is not valid"
    challenge = f'Bearer realm="{REALM}", error="invalid_token"'


class InsufficientScope(Problem):
    """The token is valid, but lacks the scope or role that the service requires (RFC 6750 §3.1)."""

    status, slug, title = 403, "insufficient-scope", "The token does not carry the scope or role that is needed"

    def __init__(self, scope: str, *, reason: str = "") -> None:
        challenge = f'Bearer realm="{REALM}", error="insufficient_scope", scope="{scope}"'
        super().__init__(headers={"WWW-Authenticate": challenge}, reason=reason)


class NotFound(Problem):
    status, slug, title = 404, "not-found", "There is nothing here"


class NoClasses(NotFound):
    slug, title = "no-classes", "The model has no classes"


class TooLarge(Problem):
    status, slug, title = 413, "too-large", "The body is too large"


class TooManyInstances(TooLarge):
    slug, title = "too-many-instances", "Too many instances in one request"


class UnsupportedMediaType(Problem):
    status, slug, title = 415, "unsupported-media-type", "The content type is not supported"


class InvalidInstances(Problem):
    """The body is JSON, but not what the model needs. `bad_fields` lists every wrong field, up to 20."""

    status, slug, title = 422, "invalid-instances", "The instances do not fit the model"


class FeaturesInvalid(Problem):
    """The feature store returned a value that is no feature. No prediction is made from it."""

    status, slug, title = 502, "features-invalid", "The feature store's answer cannot be used"


class Unavailable(Problem):
    """Something that the response needs is not there now. `Retry-After` is in whole seconds."""

    status, slug, title = 503, "unavailable", "The service cannot answer now"
    oauth_error = "temporarily_unavailable"

    def __init__(self, detail: str = "", *, retry_after: int = 5, reason: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, reason=reason)


class SettingInvalid(Unavailable):
    """An app setting that this function needs is missing or wrong. The detail names no value."""

    slug, title = "setting-invalid", "The service is not configured"


class LoginsBusy(Unavailable):
    """More passwords wait for their check than a few seconds can hold. This one was not checked."""

    slug, title = "logins-busy", "Too many logins at the same time"


class StoreUnavailable(Unavailable):
    """A store of the service does not respond, or responds with an error."""

    slug, title = "store-unavailable", "A store cannot be reached"


class UsersUnavailable(StoreUnavailable):
    slug, title = "users-unavailable", "The users cannot be looked up now"


class FeaturesUnavailable(StoreUnavailable):
    """The feature store did not respond in time, or is not called for a while because it failed too often."""

    slug, title = "features-unavailable", "The features cannot be looked up now"


class ModelUnavailable(Unavailable):
    """The model cannot be served. The slug is the readiness reason: missing file, wrong bytes, other library."""

    slug, title = "model-missing", "The model cannot be served"


class ModelCorrupt(ModelUnavailable):
    """The SHA-256 of a model file differs from the one in the manifest."""

    slug = "model-integrity"


class ModelVersionMismatch(ModelUnavailable):
    """The model was trained with another minor version of scikit-learn than the installed one."""

    slug = "model-version"


class GrantRefused(Problem):
    """A malformed token request: a parameter is missing, repeated or of the wrong kind."""

    status, slug, title = 400, "invalid-request", "The token request is malformed"


class InvalidGrant(GrantRefused):
    """Wrong name or password. 401 where RFC 6749 has 400: docs/decisions.md has the reason."""

    status, slug, title = 401, "invalid-grant", "Wrong user name or password"
    oauth_error = "invalid_grant"

    def __init__(self, *, reason: str = "") -> None:
        super().__init__(headers={"WWW-Authenticate": Unauthorized.challenge}, reason=reason)


class UnsupportedGrantType(GrantRefused):
    slug, title = "unsupported-grant-type", "Only grant_type=password is supported"
    oauth_error = "unsupported_grant_type"


class TooManyLogins(GrantRefused):
    """Too many failed logins. `Retry-After` is in whole seconds. RFC 6749 has no code for it: RFC 8628 §3.5 has one."""

    status, slug, title = 429, "too-many-logins", "Too many failed logins: try again later"
    oauth_error = "slow_down"

    def __init__(self, retry_after: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)})
