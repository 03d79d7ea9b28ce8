"""Every exception of the libraries that read what strangers send is mapped to a problem: a new one fails here."""

import asyncio
import base64
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NoReturn

import jwt
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import schemas
from shared.auth import jwks, oidc, tokens
from shared.auth.jwks import Keys
from shared.auth.tokens import Tokens, key_id
from shared.problems import InvalidInstances, InvalidToken, MalformedJson, Problem, Unavailable
from shared.settings import Settings
from tests.issuers import public_jwk, rsa_key
from tests.models import manifest

KEY = "a-key-for-tests-of-more-than-32-bytes"


def tree(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


def raising(error: Exception) -> Any:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    return fail


# What the standard library raises beneath PyJWT when a token is not what it seems.
OF_PYTHON = (ValueError(), TypeError(), OverflowError(), RecursionError())
OF_TOKENS = [*(kind("x") for kind in tree(jwt.PyJWTError)), *OF_PYTHON]
BY_TOKEN_ERROR = pytest.mark.parametrize("error", OF_TOKENS, ids=lambda error: type(error).__name__)


def test_the_trees_are_those_of_the_libraries() -> None:
    assert {"ExpiredSignatureError", "InvalidKeyError", "PyJWKClientConnectionError", "PyJWKSetError"} <= {
        kind.__name__ for kind in tree(jwt.PyJWTError)
    }
    assert set(tree(msgspec.MsgspecError)) == {
        msgspec.MsgspecError,
        msgspec.EncodeError,
        msgspec.DecodeError,
        msgspec.ValidationError,
    }


@BY_TOKEN_ERROR
def test_whatever_pyjwt_raises_for_one_of_our_tokens_is_an_invalid_token(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    issuer = Tokens([KEY], 900)
    token = issuer.issue("abi")
    monkeypatch.setattr(tokens.jwt, "decode_complete", raising(error))
    with pytest.raises(InvalidToken):
        issuer.verify(token)


@BY_TOKEN_ERROR
@pytest.mark.parametrize("function", ["decode", "get_unverified_header"])
def test_whatever_pyjwt_raises_for_an_issuer_s_token_is_an_invalid_token(
    monkeypatch: pytest.MonkeyPatch, error: Exception, function: str
) -> None:
    key = jwt.PyJWK(public_jwk(rsa_key("first"), "first"))
    issuer = oidc.Issuer("https://i", "api", "", Keys("https://i"))
    monkeypatch.setattr(oidc.jwt, function, raising(error))
    with pytest.raises(InvalidToken):
        issuer._decoded("a.b.c", key) if function == "decode" else oidc._kid("a.b.c")


@pytest.mark.parametrize(
    "error", [*OF_TOKENS, OSError(), TimeoutError(), UnicodeError(), AttributeError()], ids=lambda e: type(e).__name__
)
def test_whatever_keeps_an_issuer_s_keys_away_is_unavailable(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(jwks, "fetched", raising(error))
    with pytest.raises(Unavailable):
        asyncio.run(Keys("https://i").find("first"))


OF_BODIES = [*(kind("x") for kind in tree(msgspec.DecodeError)), UnicodeDecodeError("utf-8", b"", 0, 1, "x")]


@pytest.mark.parametrize("error", [*OF_BODIES, RecursionError()], ids=lambda error: type(error).__name__)
def test_whatever_msgspec_raises_for_a_body_is_malformed_json_or_a_list_of_faults(error: Exception) -> None:
    contract = schemas.contract(manifest())
    broken = SimpleNamespace(**{name: getattr(contract, name) for name in contract.__slots__})
    broken.decoder = SimpleNamespace(decode=raising(error))
    broken._explain = contract._explain
    with pytest.raises(InvalidInstances if isinstance(error, msgspec.ValidationError) else MalformedJson):
        schemas.Contract.decode(broken, b"{}")


@pytest.mark.parametrize("error", [*OF_BODIES, RecursionError()], ids=lambda error: type(error).__name__)
def test_whatever_msgspec_raises_while_faults_are_looked_for_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(schemas.faults.msgspec.json, "decode", raising(error))
    with pytest.raises(Problem):
        schemas.faults.explain(b"{}", manifest().features, 10)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), st.lists, max_leaves=3
)


@given(st.dictionaries(st.sampled_from(tokens.CLAIMS), ANYTHING | st.just(10**400)))
def test_whatever_our_key_signed_nothing_but_an_invalid_token_comes_out(claims: dict[str, Any]) -> None:
    whole = {"iss": "egl-ml", "aud": "egl-ml", "sub": "abi", "iat": 1, "nbf": 1, "exp": 4_000_000_000, "jti": "1"}
    payload = json.dumps({**whole, **claims}).encode()
    token = jwt.api_jws.encode(payload, KEY, "HS256", headers={"kid": key_id(KEY), "typ": "at+jwt"})
    try:
        found: object = Tokens([KEY], 900).verify(token).subject
    except InvalidToken as problem:
        found = problem
    assert isinstance(found, str | InvalidToken)


MEMBERS = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jku", "jwk", "x5u", "zip"])
LIKELY = st.sampled_from(["HS256", "RS256", "none", key_id(KEY), "at+jwt", "JWT", ["b64"], "DEF"])


@given(st.dictionaries(MEMBERS, ANYTHING | LIKELY), st.binary(), st.binary())
def test_whatever_a_header_says_nothing_but_an_invalid_token_comes_out(
    header: dict[str, Any], payload: bytes, signature: bytes
) -> None:
    whole = {"alg": "HS256", "kid": key_id(KEY), "typ": "at+jwt", **header}
    parts = (json.dumps(whole).encode(), payload, signature)
    token = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    with pytest.raises(InvalidToken):
        Tokens([KEY], 900).verify(token)


@given(st.text(min_size=32))
def test_every_key_that_the_settings_take_can_sign(key: str) -> None:
    if Settings.read({"TOKEN_KEY": key}).faults == {}:
        issuer = Tokens([key], 900)
        assert issuer.verify(issuer.issue("abi")).subject == "abi"
