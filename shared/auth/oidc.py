"""Tokens of another issuer: Entra ID, or any other that speaks OpenID Connect (OIDC_ISSUER).

A token's `iss` is read before anything is verified, and only chooses the keys: the issuer's tokens are verified with
the issuer's public keys alone, ours with TOKEN_KEY alone, and each kind must carry its own `iss`. So a token with a
false `iss` meets keys that did not sign it.
"""

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jwt
import msgspec

from shared.auth.jwks import ALGORITHMS, Keys, discovery_url
from shared.auth.token_cache import TokenCache
from shared.auth.tokens import CLOCK_SKEW_SECONDS, UNREADABLE, Claims
from shared.problems import InsufficientScope, InvalidToken
from shared.settings import Settings
from shared.threads import Pool

__all__ = ["Issuer", "discovery_url"]

CLAIMS = ("iss", "aud", "sub", "iat", "exp")
TYPES = ("", "jwt", "at+jwt", "application/at+jwt")  # RFC 9068 §4; Entra ID writes JWT
ID_TOKEN_HASHES = {"at_hash", "c_hash"}
PREFIX = "oidc:"  # no name in our own users' store begins so
MAX_BYTES = 16_384  # Entra ID lists up to 200 groups of 36 characters
MAX_NAME_LENGTH = 255  # OpenID Connect Core 1.0 §2


class UnverifiedClaims(msgspec.Struct):
    """The claim that chooses the keys."""

    iss: str = ""


class Verified(NamedTuple):
    """A verified token, and the key that verified it: with another key it has to be verified again."""

    claims: Claims
    key: jwt.PyJWK
    kid: str


class Issuer:
    """Verifies access tokens of `issuer` for `audience`; one of `scopes` must be granted."""

    def __init__(
        self, issuer: str, audience: str, scopes: str, keys: Keys, now: Callable[[], float] = time.time
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._scopes = scopes
        self._keys = keys
        self._now = now
        self._cache = TokenCache[Verified]()

    @classmethod
    def from_settings(cls, settings: Settings, pool: Pool) -> "Issuer | None":
        """Return the issuer in the settings, if any. Raises SettingInvalid when they are wrong."""
        settings.require("tokens")
        if not settings.oidc_issuer:
            return None
        keys = Keys(settings.oidc_issuer, pool)
        return cls(settings.oidc_issuer, settings.oidc_audience, settings.oidc_required_scope, keys)

    def is_named_by(self, token: str) -> bool:
        """Return True when `token` names this issuer, which proves nothing."""
        try:  # without PyJWT, which takes ten times as long, and every token of ours passes here
            payload = base64.urlsafe_b64decode(token.split(".")[1] + "==")
            return msgspec.json.decode(payload, type=UnverifiedClaims).iss == self._issuer
        except (IndexError, ValueError, msgspec.MsgspecError, RecursionError):
            return False

    async def verify(self, token: str) -> Claims:
        """Return the claims of a valid token; the subject is `oidc:` and the caller's name.

        Raises InvalidToken, InsufficientScope, or Unavailable when the token's key is unknown and the issuer does not
        respond.
        """
        verified = self._cache.get(token)
        kid = verified.kid if verified else _kid(token)
        key = await self._keys.find(kid)
        if verified is None or verified.key is not key:
            verified = Verified(self._decode(token, key), key, kid)
            self._cache.put(token, verified)
        if verified.claims.expires_at <= self._now():
            self._cache.remove(token)
            raise InvalidToken(reason="expired")
        return verified.claims

    def _decode(self, token: str, key: jwt.PyJWK) -> Claims:
        try:
            payload = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHMS[str(key.key_type)]],
                issuer=self._issuer,
                audience=self._audience,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": list(CLAIMS), "enforce_minimum_key_length": True},
            )
            claims = Claims(name(payload), float(payload["iat"]), float(payload["exp"]))
        except UNREADABLE as error:
            raise InvalidToken(reason=type(error).__name__) from error
        if is_id_token(payload):
            raise InvalidToken(reason="an ID token")
        if not granted(payload) & set(self._scopes.split()):
            raise InsufficientScope(self._scopes, reason=f"{claims.subject} has {sorted(granted(payload))}")
        return claims


def is_id_token(claims: Mapping[str, Any]) -> bool:
    """Return true for a token that says who logged in to an application: it gives access to nothing.

    Only an ID token has a nonce or the hash of another token (OpenID Connect Core 1.0 §3.1.3.6, §3.3.2.11). Keycloak
    before version 24 puts a nonce into access tokens too, and names their type `Bearer`.
    """
    if ID_TOKEN_HASHES & claims.keys():
        return True
    return "nonce" in claims and str(claims.get("typ", "")).lower() != "bearer"


def name(claims: Mapping[str, Any]) -> str:
    """Return the caller's name: `sub`, which an issuer never reuses. Raises InvalidToken for an unusable one.

    Entra ID's `sub` differs between applications and nobody can look it up; its `oid` is the id of the person, or of
    the application, in the directory `tid`.
    """
    subject = claims.get("oid", claims["sub"]) if "tid" in claims else claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_NAME_LENGTH:
        raise InvalidToken(reason="no name")
    return PREFIX + subject


def granted(claims: Mapping[str, Any]) -> set[str]:
    """Return the scopes (RFC 9068 §2.2.3; Entra ID's `scp`) and app roles of a token."""
    values = [claims.get(claim) for claim in ("scope", "scp", "roles")]
    from_texts = " ".join(value for value in values if isinstance(value, str)).split()
    from_lists = [item for value in values if isinstance(value, list) for item in value if isinstance(item, str)]
    return {*from_texts, *from_lists}


def _kid(token: str) -> str:
    """Return the key that the token names. Raises InvalidToken."""
    if len(token) > MAX_BYTES:
        raise InvalidToken(reason="too long")
    try:
        header = jwt.get_unverified_header(token)
    except UNREADABLE as error:
        raise InvalidToken(reason=type(error).__name__) from error
    if str(header.get("typ", "")).lower() not in TYPES or not header.get("kid"):
        raise InvalidToken(reason="no kid or wrong typ")
    return str(header["kid"])
