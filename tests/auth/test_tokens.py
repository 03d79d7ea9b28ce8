"""Tokens: issued ones are valid, and nothing else is (RFC 8725)."""

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.auth.token_cache import TokenCache
from shared.auth.tokens import CLAIMS, Tokens, key_id
from shared.problems import InvalidToken, SettingInvalid
from shared.settings import Settings
from tests.clock import Clock

KEY = "the-newest-key-of-more-than-32-bytes"
OLD = "an-older-key-of-more-than-32-bytes--"
START = 1_800_000_000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of PyJWT and of the tokens."""
    clock = Clock(START)

    class Frozen(jwt.api_jwt.datetime):  # type: ignore[misc, name-defined]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(clock(), tz)

    monkeypatch.setattr(jwt.api_jwt, "datetime", Frozen)
    return clock


@pytest.fixture
def issuer(clock: Clock) -> Tokens:
    return Tokens([KEY], 900, now=clock)


def forged(claims: dict[str, Any] | None = None, header: dict[str, Any] | None = None, **signing: Any) -> str:
    """Return a token with some claims or header members changed; None leaves one out."""
    payload = {
        "iss": "egl-ml",
        "aud": "egl-ml",
        "sub": "abi",
        "iat": START,
        "nbf": START,
        "exp": START + 900,
        "jti": "one",
        **(claims or {}),
    }
    members = {"kid": key_id(KEY), "typ": "at+jwt", **(header or {})}
    return jwt.encode(
        {name: value for name, value in payload.items() if value is not None},
        signing.get("key", KEY),
        signing.get("algorithm", "HS256"),
        headers={name: value for name, value in members.items() if value is not None},
    )


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_an_issued_token_is_valid(issuer: Tokens) -> None:
    assert issuer.verify(issuer.issue("abi")).subject == "abi"


def test_an_unchanged_forgery_is_valid_so_that_the_changed_ones_prove_something(issuer: Tokens) -> None:
    assert issuer.verify(forged()).subject == "abi"


def test_a_token_has_all_claims_and_a_typed_header_with_kid(issuer: Tokens) -> None:
    decoded = jwt.decode_complete(issuer.issue("abi"), options={"verify_signature": False})
    assert set(decoded["payload"]) == set(CLAIMS)
    assert (decoded["header"]["typ"], decoded["header"]["kid"]) == ("at+jwt", key_id(KEY))


def test_a_token_s_lifetime_is_the_setting_s(issuer: Tokens) -> None:
    claims = jwt.decode(issuer.issue("abi"), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 900


def test_every_token_has_its_own_id(issuer: Tokens) -> None:
    assert issuer.issue("abi") != issuer.issue("abi")


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_token_without_one_of_the_claims_is_refused(issuer: Tokens, claim: str) -> None:
    with pytest.raises(InvalidToken):
        issuer.verify(forged({claim: None}))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "other"},
        {"aud": "other"},
        {"aud": ["egl-ml", "other"]},
        {"nbf": START + 60},
        {"iat": START + 60},
        {"exp": START},
        {"exp": START - 1},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(issuer: Tokens, claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        issuer.verify(forged(claims))


@pytest.mark.parametrize(
    "header", [{"typ": "JWT"}, {"typ": None}, {"kid": None}, {"kid": "../../etc/passwd"}, {"kid": key_id(OLD)}], ids=str
)
def test_a_token_with_a_wrong_header_is_refused(issuer: Tokens, header: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        issuer.verify(forged(header=header))


def test_the_case_of_typ_does_not_matter(issuer: Tokens) -> None:
    assert issuer.verify(forged(header={"typ": "AT+JWT"})).subject == "abi"


def test_a_clock_five_seconds_ahead_of_ours_is_accepted(issuer: Tokens) -> None:
    assert issuer.verify(forged({"nbf": START + 5, "iat": START + 5})).subject == "abi"


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_hash_with_the_right_key_is_refused(issuer: Tokens, algorithm: str) -> None:
    with pytest.warns(jwt.InsecureKeyLengthWarning), pytest.raises(InvalidToken):
        issuer.verify(forged(algorithm=algorithm))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "RS256", "ES256"])
def test_another_algorithm_in_the_header_is_refused(issuer: Tokens, algorithm: str) -> None:
    _, payload, signature = forged().split(".")
    header = b64(json.dumps({"alg": algorithm, "kid": key_id(KEY), "typ": "at+jwt"}).encode())
    for end in (signature, ""):
        with pytest.raises(InvalidToken):
            issuer.verify(f"{header}.{payload}.{end}")


@pytest.mark.parametrize("member", ["jku", "x5u", "jwk"])
def test_keys_in_the_token_are_ignored(issuer: Tokens, member: str) -> None:
    attacker = "an-attacker-s-key-of-more-than-32-bytes"
    key = {"kty": "oct", "k": b64(attacker.encode())} if member == "jwk" else "http://127.0.0.1:9/keys"
    with pytest.raises(InvalidToken):
        issuer.verify(forged(header={member: key}, key=attacker))


def _tampered(token: str) -> str:
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return f"{header}.{b64(json.dumps({**claims, 'sub': 'root'}).encode())}.{signature}"


@pytest.mark.parametrize(
    "broken",
    [
        _tampered,
        lambda token: token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB"),
        lambda token: ".".join(token.split(".")[:2]),
        lambda token: token + ".more",
        lambda _: "",
        lambda _: ".",
        lambda _: "..",
        lambda _: "a" * 100_000,
        lambda _: "é.ü.ß",
        lambda _: "\ud800",
        lambda _: b64(b"\xff\xfe") + ".e30.AAAA",
        lambda _: b64(b"[]") + ".e30.AAAA",
        lambda _: b64(b"[" * 2_000) + ".e30.AAAA",
        lambda _: b64(b'{"alg":"HS256","kid":{},"typ":"at+jwt"}') + ".e30.AAAA",
    ],
)
def test_a_broken_token_is_refused(issuer: Tokens, broken: Callable[[str], str]) -> None:
    with pytest.raises(InvalidToken):
        issuer.verify(broken(issuer.issue("abi")))


@given(st.one_of(st.text(), st.lists(st.binary(), min_size=3, max_size=3).map(lambda parts: ".".join(map(b64, parts)))))
def test_any_text_as_a_token_is_an_invalid_token(token: str) -> None:
    with pytest.raises(InvalidToken):
        Tokens([KEY], 900).verify(token)


def test_a_swapped_signature_is_refused(issuer: Tokens) -> None:
    first, second = issuer.issue("abi").split("."), issuer.issue("root").split(".")
    with pytest.raises(InvalidToken):
        issuer.verify(".".join([*second[:2], first[2]]))


def test_a_verified_token_is_not_decoded_again(issuer: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    token = issuer.issue("abi")
    issuer.verify(token)
    monkeypatch.setattr(jwt, "decode_complete", None)
    assert issuer.verify(token).subject == "abi"


def test_a_cached_token_is_refused_when_it_expires(issuer: Tokens, clock: Clock) -> None:
    token = issuer.issue("abi")
    issuer.verify(token)
    clock.time += 899.9
    issuer.verify(token)
    clock.time += 0.1
    with pytest.raises(InvalidToken):
        issuer.verify(token)


def test_the_cache_is_bounded_and_drops_the_least_recently_used_token() -> None:
    cache = TokenCache[int](max_tokens=2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert [cache.get(token) for token in "abc"] == [1, None, 3]
    cache.remove("a")
    assert cache.get("a") is None


def test_the_cache_stores_no_token() -> None:
    cache = TokenCache[int]()
    cache.put("secret", 1)
    assert "secret" not in repr(vars(cache))


def test_a_refused_token_is_not_cached(issuer: Tokens) -> None:
    bad = forged({"iss": "other"})
    for _ in range(2):
        with pytest.raises(InvalidToken):
            issuer.verify(bad)


def test_a_token_cached_under_one_key_is_refused_under_another(clock: Clock) -> None:
    before, after = Tokens([OLD], 900, now=clock), Tokens([KEY], 900, now=clock)
    token = before.issue("abi")
    before.verify(token)
    with pytest.raises(InvalidToken):
        after.verify(token)


def test_tokens_of_an_older_key_are_valid_and_new_ones_are_signed_with_the_newest(clock: Clock) -> None:
    old = Tokens([OLD], 900, now=clock).issue("abi")
    both = Tokens([KEY, OLD], 900, now=clock)
    assert both.verify(old).subject == "abi"
    assert jwt.get_unverified_header(both.issue("abi"))["kid"] == key_id(KEY)


def test_a_kid_reveals_nothing_of_its_key() -> None:
    assert key_id(KEY) != key_id(OLD)
    assert len(key_id(KEY)) == 12
    assert KEY[:4] not in key_id(KEY)


def from_settings(**values: str) -> Tokens:
    return Tokens.from_settings(Settings.read(values))


def test_without_a_key_there_are_no_tokens() -> None:
    with pytest.raises(SettingInvalid):
        from_settings()


def test_while_keys_are_changed_tokens_of_both_are_valid_and_new_ones_are_signed_with_the_new_key() -> None:
    old, new = from_settings(TOKEN_KEY=OLD), from_settings(TOKEN_KEY=KEY, TOKEN_KEY_PREVIOUS=OLD)
    assert new.verify(old.issue("abi")).subject == "abi"
    assert jwt.get_unverified_header(new.issue("abi"))["kid"] == key_id(KEY)


def test_an_instance_that_still_signs_with_the_old_key_accepts_tokens_of_the_new_one() -> None:
    new = from_settings(TOKEN_KEY=KEY, TOKEN_KEY_PREVIOUS=OLD)
    assert from_settings(TOKEN_KEY=OLD, TOKEN_KEY_PREVIOUS=KEY).verify(new.issue("abi")).subject == "abi"


def test_a_token_of_the_removed_key_is_refused() -> None:
    token = from_settings(TOKEN_KEY=OLD).issue("abi")
    with pytest.raises(InvalidToken):
        from_settings(TOKEN_KEY=KEY).verify(token)
