"""Tokens of another issuer: those that hold get in, and no token is ever checked against keys that are not its own."""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from shared import auth
from shared.auth import oidc, tokens
from shared.auth.jwks import COOLDOWN_SECONDS, REFRESH_SECONDS, RETRY_SECONDS, Keys
from shared.auth.tokens import key_id
from shared.problems import InsufficientScope, InvalidToken, NotFound, Problem, Unavailable
from tests.issuers import AUDIENCE, Issuer, ec_key, issuing, public_jwk, rsa_key


class Clock:
    """A clock that the test moves; starts now, since tokens are made now."""

    def __init__(self, start: float) -> None:
        self.time = start

    def __call__(self) -> float:
        return self.time


@pytest.fixture(scope="module")
def running() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


@pytest.fixture
def issuer(running: Issuer) -> Issuer:
    """The issuer as it was at first: one RSA key and one on an elliptic curve."""
    running.keys = [public_jwk(rsa_key("first"), "first"), public_jwk(ec_key("curve"), "curve")]
    running.status, running.asked = 200, []
    return running


@pytest.fixture
def since() -> Clock:
    """The clock of the keys."""
    return Clock(1_000.0)


@pytest.fixture
def clock() -> Clock:
    """The clock of the tokens."""
    return Clock(time.time())


@pytest.fixture
def verifier(issuer: Issuer, clock: Clock, since: Clock) -> oidc.Issuer:
    return oidc.Issuer(issuer.url, AUDIENCE, "predict Predict.All", Keys(issuer.url, since), clock)


@pytest.fixture
def both(told: Callable[..., object], environ: Mapping[str, str], issuer: Issuer) -> Mapping[str, str]:
    """Settings with which our own tokens and the issuer's get in."""
    oidc._issuer.cache_clear()
    found = {**environ, "OIDC_ISSUER": issuer.url, "OIDC_AUDIENCE": AUDIENCE, "OIDC_REQUIRED_SCOPE": "predict"}
    told(**found)
    return found


def verified(verifier: oidc.Issuer, token: str) -> str:
    return asyncio.run(verifier.verify(token)).subject


def guard(token: str) -> str:
    return asyncio.run(auth.guard(f"Bearer {token}"))


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_a_token_of_the_issuer_is_believed_and_its_caller_s_name_cannot_be_a_user_s(
    issuer: Issuer, verifier: oidc.Issuer
) -> None:
    assert verified(verifier, issuer.token()) == "oidc:subject-1"


def test_a_token_signed_on_an_elliptic_curve_is_believed(issuer: Issuer, verifier: oidc.Issuer) -> None:
    assert verified(verifier, issuer.token(ec_key("curve"), "curve")) == "oidc:subject-1"


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"sub": "pairwise", "oid": "1b9d6bcd", "tid": "72f988bf"}, "oidc:1b9d6bcd"),
        ({"sub": "pairwise", "tid": "72f988bf"}, "oidc:pairwise"),
        ({"sub": "stable", "oid": "chosen-by-the-user"}, "oidc:stable"),
        ({"sub": "a" * 255}, "oidc:" + "a" * 255),
    ],
    ids=["Entra ID", "Entra ID without oid", "another issuer with a claim called oid", "a long name"],
)
def test_the_caller_s_name_is_the_claim_that_never_changes_hands(
    issuer: Issuer, verifier: oidc.Issuer, claims: dict[str, Any], name: str
) -> None:
    assert verified(verifier, issuer.token(**claims)) == name


@pytest.mark.parametrize("claims", [{"sub": ""}, {"sub": 7}, {"sub": "a" * 256}, {"oid": 7, "tid": "t"}], ids=str)
def test_a_token_without_a_usable_name_is_refused(
    issuer: Issuer, verifier: oidc.Issuer, claims: dict[str, Any]
) -> None:
    with pytest.raises(InvalidToken):
        verified(verifier, issuer.token(**claims))


@pytest.mark.parametrize("claim", oidc.CLAIMS)
def test_a_token_without_one_of_the_claims_is_refused(issuer: Issuer, verifier: oidc.Issuer, claim: str) -> None:
    with pytest.raises(InvalidToken):
        verified(verifier, issuer.token(**{claim: None}))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"aud": "another-api"},
        {"aud": ["another-api"]},
        {"aud": {AUDIENCE: 1}},
        {"exp": int(time.time()) - 1},
        {"exp": [1]},
        {"exp": 10**400},
        {"nbf": int(time.time()) + 600},
        {"iat": int(time.time()) + 600},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(issuer: Issuer, verifier: oidc.Issuer, claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        verified(verifier, issuer.token(**claims))


def test_one_of_several_audiences_is_enough(issuer: Issuer, verifier: oidc.Issuer) -> None:
    assert verified(verifier, issuer.token(aud=["another-api", AUDIENCE]))


@pytest.mark.parametrize(
    "granted",
    [
        {"scp": "openid predict"},
        {"scp": None, "scope": "predict"},
        {"scp": ["openid", "predict"]},
        {"scp": None, "roles": ["Predict.All"]},
        {"scp": "openid", "roles": ["Predict.All", "Other"]},
    ],
    ids=str,
)
def test_one_required_scope_or_role_lets_a_caller_in(
    issuer: Issuer, verifier: oidc.Issuer, granted: dict[str, Any]
) -> None:
    assert verified(verifier, issuer.token(**granted))


@pytest.mark.parametrize(
    "granted",
    [
        {"scp": None},
        {"scp": ""},
        {"scp": "predictions Predict"},
        {"scp": {"predict": True}},
        {"scp": [["predict"]]},
        {"scp": None, "roles": ["predict.all"]},
    ],
    ids=str,
)
def test_without_the_scope_or_role_the_caller_is_told_which_one_is_needed(
    issuer: Issuer, verifier: oidc.Issuer, granted: dict[str, Any]
) -> None:
    with pytest.raises(InsufficientScope) as caught:
        verified(verifier, issuer.token(**granted))
    assert caught.value.status == 403
    assert caught.value.headers["WWW-Authenticate"] == (
        'Bearer realm="egl-ml", error="insufficient_scope", scope="predict Predict.All"'
    )


def test_where_no_scope_is_required_the_audience_is_enough(issuer: Issuer, since: Clock) -> None:
    anyone = oidc.Issuer(issuer.url, AUDIENCE, "", Keys(issuer.url, since))
    assert verified(anyone, issuer.token(scp=None))


def test_a_scope_never_makes_up_for_a_signature(issuer: Issuer, verifier: oidc.Issuer) -> None:
    with pytest.raises(InvalidToken):
        verified(verifier, issuer.token(rsa_key("second"), scp=None))


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/at+jwt", None])
def test_the_types_of_access_tokens_are_taken(issuer: Issuer, verifier: oidc.Issuer, typ: str | None) -> None:
    header, *others = issuer.token().split(".")
    members = {**json.loads(base64.urlsafe_b64decode(header + "==")), "typ": typ}
    made = jwt.encode(
        jwt.decode(".".join([header, *others]), options={"verify_signature": False}),
        rsa_key("first"),
        "RS256",
        headers={name: value for name, value in members.items() if name != "alg"},
    )
    assert verified(verifier, made)


@pytest.mark.parametrize(
    "header", [{"typ": "logout+jwt"}, {"typ": "dpop+jwt"}, {"kid": ""}, {"crit": ["exp"]}, {"b64": False}], ids=str
)
def test_a_token_with_a_wrong_header_is_refused(issuer: Issuer, verifier: oidc.Issuer, header: dict[str, Any]) -> None:
    token = issuer.token()
    members = {"alg": "RS256", "kid": "first", "typ": "JWT", **header}
    signed = f"{b64(json.dumps(members).encode())}.{token.split('.')[1]}"
    signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(signed.encode(), rsa_key("first"))
    with pytest.raises(InvalidToken):
        verified(verifier, f"{signed}.{b64(signature)}")


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS512", "RS384", "PS256", "ES256", "EdDSA"])
def test_another_algorithm_in_the_header_is_refused(issuer: Issuer, verifier: oidc.Issuer, algorithm: str) -> None:
    _, payload, signature = issuer.token().split(".")
    header = b64(json.dumps({"alg": algorithm, "kid": "first", "typ": "JWT"}).encode())
    for end in (signature, ""):
        with pytest.raises(InvalidToken):
            verified(verifier, f"{header}.{payload}.{end}")


@pytest.mark.parametrize(
    "secret",
    [
        rsa_key("first").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        rsa_key("first").public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(public_jwk(rsa_key("first"), "first")).encode(),
    ],
    ids=["PEM", "DER", "JWK"],
)
def test_the_issuer_s_public_key_is_no_secret_to_sign_with(
    issuer: Issuer, verifier: oidc.Issuer, both: Mapping[str, str], secret: bytes
) -> None:
    claims = b64(json.dumps(jwt.decode(issuer.token(), options={"verify_signature": False})).encode())
    signed = f"{b64(json.dumps({'alg': 'HS256', 'kid': 'first', 'typ': 'JWT'}).encode())}.{claims}"
    hmac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    forged = f"{signed}.{b64(hmac.sign(signed.encode(), secret))}"
    with pytest.raises(InvalidToken):
        verified(verifier, forged)
    with pytest.raises(InvalidToken):
        guard(forged)


def test_a_key_of_one_type_is_not_used_for_the_other_s_algorithm(issuer: Issuer, verifier: oidc.Issuer) -> None:
    for token in (issuer.token(ec_key("curve"), "first"), issuer.token(rsa_key("first"), "curve")):
        with pytest.raises(InvalidToken):
            verified(verifier, token)


def test_a_key_that_is_too_short_proves_nothing(issuer: Issuer, verifier: oidc.Issuer) -> None:
    issuer.keys.append(public_jwk(rsa_key("short", 1024), "short"))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = issuer.token(rsa_key("short", 1024), "short")
    with pytest.raises(InvalidToken):
        verified(verifier, token)


@pytest.mark.parametrize("member", ["jku", "x5u", "jwk", "x5c"])
def test_keys_that_the_token_brings_are_ignored_and_never_fetched(
    issuer: Issuer, verifier: oidc.Issuer, member: str
) -> None:
    with issuing() as attacker:
        public = public_jwk(rsa_key("attacker"), "first")
        attacker.keys = [public]
        brought = {"jku": f"{attacker.url}/keys", "x5u": f"{attacker.url}/keys", "jwk": public, "x5c": [public["n"]]}
        token = issuer.token(rsa_key("attacker"), header={member: brought[member]})
        with pytest.raises(InvalidToken):
            verified(verifier, token)
        assert attacker.asked == []


@pytest.mark.parametrize(
    "broken",
    [
        lambda token: ".".join(token.split(".")[:2]),
        lambda token: token + ".more",
        lambda token: token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB"),
        lambda _: "",
        lambda _: "..",
        lambda _: "é.ü.ß",
        lambda _: "\ud800",
        lambda _: "a" * 100_000,
        lambda _: b64(b'{"alg":"RS256","kid":"first"}') + ".AA.AA",
        lambda _: b64(b'{"alg":"RS256","kid":["first"]}') + ".e30.AA",
        lambda _: b64(b"[" * 8_000) + ".e30.AA",
    ],
)
def test_a_broken_token_is_refused(
    issuer: Issuer, verifier: oidc.Issuer, both: Mapping[str, str], broken: Callable[[str], str]
) -> None:
    for check in (lambda token: verified(verifier, token), guard):
        with pytest.raises(InvalidToken):
            check(broken(issuer.token()))


ANYTHING = st.one_of(
    [st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.lists(st.text(max_size=9))]
)


@given(st.dictionaries(st.sampled_from([*oidc.CLAIMS, "nbf", "jti", "scp", "roles", "oid", "tid"]), ANYTHING))
def test_whatever_the_issuer_signs_nothing_but_a_problem_comes_out(claims: dict[str, Any]) -> None:
    key = jwt.PyJWK(public_jwk(rsa_key("first"), "first"))
    whole = {
        "iss": "https://i",
        "aud": AUDIENCE,
        "sub": "s",
        "iat": 1,
        "exp": 4_000_000_000,
        "scp": "predict",
        **claims,
    }
    token = jwt.api_jws.encode(json.dumps(whole).encode(), rsa_key("first"), "RS256", headers={"kid": "first"})
    issuer = oidc.Issuer("https://i", AUDIENCE, "predict", Keys("https://i"))
    try:
        found: str | Problem = issuer._decoded(token, key).subject
    except (InvalidToken, InsufficientScope) as problem:
        found = problem
    assert isinstance(found, Problem) or found.startswith("oidc:")


def test_a_token_from_a_new_key_is_believed_after_the_issuer_rotated(
    issuer: Issuer, verifier: oidc.Issuer, since: Clock
) -> None:
    verified(verifier, issuer.token())
    issuer.keys.append(public_jwk(rsa_key("second"), "second"))
    since.time += COOLDOWN_SECONDS
    assert verified(verifier, issuer.token(rsa_key("second"), "second"))


def test_a_remembered_token_dies_with_the_key_that_the_issuer_withdrew(
    issuer: Issuer, verifier: oidc.Issuer, since: Clock
) -> None:
    token = issuer.token()
    verified(verifier, token)
    issuer.keys = [public_jwk(rsa_key("second"), "second")]
    since.time += REFRESH_SECONDS
    with pytest.raises(InvalidToken):
        verified(verifier, token)


def test_a_remembered_token_is_not_believed_when_its_kid_names_another_key(
    issuer: Issuer, verifier: oidc.Issuer, since: Clock
) -> None:
    token = issuer.token()
    verified(verifier, token)
    issuer.keys = [public_jwk(rsa_key("second"), "first")]
    since.time += REFRESH_SECONDS
    with pytest.raises(InvalidToken):
        verified(verifier, token)


def test_a_verified_token_is_not_decoded_again(
    issuer: Issuer, verifier: oidc.Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token()
    verified(verifier, token)
    monkeypatch.setattr(oidc.jwt, "decode", None)
    assert verified(verifier, token) == "oidc:subject-1"


def test_a_remembered_token_dies_when_it_expires(issuer: Issuer, verifier: oidc.Issuer, clock: Clock) -> None:
    token = issuer.token(exp=int(clock.time) + 60)
    verified(verifier, token)
    clock.time += 61
    with pytest.raises(InvalidToken):
        verified(verifier, token)


def test_while_the_issuer_is_down_known_keys_let_tokens_in_and_unknown_ones_wait(
    issuer: Issuer, verifier: oidc.Issuer, since: Clock
) -> None:
    verified(verifier, issuer.token())
    issuer.status = 500
    since.time += REFRESH_SECONDS
    assert verified(verifier, issuer.token(jti="another"))
    with pytest.raises(Unavailable) as caught:
        verified(verifier, issuer.token(rsa_key("second"), "second"))
    assert caught.value.headers == {"Retry-After": str(int(RETRY_SECONDS))}


def test_the_guard_takes_both_kinds_of_tokens(issuer: Issuer, both: Mapping[str, str]) -> None:
    assert guard(tokens.current().issue("abi")) == "abi"
    assert guard(issuer.token()) == "oidc:subject-1"


def test_our_own_tokens_need_no_issuer(issuer: Issuer, both: Mapping[str, str]) -> None:
    issuer.status = 500
    assert guard(tokens.current().issue("abi")) == "abi"
    assert issuer.asked == []


def test_a_forgery_that_names_no_issuer_of_ours_makes_nobody_ask_one(issuer: Issuer, both: Mapping[str, str]) -> None:
    for token in ("a.b.c", issuer.token(iss="https://other.example"), issuer.token(iss=None)):
        with pytest.raises(InvalidToken):
            guard(token)
    assert issuer.asked == []


def test_our_key_signs_nothing_in_the_issuer_s_name(issuer: Issuer, both: Mapping[str, str]) -> None:
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    for kid in ("first", key_id(both["TOKEN_KEY"])):
        header = {"kid": kid, "typ": "at+jwt"}
        with pytest.raises(InvalidToken):
            guard(jwt.encode(claims, both["TOKEN_KEY"], "HS256", headers=header))


def test_the_issuer_s_key_signs_nothing_in_our_name(issuer: Issuer, both: Mapping[str, str]) -> None:
    ours = jwt.decode(tokens.current().issue("abi"), options={"verify_signature": False})
    for kid in ("first", key_id(both["TOKEN_KEY"])):
        header = {"kid": kid, "typ": "at+jwt"}
        with pytest.raises(InvalidToken):
            guard(jwt.encode(ours, rsa_key("first"), "RS256", headers=header))


def test_without_local_tokens_only_the_issuer_s_get_in_and_no_key_is_needed(
    told: Callable[..., object], issuer: Issuer, both: Mapping[str, str]
) -> None:
    own = tokens.current().issue("abi")
    told(**{**both, "TOKEN_KEY": "", "LOCAL_TOKENS": "false"})
    assert guard(issuer.token()) == "oidc:subject-1"
    with pytest.raises(InvalidToken):
        guard(own)


def test_without_local_tokens_nobody_logs_in(told: Callable[..., object], both: Mapping[str, str]) -> None:
    told(**{**both, "TOKEN_KEY": "", "LOCAL_TOKENS": "false"})
    with pytest.raises(NotFound):
        asyncio.run(
            auth.login(b"grant_type=password&username=abi&password=password", "application/x-www-form-urlencoded")
        )
