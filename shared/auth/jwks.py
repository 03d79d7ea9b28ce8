"""The signing keys of an OpenID Connect issuer (OpenID Connect Discovery 1.0, RFC 7517), fetched when they are needed.

The issuer is called at most every few seconds, whatever is sent as a token. PyJWKClient fetches and parses, but the
pause between two fetches is kept here: PyJWKClient's own ignores failures and blocks a thread for each waiting request.
While the issuer does not respond, the known keys stay valid; only a token with an unknown key has to wait.
"""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import jwt
from jwt import PyJWK, PyJWKClient

from shared import telemetry
from shared.cooldown import Cooldown
from shared.problems import InvalidToken, Unavailable
from shared.threads import Pool

ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}
"""Key type → the one algorithm for keys of this type, whatever a token's header says (RFC 8725 §3.1)."""

REFRESH_SECONDS = 300.0  # a key that the issuer withdrew is refused after this time
UNKNOWN_KEY_SECONDS = 30.0  # between two fetches for unknown keys: a flood of invented tokens must not reach the issuer
RETRY_SECONDS = 10.0  # between two tries while the issuer does not respond
KEEP_SECONDS = 86_400.0  # known keys stay valid this long while the issuer does not respond
TIMEOUT_SECONDS = 3.0  # for each read, and for each waiting request

_log = telemetry.get_logger("jwks")

type Fetch = Callable[[str], Mapping[str, PyJWK]]
"""Takes an issuer's URL and returns its keys by `kid`."""


class Keys:
    """The keys of the issuer at the URL `issuer`, by `kid`. For one event loop."""

    def __init__(
        self,
        issuer: str,
        pool: Pool,
        now: Callable[[], float] = time.monotonic,
        fetch: Fetch | None = None,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._issuer = issuer
        self._pool = pool
        self._now = now
        self._fetch = fetch or fetch_keys
        self._timeout = timeout
        self._known: Mapping[str, PyJWK] = {}
        self._fetched = -math.inf
        self._refresh_pause = Cooldown(REFRESH_SECONDS, now)
        self._unknown_key_pause = Cooldown(UNKNOWN_KEY_SECONDS, now)
        self._failing = False
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> PyJWK:
        """Return the key called `kid`. Raises InvalidToken when the issuer has none, Unavailable when it is down."""
        known = self._lookup(kid) is not None
        pause = self._refresh_pause if known else self._unknown_key_pause
        if not pause.active:
            await self._refresh(wait=not known or not self._failing)
        if (key := self._lookup(kid)) is not None:
            return key
        if self._failing:
            seconds = max(1, math.ceil(self._unknown_key_pause.remaining))
            raise Unavailable("The issuer of the token cannot be reached now", retry_after=seconds)
        raise InvalidToken(reason="unknown kid")

    def _lookup(self, kid: str) -> PyJWK | None:
        return self._known.get(kid) if self._now() - self._fetched < KEEP_SECONDS else None

    async def _refresh(self, *, wait: bool) -> None:
        """Fetch the keys, or join the running fetch. With `wait`, return after it, or after the time limit."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch_keys())
        if not wait:
            return
        await asyncio.wait({self._fetching}, timeout=self._timeout)
        if not self._fetching.done():
            self._note_failure()

    async def _fetch_keys(self) -> None:
        try:
            self._known = await self._pool.run(self._fetch, self._issuer)
        except Exception as error:  # whatever the issuer returns, it is not the caller's fault
            self._note_failure()
            _log.error("keys of %s cannot be fetched: %s: %s", self._issuer, type(error).__name__, error)
        else:
            self._failing, self._fetched = False, self._now()
            self._refresh_pause.start()
            self._unknown_key_pause.start()

    def _note_failure(self) -> None:
        self._failing = True
        self._refresh_pause.start(RETRY_SECONDS)
        self._unknown_key_pause.start(RETRY_SECONDS)


def fetch_keys(issuer: str) -> Mapping[str, PyJWK]:
    """Return the issuer's signing keys by `kid`, those that ALGORITHMS knows. Raises PyJWKClient's errors."""
    with telemetry.span("oidc.keys", "HTTP", urlsplit(issuer).netloc):
        keys = _client(_jwks_uri(issuer)).get_signing_keys()
    return {str(key.key_id): key for key in keys if ALGORITHMS.get(key.key_type or "") == key.algorithm_name}


def discovery_url(issuer: str) -> str:
    """Return the URL of the issuer's description (OpenID Connect Discovery 1.0 §4)."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def _jwks_uri(issuer: str) -> str:
    document = _client(discovery_url(issuer)).fetch_data()
    if document.get("issuer") != issuer:
        raise jwt.PyJWKClientError(f"the discovery document is that of {document.get('issuer')!r}")
    uri = str(document.get("jwks_uri"))
    if urlsplit(uri).scheme != urlsplit(issuer).scheme:
        raise jwt.PyJWKClientError(f"jwks_uri is {uri!r}")
    return uri


def _client(url: str) -> PyJWKClient:
    """Return a client that fetches a JSON object from `url`, with a time limit and without redirects."""
    return PyJWKClient(url, cache_jwk_set=False, timeout=TIMEOUT_SECONDS)
