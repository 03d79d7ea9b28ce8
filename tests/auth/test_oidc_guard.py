"""The guard beside another issuer: both kinds of tokens, and none is ever checked against keys that are not its own."""

import asyncio
import base64
from collections.abc import Callable, Mapping

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import auth
from shared.auth import oidc, tokens
from shared.auth.jwks import Keys
from shared.auth.tokens import key_id
from shared.problems import InvalidToken, NotFound
from tests.issuers import Issuer, rsa_key


def guard(token: str) -> str:
    return asyncio.run(auth.guard(f"Bearer {token}"))


def test_the_guard_takes_both_kinds_of_tokens(issuer: Issuer, both: Mapping[str, str]) -> None:
    assert guard(tokens.current().issue("abi")) == "abi"
    assert guard(issuer.token()) == "oidc:subject-1"


def test_our_own_tokens_need_no_issuer(issuer: Issuer, both: Mapping[str, str]) -> None:
    issuer.status = 500
    assert guard(tokens.current().issue("abi")) == "abi"
    assert issuer.requested == []


def test_a_forgery_that_names_no_issuer_of_ours_makes_nobody_ask_one(issuer: Issuer, both: Mapping[str, str]) -> None:
    for token in ("a.b.c", issuer.token(iss="https://other.example"), issuer.token(iss=None)):
        with pytest.raises(InvalidToken):
            guard(token)
    assert issuer.requested == []


@given(st.one_of(st.text(), st.binary().map(lambda payload: f"a.{base64.urlsafe_b64encode(payload).decode()}.b")))
def test_whatever_is_sent_as_a_token_its_issuer_is_asked_for_without_a_failure(token: str) -> None:
    assert not oidc.Issuer("https://i", "api", "", Keys("https://i")).is_named_by(token)


@pytest.mark.parametrize(
    "claims", ['{"iss":"https://i"}', '{"iss":"https://i","sub":{"a":[1]}}', '{"a":1,"iss":"https://i"}']
)
def test_a_token_names_its_issuer_whatever_else_it_says(claims: str) -> None:
    token = f"a.{base64.urlsafe_b64encode(claims.encode()).rstrip(b'=').decode()}.b"
    assert oidc.Issuer("https://i", "api", "", Keys("https://i")).is_named_by(token)


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
    for key in ("", both["TOKEN_KEY"]):
        told(**{**both, "TOKEN_KEY": key, "LOCAL_TOKENS": "false"})
        assert guard(issuer.token()) == "oidc:subject-1"
        with pytest.raises(InvalidToken):
            guard(own)


def test_without_local_tokens_nobody_logs_in(told: Callable[..., object], both: Mapping[str, str]) -> None:
    told(**{**both, "TOKEN_KEY": "", "LOCAL_TOKENS": "false"})
    with pytest.raises(NotFound):
        asyncio.run(
            auth.login(b"grant_type=password&username=abi&password=password", "application/x-www-form-urlencoded")
        )
