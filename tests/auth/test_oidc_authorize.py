"""Authorization beside another issuer: both kinds of tokens, each verified with its own keys alone."""

import base64
from collections.abc import Mapping

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.auth import Auth, oidc
from shared.auth.jwks import Keys
from shared.auth.tokens import key_id
from shared.problems import InvalidToken, NotFound
from shared.threads import Pool
from tests.auth.conftest import BuildAuth
from tests.issuers import Issuer, rsa_key
from tests.loop import run


@pytest.fixture
def auth(build_auth: BuildAuth, both: Mapping[str, str]) -> Auth:
    return build_auth(**both)


def authorize(auth: Auth, token: str) -> str:
    return run(auth.authorize(f"Bearer {token}"))


def unused_issuer(url: str) -> oidc.Issuer:
    return oidc.Issuer(url, "api", "", Keys(url, Pool("general", 1)))


def test_both_kinds_of_tokens_are_valid(issuer: Issuer, auth: Auth) -> None:
    assert authorize(auth, auth.tokens.issue("abi")) == "abi"
    assert authorize(auth, issuer.token()) == "oidc:subject-1"


def test_our_own_tokens_need_no_call_of_the_issuer(issuer: Issuer, auth: Auth) -> None:
    issuer.status = 500
    assert authorize(auth, auth.tokens.issue("abi")) == "abi"
    assert issuer.requested == []


def test_a_forgery_with_another_iss_leads_to_no_call_of_the_issuer(issuer: Issuer, auth: Auth) -> None:
    for token in ("a.b.c", issuer.token(iss="https://other.example"), issuer.token(iss=None)):
        with pytest.raises(InvalidToken):
            authorize(auth, token)
    assert issuer.requested == []


@given(st.one_of(st.text(), st.binary().map(lambda payload: f"a.{base64.urlsafe_b64encode(payload).decode()}.b")))
def test_reading_the_iss_of_any_text_never_fails(token: str) -> None:
    assert not unused_issuer("https://i").is_named_by(token)


@pytest.mark.parametrize(
    "claims", ['{"iss":"https://i"}', '{"iss":"https://i","sub":{"a":[1]}}', '{"a":1,"iss":"https://i"}']
)
def test_the_iss_is_found_among_any_other_claims(claims: str) -> None:
    token = f"a.{base64.urlsafe_b64encode(claims.encode()).rstrip(b'=').decode()}.b"
    assert unused_issuer("https://i").is_named_by(token)


def test_our_key_signs_nothing_in_the_issuer_s_name(issuer: Issuer, auth: Auth, both: Mapping[str, str]) -> None:
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    for kid in ("first", key_id(both["TOKEN_KEY"])):
        header = {"kid": kid, "typ": "at+jwt"}
        with pytest.raises(InvalidToken):
            authorize(auth, jwt.encode(claims, both["TOKEN_KEY"], "HS256", headers=header))


def test_the_issuer_s_key_signs_nothing_in_our_name(issuer: Issuer, auth: Auth, both: Mapping[str, str]) -> None:
    ours = jwt.decode(auth.tokens.issue("abi"), options={"verify_signature": False})
    for kid in ("first", key_id(both["TOKEN_KEY"])):
        header = {"kid": kid, "typ": "at+jwt"}
        with pytest.raises(InvalidToken):
            authorize(auth, jwt.encode(ours, rsa_key("first"), "RS256", headers=header))


def test_without_local_tokens_only_the_issuer_s_are_valid_and_no_key_is_needed(
    build_auth: BuildAuth, issuer: Issuer, both: Mapping[str, str]
) -> None:
    own = build_auth(**both).tokens.issue("abi")
    for key in ("", both["TOKEN_KEY"]):
        auth = build_auth(**{**both, "TOKEN_KEY": key, "LOCAL_TOKENS": "false"})
        assert authorize(auth, issuer.token()) == "oidc:subject-1"
        with pytest.raises(InvalidToken):
            authorize(auth, own)


def test_without_local_tokens_nobody_logs_in(build_auth: BuildAuth, both: Mapping[str, str]) -> None:
    auth = build_auth(**{**both, "TOKEN_KEY": "", "LOCAL_TOKENS": "false"})
    body = b"grant_type=password&username=abi&password=password"
    with pytest.raises(NotFound):
        run(auth.login(body, "application/x-www-form-urlencoded"))
