"""Forged tokens of another issuer (RFC 8725): the key decides the algorithm, and nothing that a token brings counts."""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from shared import auth
from shared.auth import oidc
from shared.auth.jwks import Keys
from shared.problems import InsufficientScope, InvalidToken, Problem
from tests.issuers import AUDIENCE, Issuer, ec_key, issuing, public_jwk, rsa_key


def verified(verifier: oidc.Issuer, token: str) -> str:
    return asyncio.run(verifier.verify(token)).subject


def guard(token: str) -> str:
    return asyncio.run(auth.guard(f"Bearer {token}"))


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
