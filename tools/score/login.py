"""Bearer tokens: from the environment, or from a login, which is repeated when a token expires."""

import getpass
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from tools.errors import ScoreError
from tools.score.connection import Connection
from tools.score.waiting import Waiting

VARIABLES = ("EGL_ML_TOKEN", "EGL_ML_USER", "EGL_ML_PASSWORD")
MISSING = "set EGL_ML_USER and EGL_ML_PASSWORD, or EGL_ML_TOKEN"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Credentials:
    """What logs a client in. A token without user and password cannot be renewed."""

    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)


class TokenResponse(Struct, frozen=True):
    """The member of a login's response that is used."""

    access_token: str


def credentials(environ: Mapping[str, str]) -> Credentials:
    """Return the credentials in the environment, or those that a person types. Raises ScoreError without either."""
    token, user, password = (environ.get(name, "") for name in VARIABLES)
    if token or (user and password):
        return Credentials(token, user, password)
    if not sys.stdin.isatty():
        raise ScoreError(f"No login: {MISSING}.")
    return Credentials("", user or input("User: "), getpass.getpass("Password: "))


class Login:
    """The current token, for several threads."""

    def __init__(self, connection: Connection, waiting: Waiting, credentials: Credentials) -> None:
        self._connection = connection
        self._waiting = waiting
        self._credentials = credentials
        self._token = credentials.token
        self._lock = threading.Lock()

    def token(self, refused: str = "") -> str:
        """Return a token, but not the refused one. Logs in where that is needed. Raises ScoreError."""
        with self._lock:
            if not self._token or self._token == refused:
                self._token = self._log_in()
            return self._token

    def _log_in(self) -> str:
        user, password = self._credentials.user, self._credentials.password
        if not (user and password):
            raise ScoreError(f"the token is refused or has expired: {MISSING}, anew")
        form = urlencode({"grant_type": "password", "username": user, "password": password}).encode()
        response = self._waiting.repeat(lambda: self._connection.send("/token", form, **FORM))
        if response.status != 200:
            raise ScoreError(f"{user} cannot log in: {response.describe()}")
        try:
            return msgspec.json.decode(response.body, type=TokenResponse).access_token
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise ScoreError("/token returned no token: is the URL that of the service?") from None
