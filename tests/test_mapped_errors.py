"""Every exception of the libraries that read untrusted input becomes a problem. A new exception fails here."""

import base64
import dataclasses
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NoReturn

import jwt
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.auth import oidc, tokens
from shared.auth.jwks import Keys
from shared.auth.tokens import Tokens, key_id
from shared.model import schemas, validation
from shared.problems import InvalidInstances, InvalidToken, MalformedJson, Problem, Unavailable
from shared.settings import Settings
from shared.threads import Pool, Threads
from tests.issuers import public_jwk, rsa_key
from tests.loop import run
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


# Exceptions of the standard library beneath PyJWT.
PYTHON_ERRORS = (ValueError(), TypeError(), OverflowError(), RecursionError())
TOKEN_ERRORS = [*(kind("x") for kind in tree(jwt.PyJWTError)), *PYTHON_ERRORS]
BY_TOKEN_ERROR = pytest.mark.parametrize("error", TOKEN_ERRORS, ids=lambda error: type(error).__name__)


def test_the_trees_of_exceptions_are_those_of_the_libraries() -> None:
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
def test_every_exception_of_pyjwt_for_our_tokens_is_an_invalid_token(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    issuer = Tokens([KEY], 900)
    token = issuer.issue("abi")
    monkeypatch.setattr(jwt, "decode_complete", raising(error))
    with pytest.raises(InvalidToken):
        issuer.verify(token)


@BY_TOKEN_ERROR
@pytest.mark.parametrize("function", ["decode", "get_unverified_header"])
def test_every_exception_of_pyjwt_for_an_issuer_s_tokens_is_an_invalid_token(
    monkeypatch: pytest.MonkeyPatch, error: Exception, function: str
) -> None:
    key = jwt.PyJWK(public_jwk(rsa_key("first"), "first"))
    issuer = oidc.Issuer("https://i", "api", "", Keys("https://i", Pool("general", 1)))
    monkeypatch.setattr(jwt, function, raising(error))
    with pytest.raises(InvalidToken):
        issuer._decode("a.b.c", key) if function == "decode" else oidc._kid("a.b.c")


@pytest.mark.parametrize(
    "error",
    [*TOKEN_ERRORS, OSError(), TimeoutError(), UnicodeError(), AttributeError()],
    ids=lambda e: type(e).__name__,
)
def test_every_exception_while_keys_are_fetched_is_unavailable(threads: Threads, error: Exception) -> None:
    with pytest.raises(Unavailable):
        run(Keys("https://i", threads.general, fetch=raising(error)).find("first"))


BODY_ERRORS = [*(kind("x") for kind in tree(msgspec.DecodeError)), UnicodeDecodeError("utf-8", b"", 0, 1, "x")]


@pytest.mark.parametrize("error", [*BODY_ERRORS, RecursionError()], ids=lambda error: type(error).__name__)
def test_every_exception_of_msgspec_for_a_body_is_malformed_json_or_a_list_of_bad_fields(error: Exception) -> None:
    decoder: Any = SimpleNamespace(decode=raising(error))
    broken = dataclasses.replace(schemas.build(manifest()), decoder=decoder)
    with pytest.raises(InvalidInstances if isinstance(error, msgspec.ValidationError) else MalformedJson):
        broken.decode(b"{}")


@pytest.mark.parametrize("error", [*BODY_ERRORS, RecursionError()], ids=lambda error: type(error).__name__)
def test_every_exception_of_msgspec_while_bad_fields_are_listed_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(msgspec.json, "decode", raising(error))
    with pytest.raises(Problem):
        validation.raise_invalid(b"{}", manifest().features, 10)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), st.lists, max_leaves=3
)


@given(st.dictionaries(st.sampled_from(tokens.CLAIMS), ANYTHING | st.just(10**400)))
def test_any_claims_that_our_key_signed_lead_to_a_subject_or_an_invalid_token(claims: dict[str, Any]) -> None:
    valid = {"iss": "egl-ml", "aud": "egl-ml", "sub": "abi", "iat": 1, "nbf": 1, "exp": 4_000_000_000, "jti": "1"}
    payload = json.dumps({**valid, **claims}).encode()
    token = jwt.api_jws.encode(payload, KEY, "HS256", headers={"kid": key_id(KEY), "typ": "at+jwt"})
    try:
        result: object = Tokens([KEY], 900).verify(token).subject
    except InvalidToken as problem:
        result = problem
    assert isinstance(result, str | InvalidToken)


MEMBERS = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jku", "jwk", "x5u", "zip"])
KNOWN = st.sampled_from(["HS256", "RS256", "none", key_id(KEY), "at+jwt", "JWT", ["b64"], "DEF"])


@given(st.dictionaries(MEMBERS, ANYTHING | KNOWN), st.binary(), st.binary())
def test_any_header_leads_to_an_invalid_token(header: dict[str, Any], payload: bytes, signature: bytes) -> None:
    members = {"alg": "HS256", "kid": key_id(KEY), "typ": "at+jwt", **header}
    parts = (json.dumps(members).encode(), payload, signature)
    token = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    with pytest.raises(InvalidToken):
        Tokens([KEY], 900).verify(token)


@given(st.text(min_size=32))
def test_every_key_that_the_settings_accept_can_sign(key: str) -> None:
    if Settings.read({"TOKEN_KEY": key}).errors == {}:
        issuer = Tokens([key], 900)
        assert issuer.verify(issuer.issue("abi")).subject == "abi"
