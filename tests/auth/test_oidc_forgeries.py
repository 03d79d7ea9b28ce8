"""Forged tokens of another issuer (RFC 8725): the key decides the algorithm, and keys in a token are ignored."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from shared.auth import Auth, oidc
from shared.auth.jwks import Keys
from shared.problems import InsufficientScope, InvalidToken, Problem
from shared.threads import Pool
from tests.auth.conftest import BuildAuth
from tests.issuers import AUDIENCE, Issuer, ec_key, issuing, public_jwk, rsa_key
from tests.loop import run


def verified(verifier: oidc.Issuer, token: str) -> str:
    return run(verifier.verify(token)).subject


@pytest.fixture
def auth(build_auth: BuildAuth, both: Mapping[str, str]) -> Auth:
    return build_auth(**both)


def authorize(auth: Auth, token: str) -> str:
    return run(auth.authorize(f"Bearer {token}"))


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


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
def test_a_token_signed_with_the_issuer_s_public_key_is_refused(
    issuer: Issuer, verifier: oidc.Issuer, auth: Auth, secret: bytes
) -> None:
    claims = b64(json.dumps(jwt.decode(issuer.token(), options={"verify_signature": False})).encode())
    signed = f"{b64(json.dumps({'alg': 'HS256', 'kid': 'first', 'typ': 'JWT'}).encode())}.{claims}"
    hmac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    forged = f"{signed}.{b64(hmac.sign(signed.encode(), secret))}"
    with pytest.raises(InvalidToken):
        verified(verifier, forged)
    with pytest.raises(InvalidToken):
        authorize(auth, forged)


def test_a_key_of_one_type_is_not_used_for_the_other_s_algorithm(issuer: Issuer, verifier: oidc.Issuer) -> None:
    for token in (issuer.token(ec_key("curve"), "first"), issuer.token(rsa_key("first"), "curve")):
        with pytest.raises(InvalidToken):
            verified(verifier, token)


def test_a_short_key_is_refused(issuer: Issuer, verifier: oidc.Issuer) -> None:
    issuer.keys.append(public_jwk(rsa_key("short", 1024), "short"))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = issuer.token(rsa_key("short", 1024), "short")
    with pytest.raises(InvalidToken):
        verified(verifier, token)


@pytest.mark.parametrize("member", ["jku", "x5u", "jwk", "x5c"])
def test_keys_in_the_token_are_ignored_and_never_fetched(issuer: Issuer, verifier: oidc.Issuer, member: str) -> None:
    with issuing() as attacker:
        public = public_jwk(rsa_key("attacker"), "first")
        attacker.keys = [public]
        keys = {"jku": f"{attacker.url}/keys", "x5u": f"{attacker.url}/keys", "jwk": public, "x5c": [public["n"]]}
        token = issuer.token(rsa_key("attacker"), header={member: keys[member]})
        with pytest.raises(InvalidToken):
            verified(verifier, token)
        assert attacker.requested == []


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
    issuer: Issuer, verifier: oidc.Issuer, auth: Auth, broken: Callable[[str], str]
) -> None:
    with pytest.raises(InvalidToken):
        verified(verifier, broken(issuer.token()))
    with pytest.raises(InvalidToken):
        authorize(auth, broken(issuer.token()))


ANYTHING = st.one_of(
    [st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.lists(st.text(max_size=9))]
)


@given(st.dictionaries(st.sampled_from([*oidc.CLAIMS, "nbf", "jti", "scp", "roles", "oid", "tid"]), ANYTHING))
def test_any_claims_that_the_issuer_signs_lead_to_a_name_or_a_problem(claims: dict[str, Any]) -> None:
    key = jwt.PyJWK(public_jwk(rsa_key("first"), "first"))
    payload = {
        "iss": "https://i",
        "aud": AUDIENCE,
        "sub": "s",
        "iat": 1,
        "exp": 4_000_000_000,
        "scp": "predict",
        **claims,
    }
    token = jwt.api_jws.encode(json.dumps(payload).encode(), rsa_key("first"), "RS256", headers={"kid": "first"})
    issuer = oidc.Issuer("https://i", AUDIENCE, "predict", Keys("https://i", Pool("general", 1)))
    try:
        result: str | Problem = issuer._decode(token, key).subject
    except (InvalidToken, InsufficientScope) as problem:
        result = problem
    assert isinstance(result, Problem) or result.startswith("oidc:")
