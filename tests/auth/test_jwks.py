"""An issuer's keys: fetched when needed, kept while it is down, and not fetched too often."""

import asyncio
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import jwt
import pytest

from shared.auth import jwks
from shared.auth.jwks import KEEP_SECONDS, REFRESH_SECONDS, RETRY_SECONDS, UNKNOWN_KEY_SECONDS, Keys, discovery_url
from shared.problems import InvalidToken, Unavailable
from shared.threads import Threads
from tests.clock import Clock
from tests.issuers import DISCOVERY, Issuer, ec_key, issuing, public_jwk, rsa_key
from tests.loop import run
from tests.recording import invocation


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000.0)


@pytest.fixture
def keys(issuer: Issuer, threads: Threads, clock: Clock) -> Keys:
    return Keys(issuer.url, threads.general, clock)


def down(issuer: Issuer) -> None:
    """Let the issuer fail from now on."""
    issuer.status = 500


def rotate(issuer: Issuer) -> None:
    issuer.keys = [public_jwk(rsa_key("second"), "second")]


def test_the_keys_are_found_through_the_discovery_document(issuer: Issuer, keys: Keys) -> None:
    assert run(keys.find("first")).key_id == "first"
    assert issuer.requested == [DISCOVERY, "/tenant/keys"]


def test_the_discovery_document_is_beneath_the_issuer_with_or_without_a_slash_at_its_end() -> None:
    expected = "https://i.example/t/.well-known/openid-configuration"
    assert discovery_url("https://i.example/t") == discovery_url("https://i.example/t/") == expected


def test_known_keys_are_not_fetched_again(issuer: Issuer, keys: Keys) -> None:
    for _ in range(3):
        run(keys.find("first"))
    assert len(issuer.requested) == 2


def test_many_first_calls_make_one_fetch(issuer: Issuer, keys: Keys) -> None:
    issuer.delay = 0.1

    async def many() -> None:
        await asyncio.gather(*(keys.find("first") for _ in range(50)))

    run(many())
    assert len(issuer.requested) == 2


def test_a_new_key_of_the_issuer_is_found_without_a_restart(issuer: Issuer, keys: Keys, clock: Clock) -> None:
    run(keys.find("first"))
    rotate(issuer)
    clock.time += UNKNOWN_KEY_SECONDS
    assert run(keys.find("second")).key_id == "second"


def test_a_key_that_the_issuer_withdrew_is_dropped(issuer: Issuer, keys: Keys, clock: Clock) -> None:
    run(keys.find("first"))
    rotate(issuer)
    clock.time += REFRESH_SECONDS
    with pytest.raises(InvalidToken):
        run(keys.find("first"))


def test_a_flood_of_unknown_kids_does_not_reach_the_issuer(issuer: Issuer, keys: Keys, clock: Clock) -> None:
    async def flood() -> int:
        results = await asyncio.gather(*(keys.find(f"made-up-{i}") for i in range(200)), return_exceptions=True)
        return sum(isinstance(result, InvalidToken) for result in results)

    assert run(flood()) == 200
    assert run(flood()) == 200
    assert len(issuer.requested) == 2
    clock.time += UNKNOWN_KEY_SECONDS
    assert run(flood()) == 200
    assert len(issuer.requested) == 4


def test_a_flood_while_the_issuer_is_down_does_not_reach_it_either(issuer: Issuer, keys: Keys) -> None:
    down(issuer)

    async def flood() -> int:
        results = await asyncio.gather(*(keys.find(f"made-up-{i}") for i in range(200)), return_exceptions=True)
        return sum(isinstance(result, Unavailable) for result in results)

    assert run(flood()) == 200
    assert run(flood()) == 200
    assert len(issuer.requested) == 1


def test_known_keys_stay_valid_while_the_issuer_is_down(issuer: Issuer, keys: Keys, clock: Clock) -> None:
    run(keys.find("first"))
    down(issuer)
    clock.time += REFRESH_SECONDS
    assert run(keys.find("first")).key_id == "first"
    assert len(issuer.requested) == 3


def test_known_keys_expire_while_the_issuer_stays_down(issuer: Issuer, keys: Keys, clock: Clock) -> None:
    run(keys.find("first"))
    down(issuer)
    clock.time += KEEP_SECONDS
    with pytest.raises(Unavailable):
        run(keys.find("first"))


def test_an_unknown_key_while_the_issuer_is_down_gets_retry_after(issuer: Issuer, keys: Keys, clock: Clock) -> None:
    down(issuer)
    with pytest.raises(Unavailable) as caught:
        run(keys.find("first"))
    assert caught.value.headers["Retry-After"] == str(int(RETRY_SECONDS))
    clock.time += RETRY_SECONDS - 0.5
    with pytest.raises(Unavailable) as caught:
        run(keys.find("first"))
    assert caught.value.headers["Retry-After"] == "1"


def test_an_issuer_that_is_back_is_used_again(issuer: Issuer, keys: Keys, clock: Clock) -> None:
    down(issuer)
    with pytest.raises(Unavailable):
        run(keys.find("first"))
    issuer.status = 200
    clock.time += RETRY_SECONDS
    assert run(keys.find("first")).key_id == "first"


def test_an_issuer_that_refuses_connections_is_unavailable(threads: Threads) -> None:
    with issuing() as gone:
        url = gone.url
    with pytest.raises(Unavailable):
        run(Keys(url, threads.general).find("first"))


@pytest.mark.parametrize(("member", "seconds"), [("delay", 2.0), ("dribble", 0.1)])
def test_a_request_does_not_wait_longer_than_the_time_limit_for_the_issuer(
    issuer: Issuer, threads: Threads, member: str, seconds: float
) -> None:
    setattr(issuer, member, seconds)

    async def find() -> bool:
        keys = Keys(issuer.url, threads.general, timeout=0.1)
        with pytest.raises(Unavailable):
            await keys.find("first")
        assert keys._fetching
        return keys._fetching.done()

    assert run(find()) is False


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "http://127.0.0.1:1/other"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": "file:///etc/hostname"},
        {"jwks_uri": "https://127.0.0.1:1/keys"},
    ],
    ids=str,
)
def test_a_discovery_document_that_is_not_the_issuer_s_is_not_followed(
    issuer: Issuer, keys: Keys, document: dict[str, Any]
) -> None:
    issuer.document = document
    with pytest.raises(Unavailable):
        run(keys.find("first"))
    assert issuer.requested == [DISCOVERY]


def test_keys_over_plain_http_are_not_fetched_for_an_issuer_over_https(monkeypatch: pytest.MonkeyPatch) -> None:
    requested: list[str] = []
    document = {"issuer": "https://i.example", "jwks_uri": "http://i.example/keys"}
    client = SimpleNamespace(fetch_data=lambda: document)
    monkeypatch.setattr(jwks, "_client", lambda url: requested.append(url) or client)
    with pytest.raises(jwt.PyJWKClientError, match="jwks_uri"):
        jwks.fetch_keys("https://i.example")
    assert requested == [discovery_url("https://i.example")]


def test_a_redirect_is_not_followed(issuer: Issuer, keys: Keys) -> None:
    issuer.status = 302
    with pytest.raises(Unavailable):
        run(keys.find("first"))
    assert issuer.requested == [DISCOVERY]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"keys":[]}',
        b'{"keys":{}}',
        b'{"keys":[{}]}',
        b'{"keys":[{"kty":[],"alg":{},"kid":"first"}]}',
        b'{"keys":[{"kty":"RSA","n":1,"e":[],"kid":"first"}]}',
        b"\xff",
        b"[" * 200_000,
    ],
    ids=lambda body: body[:30],
)
def test_keys_that_cannot_be_read_are_unavailable(issuer: Issuer, keys: Keys, body: bytes) -> None:
    issuer.keys_body = body
    with pytest.raises(Unavailable):
        run(keys.find("first"))


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", "kid": "other"},
        public_jwk(rsa_key("first"), "other", alg="PS256"),
        public_jwk(rsa_key("first"), "other", alg="RS512"),
        public_jwk(rsa_key("first"), "other", alg="HS256"),
        public_jwk(rsa_key("first"), "other", alg="ES256"),
        public_jwk(ec_key("first"), "other", alg="ES384"),
        public_jwk(rsa_key("first"), "other", use="enc"),
    ],
    ids=lambda jwk: f"{jwk['kty']} {jwk.get('alg', '')} {jwk.get('use', '')}",
)
def test_keys_of_another_kind_or_for_another_use_are_ignored(issuer: Issuer, keys: Keys, jwk: dict[str, Any]) -> None:
    issuer.keys.append(jwk)
    assert run(keys.find("first"))
    with pytest.raises(InvalidToken):
        run(keys.find("other"))


def test_rsa_and_elliptic_curve_keys_are_accepted(issuer: Issuer, keys: Keys) -> None:
    issuer.keys.append(public_jwk(ec_key("curve"), "curve"))
    assert run(keys.find("first")).algorithm_name == "RS256"
    assert run(keys.find("curve")).algorithm_name == "ES256"


def test_a_fetch_is_a_span(issuer: Issuer, keys: Keys) -> None:
    with invocation() as (_, recorder):
        run(keys.find("first"))
    target = f"127.0.0.1:{issuer.server.server_port}"
    assert [(span.name, span.target) for span in recorder.spans] == [("oidc.keys", target)]


def test_a_failed_fetch_is_logged_once(issuer: Issuer, keys: Keys, log: list[logging.LogRecord]) -> None:
    issuer.document = {"issuer": "http://127.0.0.1:1/other"}
    for _ in range(3):
        with pytest.raises(Unavailable):
            run(keys.find("first"))
    (record,) = log
    assert "the discovery document is that of 'http://127.0.0.1:1/other'" in record.getMessage()
