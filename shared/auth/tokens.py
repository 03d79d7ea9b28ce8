"""Bearer tokens: JSON Web Tokens (RFC 7519), signed with HS256 and verified as RFC 8725 recommends.

Signed with the newest key, verified with any. Verified tokens are cached; expiry is checked on every hit, so no cache
entry outlives its token.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jwt
import msgspec

from shared.auth.token_cache import TokenCache
from shared.problems import REALM, InvalidToken
from shared.settings import Settings

ALGORITHM = "HS256"
TYPE = "at+jwt"  # RFC 9068 §2.1
CLAIMS = ("iss", "aud", "sub", "iat", "nbf", "exp", "jti")
CLOCK_SKEW_SECONDS = 5  # instances' clocks may differ this much; exp gets none
MAX_BYTES = 4_096  # ours have about 400; a longer one is refused unread
UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)
"""Every exception for a text that is no valid token; tests/test_mapped_errors.py checks that there is no other."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a verified token. Times in Unix seconds."""

    subject: str
    issued_at: float
    expires_at: float


class Tokens:
    """Issues and verifies tokens with `keys`, newest first. Other keys mean another object, with an empty cache."""

    def __init__(self, keys: Sequence[str], lifetime_seconds: int, now: Callable[[], float] = time.time) -> None:
        self._keys = {key_id(key): key for key in keys}
        self._newest = key_id(keys[0])
        self._now = now
        self._cache = TokenCache[Claims]()
        self.lifetime_seconds = lifetime_seconds

    @classmethod
    def from_settings(cls, settings: Settings) -> "Tokens":
        """Return the tokens of a service. Raises SettingInvalid when their settings are wrong."""
        settings.require("tokens")
        keys = [key for key in (settings.token_key, settings.token_key_previous) if key]
        return cls(keys, settings.token_lifetime_seconds)

    def issue(self, subject: str, issued_at: float | None = None) -> str:
        """Return a new token for the user `subject`, valid from `issued_at` on, by default from now on."""
        now = int(self._now() if issued_at is None else issued_at)
        claims = {
            "iss": REALM,
            "aud": REALM,
            "sub": subject,
            "iat": now,
            "nbf": now,
            "exp": now + self.lifetime_seconds,
            "jti": secrets.token_urlsafe(12),
        }
        return jwt.encode(claims, self._keys[self._newest], ALGORITHM, headers={"kid": self._newest, "typ": TYPE})

    def now(self) -> float:
        """Return the time as tokens have it."""
        return self._now()

    def verify(self, token: str) -> Claims:
        """Return the claims of a valid token. Raises InvalidToken; its reason is for telemetry."""
        claims = self._cache.get(token)
        if claims is None:
            claims = self._decode(token)
            self._cache.put(token, claims)
        if claims.expires_at <= self._now():
            self._cache.remove(token)
            raise InvalidToken(reason="expired")
        return claims

    def _decode(self, token: str) -> Claims:
        if len(token) > MAX_BYTES:
            raise InvalidToken(reason="too long")
        key = self._keys.get(_unverified_kid(token))
        if key is None:
            raise InvalidToken(reason="unknown kid")
        try:
            decoded = jwt.decode_complete(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=REALM,
                audience=REALM,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": list(CLAIMS), "strict_aud": True},
            )
            payload = decoded["payload"]
            claims = Claims(payload["sub"], float(payload["iat"]), float(payload["exp"]))
        except UNREADABLE as error:
            raise InvalidToken(reason=type(error).__name__) from error
        if str(decoded["header"].get("typ", "")).lower() != TYPE:
            raise InvalidToken(reason="wrong typ")
        return claims


class _Header(msgspec.Struct):
    """The part of a token's header that names its key."""

    kid: str = ""


def _unverified_kid(token: str) -> str:
    """Return the `kid` in a token's header, which proves nothing. PyJWT would decode the whole token for it."""
    try:
        header = token.partition(".")[0]
        return msgspec.json.decode(base64.urlsafe_b64decode(header + "=="), type=_Header).kid
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise InvalidToken(reason=type(error).__name__) from error


def key_id(key: str) -> str:
    """Return the `kid` of a key: derived, so that nobody has to name keys, and without revealing the key."""
    return hashlib.sha256(b"egl-ml kid:" + key.encode()).hexdigest()[:12]
