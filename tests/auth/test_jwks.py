"""An issuer's keys: fetched when needed, kept while it is silent, and never asked for more often than it can bear."""

import asyncio
import time
from collections.abc import Coroutine, Iterator
from types import SimpleNamespace
from typing import Any

import jwt
import pytest

from shared import telemetry
from shared.auth import jwks
from shared.auth.jwks import COOLDOWN_SECONDS, KEPT_SECONDS, REFRESH_SECONDS, RETRY_SECONDS, Keys, discovery_url
from shared.problems import InvalidToken, Unavailable
from tests.issuers import DISCOVERY, Clock, Issuer, ec_key, issuing, public_jwk, rsa_key


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000.0)


@pytest.fixture
def keys(issuer: Issuer, clock: Clock) -> Keys:
    return Keys(issuer.url, clock)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for longer than a moment."""
    monkeypatch.setattr(jwks, "TIMEOUT_SECONDS", 0.3)


def run[T](work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def down(issuer: Issuer) -> None:
    """From here on the issuer answers nobody."""
    issuer.status = 500


def rotate(issuer: Issuer) -> None:
    issuer.keys = [public_jwk(rsa_key("second"), "second")]


def test_the_keys_are_found_by_way_of_the_discovery_document(issuer: Issuer, keys: Keys) -> None:
    assert run(keys.find("first")).key_id == "first"
    assert issuer.requested == [DISCOVERY, "/tenant/keys"]


def test_the_discovery_document_is_beneath_the_issuer_with_or_without_a_slash_at_its_end() -> None:
    expected = "https://i.example/t/.well-known/openid-configuration"
    assert discovery_url("https://i.example/t") == discovery_url("https://i.example/t/") == expected


def test_known_keys_are_not_asked_for_again(issuer: Issuer, keys: Keys) -> None:
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
    clock.time += COOLDOWN_SECONDS
    assert run(keys.find("second")).key_id == "second"


def test_a_key_that_the_issuer_withdrew_is_let_go(issuer: Issuer, keys: Keys, clock: Clock) -> None:
    run(keys.find("first"))
    rotate(issuer)
    clock.time += REFRESH_SECONDS
    with pytest.raises(InvalidToken):
        run(keys.find("first"))


def test_a_storm_of_unknown_kids_does_not_storm_the_issuer(issuer: Issuer, keys: Keys, clock: Clock) -> None:
    async def storm() -> int:
        answers = await asyncio.gather(*(keys.find(f"made-up-{i}") for i in range(200)), return_exceptions=True)
        return sum(isinstance(each, InvalidToken) for each in answers)

    assert run(storm()) == 200
    assert run(storm()) == 200
    assert len(issuer.requested) == 2
    clock.time += COOLDOWN_SECONDS
    assert run(storm()) == 200
    assert len(issuer.requested) == 4


def test_a_storm_while_the_issuer_is_down_does_not_storm_it_either(issuer: Issuer, keys: Keys) -> None:
    down(issuer)

    async def storm() -> int:
        answers = await asyncio.gather(*(keys.find(f"made-up-{i}") for i in range(200)), return_exceptions=True)
        return sum(isinstance(each, Unavailable) for each in answers)

    assert run(storm()) == 200
    assert run(storm()) == 200
    assert len(issuer.requested) == 1


def test_known_keys_go_on_while_the_issuer_is_down(issuer: Issuer, keys: Keys, clock: Clock) -> None:
    run(keys.find("first"))
    down(issuer)
    clock.time += REFRESH_SECONDS
    assert run(keys.find("first")).key_id == "first"
    assert len(issuer.requested) == 3


def test_known_keys_do_not_outlive_the_issuer_s_silence_for_ever(issuer: Issuer, keys: Keys, clock: Clock) -> None:
    run(keys.find("first"))
    down(issuer)
    clock.time += KEPT_SECONDS
    with pytest.raises(Unavailable):
        run(keys.find("first"))


def test_an_unknown_key_while_the_issuer_is_down_is_told_to_come_back(issuer: Issuer, keys: Keys, clock: Clock) -> None:
    down(issuer)
    with pytest.raises(Unavailable) as caught:
        run(keys.find("first"))
    assert caught.value.headers["Retry-After"] == str(int(RETRY_SECONDS))
    clock.time += RETRY_SECONDS - 0.5
    with pytest.raises(Unavailable) as caught:
        run(keys.find("first"))
    assert caught.value.headers["Retry-After"] == "1"


def test_an_issuer_that_comes_back_is_found_again(issuer: Issuer, keys: Keys, clock: Clock) -> None:
    down(issuer)
    with pytest.raises(Unavailable):
        run(keys.find("first"))
    issuer.status = 200
    clock.time += RETRY_SECONDS
    assert run(keys.find("first")).key_id == "first"


def test_an_issuer_that_nobody_listens_for_is_unavailable(clock: Clock) -> None:
    with issuing() as gone:
        url = gone.url
    with pytest.raises(Unavailable):
        run(Keys(url, clock).find("first"))


@pytest.mark.parametrize(("member", "seconds"), [("delay", 1.0), ("dribble", 0.1)])
def test_an_issuer_that_takes_too_long_is_given_up(
    issuer: Issuer, keys: Keys, hasty: None, member: str, seconds: float
) -> None:
    setattr(issuer, member, seconds)
    started = time.perf_counter()

    async def ask() -> float:
        with pytest.raises(Unavailable):
            await keys.find("first")
        return time.perf_counter() - started

    assert run(ask()) < 0.8


def test_known_keys_do_not_wait_for_an_issuer_that_is_slow_again_and_again(
    issuer: Issuer, keys: Keys, clock: Clock, hasty: None
) -> None:
    async def ask() -> list[float]:
        await keys.find("first")
        issuer.delay = 1.0
        waits = []
        for pause in (REFRESH_SECONDS, RETRY_SECONDS, RETRY_SECONDS):
            clock.time += pause
            started = time.perf_counter()
            await keys.find("first")
            waits.append(time.perf_counter() - started)
        return waits

    first, *others = run(ask())
    assert first == pytest.approx(0.3, abs=0.2)
    assert max(others) < 0.05


def test_the_event_loop_does_not_wait_for_the_issuer(issuer: Issuer, keys: Keys) -> None:
    issuer.delay = 0.2

    async def ask() -> int:
        asking = asyncio.create_task(keys.find("first"))
        turns = 0
        while not asking.done():
            await asyncio.sleep(0.01)
            turns += 1
        return turns

    assert run(ask()) > 10


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
    asked: list[str] = []
    document = {"issuer": "https://i.example", "jwks_uri": "http://i.example/keys"}
    client = SimpleNamespace(fetch_data=lambda: document)
    monkeypatch.setattr(jwks, "_client", lambda url: asked.append(url) or client)
    with pytest.raises(jwt.PyJWKClientError, match="jwks_uri"):
        jwks.fetched("https://i.example")
    assert asked == [discovery_url("https://i.example")]


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
def test_keys_that_cannot_be_read_are_the_issuer_s_fault_and_not_the_caller_s(
    issuer: Issuer, keys: Keys, body: bytes
) -> None:
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
def test_keys_of_another_kind_or_for_another_use_are_passed_over(
    issuer: Issuer, keys: Keys, jwk: dict[str, Any]
) -> None:
    issuer.keys.append(jwk)
    assert run(keys.find("first"))
    with pytest.raises(InvalidToken):
        run(keys.find("other"))


def test_rsa_and_elliptic_curve_keys_are_taken(issuer: Issuer, keys: Keys) -> None:
    issuer.keys.append(public_jwk(ec_key("curve"), "curve"))
    assert run(keys.find("first")).algorithm_name == "RS256"
    assert run(keys.find("curve")).algorithm_name == "ES256"


def test_a_fetch_is_a_span_of_its_own(issuer: Issuer, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    spans: list[tuple[str, str]] = []
    real = telemetry.span
    monkeypatch.setattr(telemetry, "span", lambda *given: spans.append((given[0], given[2])) or real(*given))
    run(keys.find("first"))
    assert spans == [("oidc.keys", f"127.0.0.1:{issuer.server.server_port}")]


def test_what_kept_the_keys_from_coming_is_told_once_a_try(
    issuer: Issuer, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(jwks._log, "error", lambda message, *given: told.append(message % given))
    issuer.document = {"issuer": "http://127.0.0.1:1/other"}
    for _ in range(3):
        with pytest.raises(Unavailable):
            run(keys.find("first"))
    assert len(told) == 1
    assert "the discovery document is that of 'http://127.0.0.1:1/other'" in told[0]
