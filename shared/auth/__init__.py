"""The auth helper: who a caller is. `login` trades a password for a token, `guard` a token for a name."""

import msgspec

from shared import telemetry
from shared.auth import grants, passwords, tokens, users
from shared.auth.grants import PasswordGrant, TokenAnswer
from shared.problems import GrantRefused, InvalidGrant, InvalidToken, SettingInvalid, Unauthorized, UnsupportedGrantType

__all__ = ["LOGIN_PROBLEMS", "PasswordGrant", "TokenAnswer", "guard", "login"]

LOGIN_PROBLEMS = (GrantRefused, InvalidGrant, UnsupportedGrantType, SettingInvalid)
"""What `login` raises."""

_log = telemetry.get_logger("auth")


async def login(body: bytes, media_type: str) -> bytes:
    """A token for the user whose name and password are in `body`, as JSON.

    Raises GrantRefused, UnsupportedGrantType, InvalidGrant (the same for unknown users and wrong passwords) or
    SettingInvalid.
    """
    with telemetry.step("decode"):
        grant = grants.parse(body, media_type)
    issuer = tokens.current()
    telemetry.bind(login=grant.username)
    with telemetry.step("auth"):
        user = await users.find(grant.username)
        right = await passwords.check(grant.password, user.password_hash if user else None)
    if user is None or not right:
        _log.warning("login failed for %s", grant.username)
        raise InvalidGrant
    telemetry.bind(user=user.name)
    _log.info("login succeeded for %s", user.name)
    return msgspec.json.encode(TokenAnswer(issuer.issue(user.name), "Bearer", issuer.lifetime_seconds))


async def guard(authorization: str | None) -> str:
    """The caller's name from the Authorization header. Raises Unauthorized, InvalidToken or SettingInvalid."""
    verifier = tokens.current()
    if not authorization:
        raise Unauthorized
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("Use the Bearer scheme")
    if not token.strip():
        raise InvalidToken(reason="empty")
    return verifier.verify(token.strip()).subject
