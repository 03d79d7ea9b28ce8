"""Tokens: what is issued, and that nothing else is believed (RFC 8725)."""

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.auth import remembered, tokens
from shared.auth.tokens import CLAIMS, Tokens, key_id
from shared.problems import InvalidToken, SettingInvalid

KEY = "the-newest-key-of-more-than-32-bytes"
OLD = "an-older-key-of-more-than-32-bytes--"
START = 1_800_000_000.0


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time as PyJWT and the tokens see it."""
    clock = Clock()

    class Frozen(tokens.jwt.api_jwt.datetime):  # type: ignore[misc, name-defined]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(clock(), tz)

    monkeypatch.setattr(tokens.jwt.api_jwt, "datetime", Frozen)
    return clock


@pytest.fixture
def issuer(clock: Clock) -> Tokens:
    return Tokens([KEY], 900, now=clock)


def forged(claims: dict[str, Any] | None = None, header: dict[str, Any] | None = None, **more: Any) -> str:
    """A token with some claims or header members changed; None leaves one out."""
    whole = {
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
        {name: value for name, value in whole.items() if value is not None},
        more.get("key", KEY),
        more.get("algorithm", "HS256"),
        headers={name: value for name, value in members.items() if value is not None},
    )


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_an_issued_token_is_believed(issuer: Tokens) -> None:
    assert issuer.verify(issuer.issue("abi")).subject == "abi"


def test_an_unchanged_forgery_is_believed_so_that_the_changed_ones_prove_something(issuer: Tokens) -> None:
    assert issuer.verify(forged()).subject == "abi"


def test_a_token_carries_all_claims_and_a_typed_header_with_kid(issuer: Tokens) -> None:
    whole = jwt.decode_complete(issuer.issue("abi"), options={"verify_signature": False})
    assert set(whole["payload"]) == set(CLAIMS)
    assert (whole["header"]["typ"], whole["header"]["kid"]) == ("at+jwt", key_id(KEY))


def test_a_token_lives_as_long_as_the_setting_says(issuer: Tokens) -> None:
    claims = jwt.decode(issuer.issue("abi"), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 900


def test_every_token_has_an_id_of_its_own(issuer: Tokens) -> None:
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


def test_a_clock_that_goes_five_seconds_before_ours_is_forgiven(issuer: Tokens) -> None:
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
def test_keys_that_the_token_brings_are_ignored(issuer: Tokens, member: str) -> None:
    attacker = "an-attacker-s-key-of-more-than-32-bytes"
    brought = {"kty": "oct", "k": b64(attacker.encode())} if member == "jwk" else "http://127.0.0.1:9/keys"
    with pytest.raises(InvalidToken):
        issuer.verify(forged(header={member: brought}, key=attacker))


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
def test_whatever_is_sent_as_a_token_only_invalid_token_comes_out(token: str) -> None:
    with pytest.raises(InvalidToken):
        Tokens([KEY], 900).verify(token)


def test_a_swapped_signature_is_refused(issuer: Tokens) -> None:
    first, second = issuer.issue("abi").split("."), issuer.issue("root").split(".")
    with pytest.raises(InvalidToken):
        issuer.verify(".".join([*second[:2], first[2]]))


def test_a_verified_token_is_not_decoded_again(issuer: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    token = issuer.issue("abi")
    issuer.verify(token)
    monkeypatch.setattr(tokens.jwt, "decode_complete", None)
    assert issuer.verify(token).subject == "abi"


def test_a_remembered_token_dies_when_it_expires(issuer: Tokens, clock: Clock) -> None:
    token = issuer.issue("abi")
    issuer.verify(token)
    clock.time += 899.9
    issuer.verify(token)
    clock.time += 0.1
    with pytest.raises(InvalidToken):
        issuer.verify(token)


def test_only_so_many_tokens_are_remembered_and_the_oldest_goes_first(
    issuer: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "MOST_REMEMBERED", 2)
    issued = [issuer.issue("abi") for _ in range(3)]
    for token in issued:
        issuer.verify(token)
    monkeypatch.setattr(tokens.jwt, "decode_complete", lambda *_, **__: pytest.fail("was not remembered"))
    issuer.verify(issued[1])
    issuer.verify(issued[2])
    with pytest.raises(pytest.fail.Exception):
        issuer.verify(issued[0])


def test_a_refused_token_is_not_remembered(issuer: Tokens) -> None:
    bad = forged({"iss": "other"})
    for _ in range(2):
        with pytest.raises(InvalidToken):
            issuer.verify(bad)


def test_what_was_remembered_under_one_key_is_not_believed_under_another(clock: Clock) -> None:
    before, after = Tokens([OLD], 900, now=clock), Tokens([KEY], 900, now=clock)
    token = before.issue("abi")
    before.verify(token)
    with pytest.raises(InvalidToken):
        after.verify(token)


def test_tokens_of_an_older_key_are_believed_and_new_ones_signed_with_the_newest(clock: Clock) -> None:
    old = Tokens([OLD], 900, now=clock).issue("abi")
    both = Tokens([KEY, OLD], 900, now=clock)
    assert both.verify(old).subject == "abi"
    assert jwt.get_unverified_header(both.issue("abi"))["kid"] == key_id(KEY)


def test_a_kid_tells_nothing_of_its_key() -> None:
    assert key_id(KEY) != key_id(OLD)
    assert len(key_id(KEY)) == 12
    assert KEY[:4] not in key_id(KEY)


def test_without_a_key_there_are_no_tokens(told: Callable[..., object]) -> None:
    told()
    with pytest.raises(SettingInvalid):
        tokens.current()


def test_a_changed_key_makes_other_tokens(told: Callable[..., object]) -> None:
    told(TOKEN_KEY=OLD)
    token = tokens.current().issue("abi")
    told(TOKEN_KEY=KEY)
    with pytest.raises(InvalidToken):
        tokens.current().verify(token)


def test_while_keys_are_changed_tokens_of_both_are_believed_and_new_ones_signed_with_the_new_key(
    told: Callable[..., object],
) -> None:
    told(TOKEN_KEY=OLD)
    before = tokens.current().issue("abi")
    told(TOKEN_KEY=KEY, TOKEN_KEY_PREVIOUS=OLD)
    assert tokens.current().verify(before).subject == "abi"
    assert jwt.get_unverified_header(tokens.current().issue("abi"))["kid"] == key_id(KEY)


def test_an_instance_that_still_signs_with_the_old_key_believes_the_new_one_s_tokens(
    told: Callable[..., object],
) -> None:
    told(TOKEN_KEY=KEY, TOKEN_KEY_PREVIOUS=OLD)
    new = tokens.current().issue("abi")
    told(TOKEN_KEY=OLD, TOKEN_KEY_PREVIOUS=KEY)
    assert tokens.current().verify(new).subject == "abi"


def test_a_token_signed_with_the_removed_key_is_refused(told: Callable[..., object]) -> None:
    told(TOKEN_KEY=KEY, TOKEN_KEY_PREVIOUS=OLD)
    token = Tokens([OLD], 900).issue("abi")
    tokens.current().verify(token)
    told(TOKEN_KEY=KEY)
    with pytest.raises(InvalidToken):
        tokens.current().verify(token)
