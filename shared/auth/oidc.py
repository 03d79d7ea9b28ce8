"""Tokens of another issuer: Entra ID, or any that speaks OpenID Connect (OIDC_ISSUER).

Which tokens are the issuer's is read from their `iss` before anything is proven. That only chooses who checks: the
issuer's tokens meet the issuer's public keys and nothing else, ours meet TOKEN_KEY and nothing else, and each requires
its own `iss`. So a token that lies about where it comes from meets keys that did not sign it.
"""

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jwt
import msgspec

from shared import settings
from shared.auth.jwks import ALGORITHMS, Keys, discovery_url
from shared.auth.remembered import Remembered
from shared.auth.tokens import CLOCK_SKEW_SECONDS, UNREADABLE, Claims
from shared.problems import InsufficientScope, InvalidToken
from shared.settings import Settings

__all__ = ["Issuer", "current", "discovery_url"]

CLAIMS = ("iss", "aud", "sub", "iat", "exp")
TYPES = ("", "jwt", "at+jwt", "application/at+jwt")  # RFC 9068 §4; Entra ID says JWT
PREFIX = "oidc:"  # no name in our own users' store begins so
MOST_BYTES = 16_384  # Entra ID lists up to 200 groups of 36 characters
MOST_NAME = 255  # OpenID Connect Core 1.0 §2


class Named(msgspec.Struct):
    """What a token says of where it comes from."""

    iss: str = ""


class Verified(NamedTuple):
    """A token that held, and the key that said so: with the key gone it has to be checked again."""

    claims: Claims
    key: jwt.PyJWK
    kid: str


class Issuer:
    """Verifies the tokens that `issuer` made for `audience`; one of `scopes` must be granted, where there are any."""

    def __init__(
        self, issuer: str, audience: str, scopes: str, keys: Keys, now: Callable[[], float] = time.time
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._scopes = scopes
        self._keys = keys
        self._now = now
        self._remembered = Remembered[Verified]()

    def is_named_by(self, token: str) -> bool:
        """Whether `token` says that this issuer made it, which proves nothing."""
        try:  # without PyJWT, which takes ten times as long, and every token of ours passes here
            payload = base64.urlsafe_b64decode(token.split(".")[1] + "==")
            return msgspec.json.decode(payload, type=Named).iss == self._issuer
        except (IndexError, ValueError, msgspec.MsgspecError, RecursionError):
            return False

    async def verify(self, token: str) -> Claims:
        """The claims of a token that holds; the subject is `oidc:` and the caller's name.

        Raises InvalidToken, InsufficientScope, or Unavailable when the token's key is not known and the issuer cannot
        be asked.
        """
        found = self._remembered.get(token)
        kid = found.kid if found else _kid(token)
        key = await self._keys.find(kid)
        if found is None or found.key is not key:
            found = Verified(self._decoded(token, key), key, kid)
            self._remembered.keep(token, found)
        if found.claims.expires_at <= self._now():
            self._remembered.forget(token)
            raise InvalidToken(reason="expired")
        return found.claims

    def _decoded(self, token: str, key: jwt.PyJWK) -> Claims:
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHMS[str(key.key_type)]],
                issuer=self._issuer,
                audience=self._audience,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": list(CLAIMS), "enforce_minimum_key_length": True},
            )
            found = Claims(name(claims), float(claims["iat"]), float(claims["exp"]))
        except UNREADABLE as error:
            raise InvalidToken(reason=type(error).__name__) from error
        if self._scopes and not granted(claims) & set(self._scopes.split()):
            raise InsufficientScope(self._scopes, reason=f"{found.subject} has {sorted(granted(claims))}")
        return found


def name(claims: Mapping[str, Any]) -> str:
    """The caller's name: `sub`, which an issuer never gives to another. Raises InvalidToken for an unusable one.

    Entra ID's `sub` is another for each application and nobody can look it up; its `oid` is the id of the person, or of
    the application, in the directory `tid`.
    """
    found = claims.get("oid", claims["sub"]) if "tid" in claims else claims["sub"]
    if not isinstance(found, str) or not 0 < len(found) <= MOST_NAME:
        raise InvalidToken(reason="no name")
    return PREFIX + found


def granted(claims: Mapping[str, Any]) -> set[str]:
    """The scopes (RFC 9068 §2.2.3; Entra ID's `scp`) and app roles that a token carries."""
    given = [claims.get(claim) for claim in ("scope", "scp", "roles")]
    texts = " ".join(each for each in given if isinstance(each, str)).split()
    listed = [each for many in given if isinstance(many, list) for each in many if isinstance(each, str)]
    return {*texts, *listed}


@settings.derived
def current(told: Settings) -> Issuer | None:
    """The issuer that this process was told of, if any. Raises SettingInvalid when its settings are wrong."""
    told.require("tokens")
    if not told.oidc_issuer:
        return None
    return Issuer(told.oidc_issuer, told.oidc_audience, told.oidc_required_scope, Keys(told.oidc_issuer))


def _kid(token: str) -> str:
    """The key that the token names. Raises InvalidToken."""
    if len(token) > MOST_BYTES:
        raise InvalidToken(reason="too long")
    try:
        header = jwt.get_unverified_header(token)
    except UNREADABLE as error:
        raise InvalidToken(reason=type(error).__name__) from error
    if str(header.get("typ", "")).lower() not in TYPES or not header.get("kid"):
        raise InvalidToken(reason="no kid or other typ")
    return str(header["kid"])
