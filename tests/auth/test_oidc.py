"""Tokens of another issuer: valid ones are accepted, under a stable name, and with the required scope."""

import base64
import json
import time
from typing import Any

import jwt
import pytest

from shared.auth import oidc
from shared.auth.jwks import REFRESH_SECONDS, RETRY_SECONDS, UNKNOWN_KEY_SECONDS
from shared.problems import InsufficientScope, InvalidToken, Unavailable
from tests.clock import Clock
from tests.issuers import AUDIENCE, Issuer, ec_key, public_jwk, rsa_key
from tests.loop import run


def verified(verifier: oidc.Issuer, token: str) -> str:
    return run(verifier.verify(token)).subject


def test_a_token_of_the_issuer_is_valid_and_its_caller_s_name_is_no_user_s(
    issuer: Issuer, verifier: oidc.Issuer
) -> None:
    assert verified(verifier, issuer.token()) == "oidc:subject-1"


def test_a_token_signed_on_an_elliptic_curve_is_valid(issuer: Issuer, verifier: oidc.Issuer) -> None:
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
def test_the_caller_s_name_is_the_claim_that_is_never_reused(
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
    ids=["iss", "aud", "aud-list", "aud-object", "exp-past", "exp-list", "exp-huge", "nbf-future", "iat-future"],
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
def test_one_required_scope_or_role_is_enough(issuer: Issuer, verifier: oidc.Issuer, granted: dict[str, Any]) -> None:
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
def test_without_the_scope_or_role_the_response_names_the_required_ones(
    issuer: Issuer, verifier: oidc.Issuer, granted: dict[str, Any]
) -> None:
    with pytest.raises(InsufficientScope) as caught:
        verified(verifier, issuer.token(**granted))
    assert caught.value.status == 403
    assert caught.value.headers["WWW-Authenticate"] == (
        'Bearer realm="egl-ml", error="insufficient_scope", scope="predict Predict.All"'
    )


@pytest.mark.parametrize(
    "claims",
    [{"nonce": "n"}, {"at_hash": "h"}, {"c_hash": "h"}, {"nonce": "n", "typ": "ID"}, {"at_hash": "h", "typ": "Bearer"}],
    ids=str,
)
def test_an_id_token_gives_no_access(issuer: Issuer, verifier: oidc.Issuer, claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken) as caught:
        verified(verifier, issuer.token(**claims))
    assert caught.value.reason == "an ID token"


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "n", "typ": "Bearer"},
        {"tid": "72f988bf", "oid": "1b9d6bcd", "ver": "2.0", "scp": "predict"},
        {"tid": "72f988bf", "oid": "1b9d6bcd", "ver": "2.0", "scp": None, "roles": ["Predict.All"], "idtyp": "app"},
        {"client_id": "app", "jti": "1", "scp": None, "scope": "predict openid"},
    ],
    ids=["an older Keycloak", "Entra ID for a person", "Entra ID for an application", "RFC 9068"],
)
def test_access_tokens_of_the_usual_issuers_are_accepted(
    issuer: Issuer, verifier: oidc.Issuer, claims: dict[str, Any]
) -> None:
    assert verified(verifier, issuer.token(**claims))


def test_a_scope_never_replaces_a_signature(issuer: Issuer, verifier: oidc.Issuer) -> None:
    with pytest.raises(InvalidToken):
        verified(verifier, issuer.token(rsa_key("second"), scp=None))


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/at+jwt", None])
def test_the_types_of_access_tokens_are_accepted(issuer: Issuer, verifier: oidc.Issuer, typ: str | None) -> None:
    header, *others = issuer.token().split(".")
    members = {**json.loads(base64.urlsafe_b64decode(header + "==")), "typ": typ}
    token = jwt.encode(
        jwt.decode(".".join([header, *others]), options={"verify_signature": False}),
        rsa_key("first"),
        "RS256",
        headers={name: value for name, value in members.items() if name != "alg"},
    )
    assert verified(verifier, token)


def test_a_token_of_a_new_key_is_valid_after_the_issuer_rotated(
    issuer: Issuer, verifier: oidc.Issuer, fetch_clock: Clock
) -> None:
    verified(verifier, issuer.token())
    issuer.keys.append(public_jwk(rsa_key("second"), "second"))
    fetch_clock.time += UNKNOWN_KEY_SECONDS
    assert verified(verifier, issuer.token(rsa_key("second"), "second"))


def test_a_cached_token_is_refused_when_the_issuer_withdraws_its_key(
    issuer: Issuer, verifier: oidc.Issuer, fetch_clock: Clock
) -> None:
    token = issuer.token()
    verified(verifier, token)
    issuer.keys = [public_jwk(rsa_key("second"), "second")]
    fetch_clock.time += REFRESH_SECONDS
    with pytest.raises(InvalidToken):
        verified(verifier, token)


def test_a_cached_token_is_refused_when_its_kid_names_another_key(
    issuer: Issuer, verifier: oidc.Issuer, fetch_clock: Clock
) -> None:
    token = issuer.token()
    verified(verifier, token)
    issuer.keys = [public_jwk(rsa_key("second"), "first")]
    fetch_clock.time += REFRESH_SECONDS
    with pytest.raises(InvalidToken):
        verified(verifier, token)


def test_a_verified_token_is_not_decoded_again(
    issuer: Issuer, verifier: oidc.Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token()
    verified(verifier, token)
    monkeypatch.setattr(jwt, "decode", None)
    assert verified(verifier, token) == "oidc:subject-1"


def test_a_cached_token_is_refused_when_it_expires(issuer: Issuer, verifier: oidc.Issuer, clock: Clock) -> None:
    token = issuer.token(exp=int(clock.time) + 60)
    verified(verifier, token)
    clock.time += 61
    with pytest.raises(InvalidToken):
        verified(verifier, token)


def test_while_the_issuer_is_down_known_keys_are_valid_and_unknown_ones_wait(
    issuer: Issuer, verifier: oidc.Issuer, fetch_clock: Clock
) -> None:
    verified(verifier, issuer.token())
    issuer.status = 500
    fetch_clock.time += REFRESH_SECONDS
    assert verified(verifier, issuer.token(jti="another"))
    with pytest.raises(Unavailable) as caught:
        verified(verifier, issuer.token(rsa_key("second"), "second"))
    assert caught.value.headers == {"Retry-After": str(int(RETRY_SECONDS))}
