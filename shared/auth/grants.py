"""What a client sends to /token: the password grant of RFC 6749 §4.3.2, as a form or as the same members in JSON."""

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from msgspec import Meta, Struct

from shared.problems import GrantRefused, TooLarge, UnsupportedGrantType

MOST_BYTES = 16 * 1024  # read on the event loop, for anybody: a name and a password in the longest spelling fit
MOST_PARAMETERS = 20
MOST_CHARACTERS = 256  # of a name; a password has at most 72 bytes anyway

_SURROGATE = re.compile("[\ud800-\udfff]")


class PasswordGrant(Struct, frozen=True):
    """User name and password, sent for a token."""

    grant_type: Literal["password"]
    username: Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS)]
    password: Annotated[str, Meta(min_length=1)]

    def __repr__(self) -> str:
        return "PasswordGrant(…)"  # never a password in a log


class TokenAnswer(Struct, frozen=True):
    """A token and how to use it (RFC 6749 §5.1)."""

    access_token: str
    token_type: str
    expires_in: int
    """Seconds."""


def parse(body: bytes, media_type: str) -> PasswordGrant:
    """The grant in `body`. Raises GrantRefused, UnsupportedGrantType or TooLarge."""
    if len(body) > MOST_BYTES:
        raise TooLarge(f"A token request may have {MOST_BYTES} bytes")
    pairs = _json_pairs(body) if media_type.endswith("json") else _form_pairs(body)
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):  # RFC 6749 §3.2
        raise GrantRefused("A parameter is repeated")
    given = dict(pairs)
    if "grant_type" not in given:
        raise GrantRefused("The parameter grant_type is missing")
    if given["grant_type"] != "password":
        raise UnsupportedGrantType
    if missing := [name for name in ("username", "password") if not given.get(name)]:
        raise GrantRefused(f"Missing: {' and '.join(missing)}")
    if not all(isinstance(given[name], str) for name in ("username", "password")):
        raise GrantRefused("username and password must be texts")
    if len(given["username"]) > MOST_CHARACTERS:
        raise GrantRefused("The username is too long")
    if _SURROGATE.search(given["username"]):  # JSON can spell what no UTF-8 can hold: neither a log nor a store
        raise GrantRefused("The username is not Unicode text")
    return PasswordGrant("password", given["username"], given["password"])


def _form_pairs(body: bytes) -> Sequence[tuple[str, Any]]:
    try:
        return parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except ValueError:  # UnicodeDecodeError is one
        raise GrantRefused("The body is not a form") from None


def _json_pairs(body: bytes) -> Sequence[tuple[str, Any]]:
    try:
        found = json.loads(body.decode(), object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        raise GrantRefused("The body is not JSON") from None
    if not isinstance(found, _Pairs):
        raise GrantRefused("The body must be a JSON object")
    return found


class _Pairs(list[tuple[str, Any]]):
    """A JSON object's members as they were sent, so that a repeated one is seen."""
