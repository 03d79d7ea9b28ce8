"""Bearer tokens: JSON Web Tokens (RFC 7519) signed with HS256 and checked as RFC 8725 asks.

Signed with the newest key, verified with any. What was verified is remembered; expiry is checked on every hit, so
nothing remembered outlives its token.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jwt
import msgspec

from shared import settings
from shared.auth.remembered import Remembered
from shared.problems import REALM, InvalidToken
from shared.settings import Settings

ALGORITHM = "HS256"
TYPE = "at+jwt"  # RFC 9068 §2.1
CLAIMS = ("iss", "aud", "sub", "iat", "nbf", "exp", "jti")
CLOCK_SKEW_SECONDS = 5  # instances' clocks may differ this much; exp gets none
MOST_BYTES = 4_096  # ours have about 400; a longer one is refused unread
UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)
"""What is raised for a token that is not one: tests/test_mapped_errors.py holds that there is no other."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. Times in Unix seconds."""

    subject: str
    issued_at: float
    expires_at: float


class Tokens:
    """Issues and verifies tokens with `keys`, newest first. One per set of keys: what it remembers goes with it."""

    def __init__(self, keys: Sequence[str], lifetime_seconds: int, now: Callable[[], float] = time.time) -> None:
        self._keys = {key_id(key): key for key in keys}
        self._newest = key_id(keys[0])
        self._now = now
        self._remembered = Remembered[Claims]()
        self.lifetime_seconds = lifetime_seconds

    def issue(self, subject: str) -> str:
        """A new token for the user `subject`."""
        now = int(self._now())
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

    def verify(self, token: str) -> Claims:
        """The claims of a token that holds. Raises InvalidToken; its reason is for telemetry."""
        claims = self._remembered.get(token)
        if claims is None:
            claims = self._decoded(token)
            self._remembered.keep(token, claims)
        if claims.expires_at <= self._now():
            self._remembered.forget(token)
            raise InvalidToken(reason="expired")
        return claims

    def _decoded(self, token: str) -> Claims:
        if len(token) > MOST_BYTES:
            raise InvalidToken(reason="too long")
        key = self._keys.get(_named_key(token))
        if key is None:
            raise InvalidToken(reason="unknown kid")
        try:
            found = jwt.decode_complete(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=REALM,
                audience=REALM,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": list(CLAIMS), "strict_aud": True},
            )
            claims = found["payload"]
            verified = Claims(claims["sub"], float(claims["iat"]), float(claims["exp"]))
        except UNREADABLE as error:
            raise InvalidToken(reason=type(error).__name__) from error
        if str(found["header"].get("typ", "")).lower() != TYPE:
            raise InvalidToken(reason="another typ")
        return verified


class _Named(msgspec.Struct):
    """What a token's header says of its key."""

    kid: str = ""


def _named_key(token: str) -> str:
    """The `kid` that a token names, which proves nothing. PyJWT would take apart the whole token for it."""
    try:
        header = token.partition(".")[0]
        return msgspec.json.decode(base64.urlsafe_b64decode(header + "=="), type=_Named).kid
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise InvalidToken(reason=type(error).__name__) from error


def key_id(key: str) -> str:
    """The `kid` of a key: derived, so that nobody has to name keys, and telling nothing of the key."""
    return hashlib.sha256(b"egl-ml kid:" + key.encode()).hexdigest()[:12]


@settings.derived
def current(told: Settings) -> Tokens:
    """The process's tokens. Raises SettingInvalid when their settings are wrong."""
    told.require("tokens")
    keys = (told.token_key, told.token_key_previous) if told.token_key_previous else (told.token_key,)
    return Tokens(keys, told.token_lifetime_seconds)
