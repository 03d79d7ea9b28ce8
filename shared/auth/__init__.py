"""The auth helper: who a caller is. `login` trades a password for a token, `guard` a token for a name."""

import msgspec

from shared import settings, telemetry
from shared.auth import grants, oidc, passwords, revocation, throttle, tokens, users
from shared.auth.grants import PasswordGrant, TokenAnswer
from shared.problems import (
    GrantRefused,
    InsufficientScope,
    InvalidGrant,
    InvalidToken,
    NotFound,
    SettingInvalid,
    TooManyLogins,
    Unauthorized,
    Unavailable,
    UnsupportedGrantType,
    UsersUnavailable,
)

__all__ = ["GUARD_PROBLEMS", "LOGIN_PROBLEMS", "PasswordGrant", "TokenAnswer", "guard", "login"]

LOGIN_PROBLEMS = (
    GrantRefused,
    InvalidGrant,
    UnsupportedGrantType,
    TooManyLogins,
    NotFound,
    SettingInvalid,
    UsersUnavailable,
)
"""What `login` raises."""
GUARD_PROBLEMS = (Unauthorized, InvalidToken, InsufficientScope, SettingInvalid, Unavailable)
"""What `guard` raises."""

_log = telemetry.get_logger("auth")


async def login(body: bytes, media_type: str, forwarded_for: str = "") -> bytes:
    """A token for the user whose name and password are in `body`, as JSON; `forwarded_for` is the header's value.

    Raises GrantRefused, UnsupportedGrantType, InvalidGrant (the same for unknown users, disabled ones and wrong
    passwords), TooManyLogins, SettingInvalid, UsersUnavailable, or NotFound where LOCAL_TOKENS is off.
    """
    if not settings.current().local_tokens:
        raise NotFound("This service makes no tokens: get one from its issuer")
    with telemetry.step("decode"):
        grant = grants.parse(body, media_type)
    issuer = tokens.current()
    telemetry.bind(login=grant.username)
    with telemetry.step("auth"):
        user = await _authenticated(grant, throttle.network(forwarded_for))
    telemetry.bind(user=user.name)
    _log.info("login succeeded for %s", user.name)
    return msgspec.json.encode(TokenAnswer(issuer.issue(user.name), "Bearer", issuer.lifetime_seconds))


async def _authenticated(grant: PasswordGrant, network: str) -> users.User:
    """The user who may log in. Raises InvalidGrant, TooManyLogins, SettingInvalid, UsersUnavailable."""
    try:
        async with throttle.current().turn(grant.username, network) as turn:
            user = await users.find(grant.username)
            right = await passwords.check(grant.password, user.password_hash if user else None)
            if user is None or not right or user.disabled:
                await turn.failed()
                _log.warning("login failed for %s", grant.username)
                raise InvalidGrant
            await turn.succeeded()
    except TooManyLogins:
        _log.warning("login throttled for %s", grant.username)
        raise
    revocation.learn(user)
    return user


async def guard(authorization: str | None) -> str:
    """The caller's name from the Authorization header: a user's, or `oidc:` and that of another issuer's caller.

    Raises Unauthorized, InvalidToken, InsufficientScope, SettingInvalid, or Unavailable when another issuer's keys are
    needed and cannot be had.
    """
    told = settings.current().require("tokens")
    token = _bearer(authorization)
    other = oidc.current()
    if other is not None and (not told.local_tokens or other.is_named_by(token)):
        return (await other.verify(token)).subject
    claims = tokens.current().verify(token)
    await revocation.check(claims)
    return claims.subject


def _bearer(authorization: str | None) -> str:
    """The bearer token in an Authorization header (RFC 6750 §2.1). Raises Unauthorized, InvalidToken."""
    if not authorization:
        raise Unauthorized
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("Use the Bearer scheme")
    if not token.strip():
        raise InvalidToken(reason="empty")
    return token.strip()
