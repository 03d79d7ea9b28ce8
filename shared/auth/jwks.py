"""The signing keys of an OpenID Connect issuer (OpenID Connect Discovery 1.0, RFC 7517), fetched when they are needed.

The issuer is asked at most every few seconds, whatever is sent as a token: PyJWKClient fetches and reads, but the wait
between two tries is kept here, since PyJWKClient's own counts no failures and holds a thread for each who waits.
While the issuer cannot be asked, the keys that are known go on; only a token with a key nobody knows has to wait.
"""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import jwt
from jwt import PyJWK, PyJWKClient

from shared import offload, telemetry
from shared.problems import InvalidToken, Unavailable

ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}
"""Key type → the one algorithm that keys of this type are for, whatever a token says (RFC 8725 §3.1)."""

REFRESH_SECONDS = 300.0  # a key that the issuer withdrew dies this soon
COOLDOWN_SECONDS = 30.0  # between two fetches for keys nobody knows: a storm of made-up tokens is none for the issuer
RETRY_SECONDS = 10.0  # between two tries while the issuer does not answer
KEPT_SECONDS = 86_400.0  # known keys outlive the issuer's silence this long
TIMEOUT_SECONDS = 3.0  # for each read, and for whoever waits

_log = telemetry.get_logger("jwks")


class Keys:
    """The keys of the issuer at the URL `issuer`, by `kid`. For one event loop."""

    def __init__(self, issuer: str, now: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._now = now
        self._known: Mapping[str, PyJWK] = {}
        self._fetched = -math.inf
        self._tried = -math.inf
        self._failing = False
        self._flight: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> PyJWK:
        """The key called `kid`. Raises InvalidToken when the issuer has none, Unavailable when it cannot be asked."""
        if self._due(kid):
            await self._refreshed(patient=self._at_hand(kid) is None or not self._failing)
        if (key := self._at_hand(kid)) is not None:
            return key
        if self._failing:
            rest = self._tried + RETRY_SECONDS - self._now()
            raise Unavailable("The issuer of the token cannot be asked now", retry_after=max(1, math.ceil(rest)))
        raise InvalidToken(reason="unknown kid")

    def _at_hand(self, kid: str) -> PyJWK | None:
        return self._known.get(kid) if self._now() - self._fetched < KEPT_SECONDS else None

    def _due(self, kid: str) -> bool:
        """Whether it is time to ask the issuer again, for the sake of this key."""
        known = self._at_hand(kid) is not None
        pause = RETRY_SECONDS if self._failing else REFRESH_SECONDS if known else COOLDOWN_SECONDS
        return self._now() - self._tried >= pause

    async def _refreshed(self, *, patient: bool) -> None:
        """Ask the issuer, or join who asks already. Whoever is patient waits for the answer, but not for ever."""
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._refresh())
        if not patient:
            return
        await asyncio.wait({self._flight}, timeout=TIMEOUT_SECONDS)
        if not self._flight.done():
            self._failing, self._tried = True, self._now()

    async def _refresh(self) -> None:
        try:
            self._known = await offload.run(fetched, self._issuer)
            self._failing, self._fetched = False, self._now()
        except Exception as error:  # whatever the issuer answers, it is no fault of the caller's
            self._failing = True
            _log.error("the keys of %s cannot be had: %s: %s", self._issuer, type(error).__name__, error)
        self._tried = self._now()


def fetched(issuer: str) -> Mapping[str, PyJWK]:
    """The issuer's keys for signatures, by `kid`: those that ALGORITHMS knows. Raises what PyJWKClient raises."""
    with telemetry.span("oidc.keys", "HTTP", urlsplit(issuer).netloc):
        keys = _client(_jwks_uri(issuer)).get_signing_keys()
    return {str(key.key_id): key for key in keys if ALGORITHMS.get(key.key_type or "") == key.algorithm_name}


def discovery_url(issuer: str) -> str:
    """Where the issuer describes itself (OpenID Connect Discovery 1.0 §4)."""
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
    """What fetches a JSON object from `url`: with a time limit, following no redirect."""
    return PyJWKClient(url, cache_jwk_set=False, timeout=TIMEOUT_SECONDS)
