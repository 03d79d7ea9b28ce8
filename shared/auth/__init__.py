"""The auth helper: `login` exchanges a password for a token, `authorize` a token for the caller's name."""

from functools import cached_property

import msgspec

from shared import telemetry
from shared.auth import grants, passwords
from shared.auth.grants import PasswordGrant, TokenResponse
from shared.auth.oidc import Issuer
from shared.auth.revocation import Revocation
from shared.auth.throttle import Throttle, network
from shared.auth.tokens import Tokens
from shared.auth.users import User, Users
from shared.problems import (
    GrantRefused,
    InvalidGrant,
    InvalidToken,
    NotFound,
    SettingInvalid,
    TooManyLogins,
    Unauthorized,
    UnsupportedGrantType,
    UsersUnavailable,
)
from shared.settings import Settings
from shared.threads import Threads

__all__ = ["LOGIN_PROBLEMS", "Auth", "PasswordGrant", "TokenResponse"]

LOGIN_PROBLEMS = (
    GrantRefused,
    InvalidGrant,
    UnsupportedGrantType,
    TooManyLogins,
    NotFound,
    SettingInvalid,
    UsersUnavailable,
)
"""Raised by `login`."""

_log = telemetry.get_logger("auth")


class Auth:
    """Passwords, tokens, other issuers, throttle and revocation. Each part is built when it is first used.

    A part whose settings are wrong raises SettingInvalid then, so that the service always starts.
    """

    def __init__(self, settings: Settings, threads: Threads) -> None:
        self._settings = settings
        self._threads = threads

    @cached_property
    def users(self) -> Users:
        """The users of the store in the settings."""
        return Users.from_settings(self._settings, self._threads.tables)

    @cached_property
    def tokens(self) -> Tokens:
        """The service's own tokens."""
        return Tokens.from_settings(self._settings)

    @cached_property
    def issuer(self) -> Issuer | None:
        """The other issuer, if there is one."""
        return Issuer.from_settings(self._settings, self._threads.general)

    @cached_property
    def throttle(self) -> Throttle:
        """Counts where the users are."""
        return Throttle.for_store(self.users.store, self._settings.require("tokens").token_key)

    @cached_property
    def revocation(self) -> Revocation:
        """Checks against the same users."""
        return Revocation(self.users)

    async def login(self, body: bytes, media_type: str, forwarded_for: str = "") -> bytes:
        """Return a token, as JSON, for the name and password in `body`; `forwarded_for` is the header's value.

        Raises GrantRefused, UnsupportedGrantType, InvalidGrant (the same for unknown users, disabled ones and wrong
        passwords), TooManyLogins, SettingInvalid, UsersUnavailable, or NotFound where LOCAL_TOKENS is off.
        """
        if not self._settings.local_tokens:
            raise NotFound("This service issues no tokens: get one from its issuer")
        with telemetry.step("decode"):
            grant = grants.parse(body, media_type)
        tokens = self.tokens
        telemetry.bind(login=grant.username)
        with telemetry.step("auth"):
            user = await self._authenticate(grant, network(forwarded_for))
        telemetry.bind(user=user.name)
        _log.info("login succeeded for %s", user.name)
        return msgspec.json.encode(TokenResponse(tokens.issue(user.name), "Bearer", tokens.lifetime_seconds))

    async def authorize(self, authorization: str | None) -> str:
        """Return the caller's name from the Authorization header: a user, or `oidc:` and another issuer's caller.

        Raises Unauthorized, InvalidToken, InsufficientScope, SettingInvalid, or Unavailable when another issuer's keys
        are needed and cannot be fetched.
        """
        self._settings.require("tokens")
        token = _bearer(authorization)
        issuer = self.issuer
        if issuer is not None and (not self._settings.local_tokens or issuer.is_named_by(token)):
            return (await issuer.verify(token)).subject
        claims = self.tokens.verify(token)
        await self.revocation.check(claims)
        return claims.subject

    async def _authenticate(self, grant: PasswordGrant, client: str) -> User:
        """Return the user who may log in. Raises InvalidGrant, TooManyLogins, SettingInvalid, UsersUnavailable."""
        try:
            async with self.throttle.attempt(grant.username, client) as attempt:
                user = await self.users.find(grant.username)
                stored = user.password_hash if user else None
                matches = await passwords.check(grant.password, stored, self._threads.passwords)
                if user is None or not matches or user.disabled:
                    await attempt.failed()
                    _log.warning("login failed for %s", grant.username)
                    raise InvalidGrant
                await attempt.succeeded()
        except TooManyLogins:
            _log.warning("login throttled for %s", grant.username)
            raise
        self.revocation.learn(user)
        return user


def _bearer(authorization: str | None) -> str:
    """Return the bearer token in an Authorization header (RFC 6750 §2.1). Raises Unauthorized, InvalidToken."""
    if not authorization:
        raise Unauthorized
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("Use the Bearer scheme")
    if not token.strip():
        raise InvalidToken(reason="empty")
    return token.strip()
