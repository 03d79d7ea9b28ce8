"""The auth helper: `login` exchanges a password for a token, `authorize` a token for the caller's name."""

from functools import cached_property
from typing import NamedTuple

import msgspec

from shared import telemetry
from shared.auth import grants, passwords
from shared.auth.forms import forms, normal
from shared.auth.grants import PasswordGrant, TokenResponse
from shared.auth.networks import Client, client
from shared.auth.oidc import Issuer
from shared.auth.revocation import Revocation
from shared.auth.throttle import Throttle
from shared.auth.tokens import Tokens
from shared.auth.users import User, Users
from shared.problems import (
    GrantRefused,
    InvalidGrant,
    InvalidToken,
    LoginsBusy,
    NotFound,
    SettingInvalid,
    TooManyLogins,
    Unauthorized,
    UnsupportedGrantType,
    UsersUnavailable,
)
from shared.settings import DEMO_NAME, DEMO_PASSWORD, Settings
from shared.threads import Threads

__all__ = ["LOGIN_PROBLEMS", "Auth", "PasswordGrant", "TokenResponse"]

LOGIN_PROBLEMS = (
    GrantRefused,
    InvalidGrant,
    UnsupportedGrantType,
    TooManyLogins,
    LoginsBusy,
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
    def checks(self) -> passwords.Checks:
        """Checks passwords, with bounded queues."""
        return passwords.Checks(self._threads.passwords, self._threads.known_passwords)

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
        caller = client(forwarded_for, self._settings.trusted_proxies)
        telemetry.bind(login=telemetry.printable(grant.username), network=caller.network)
        with telemetry.step("auth"):
            user, issued_at = await self._authenticate(grant, caller)
        telemetry.bind(user=user.name)
        _log.info("login succeeded for %s", user.name)
        token = tokens.issue(user.name, issued_at)
        return msgspec.json.encode(TokenResponse(token, "Bearer", tokens.lifetime_seconds))

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

    async def _authenticate(self, grant: PasswordGrant, client: Client) -> "Login":
        """Return the user who may log in. Raises InvalidGrant, TooManyLogins, LoginsBusy, UsersUnavailable."""
        arrived = self.checks.now()
        try:
            async with self.throttle.attempt(normal(grant.username), client) as attempt:
                user = await self._find(grant.username)
                matches = await self._matches(grant, user, arrived, known=attempt.is_known)
                if user is None or not matches or user.disabled:
                    await attempt.failed()
                    _log.warning("login failed for %s", telemetry.printable(grant.username))
                    raise InvalidGrant
                login = await self._confirm(user)
                await attempt.succeeded()
        except (TooManyLogins, LoginsBusy) as problem:
            outcome = "throttled" if isinstance(problem, TooManyLogins) else "put off"
            _log.warning("login %s for %s", outcome, telemetry.printable(grant.username))
            raise
        return login

    async def _find(self, typed: str) -> User | None:
        """Return the user whose name was typed, in its composed form or as it is. Raises UsersUnavailable."""
        for name in forms(typed):
            if user := await self.users.find(name):
                return user
        return None

    async def _matches(self, grant: PasswordGrant, user: User | None, arrived: float, *, known: bool) -> bool:
        """Return true when the password is the user's, in its composed form or as it was typed. Raises LoginsBusy."""
        stored = user.password_hash if user else None
        for password in forms(grant.password):
            if await self.checks.check(password, stored, arrived=arrived, known=known):
                return self._settings.development or not is_demo(grant)
        return False

    async def _confirm(self, user: User) -> "Login":
        """Read the user again after the check, which takes a quarter of a second. Raises InvalidGrant when it changed.

        The token's time is taken before: a change after this read revokes the token.
        """
        issued_at, looked_up = self.tokens.now(), self.revocation.now()
        now = await self.users.find(user.name)
        if now is None or now.disabled or now.password_hash != user.password_hash:
            _log.warning("login refused for %s: the account changed meanwhile", user.name)
            raise InvalidGrant
        self.revocation.learn(now, looked_up)
        return Login(now, issued_at)


def is_demo(grant: PasswordGrant) -> bool:
    """Return true for the demo user's name and password, whatever hash is stored for them."""
    demo = normal(grant.username) == DEMO_NAME and grant.password == DEMO_PASSWORD
    if demo:
        _log.error("the demo user's password was used outside Development")
    return demo


class Login(NamedTuple):
    """A user whose password was right, and the time of the token."""

    user: User
    issued_at: float


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
