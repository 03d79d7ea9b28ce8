"""The body of /token: the password grant of RFC 6749 §4.3.2, as a form or as the same members in JSON."""

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from msgspec import Meta, Struct

from shared.problems import GrantRefused, TooLarge, UnsupportedGrantType

MAX_BYTES = 16 * 1024  # anybody may send one, and it is read on the event loop; the longest name and password fit
MAX_PARAMETERS = 20
MAX_NAME_LENGTH = 256  # a password has at most 72 bytes anyway

EMPTY = "The body is empty: send username and password as a form. A chunked body arrives empty: send Content-Length"

_SURROGATE = re.compile("[\ud800-\udfff]")


class PasswordGrant(Struct, frozen=True):
    """User name and password, sent for a token. Without grant_type it is `password`."""

    username: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_LENGTH)]
    password: Annotated[str, Meta(min_length=1)]
    grant_type: Literal["password"] = "password"

    def __repr__(self) -> str:
        return "PasswordGrant(…)"  # never a password in a log


class TokenResponse(Struct, frozen=True):
    """A token and how to use it (RFC 6749 §5.1)."""

    access_token: str
    token_type: str
    expires_in: int
    """Seconds."""


def parse(body: bytes, media_type: str) -> PasswordGrant:
    """Return the grant in `body`. Raises GrantRefused, UnsupportedGrantType or TooLarge."""
    if len(body) > MAX_BYTES:
        raise TooLarge(f"A token request may have {MAX_BYTES} bytes")
    if not body.strip():
        raise GrantRefused(EMPTY)
    pairs = _json_pairs(body) if media_type.endswith("json") else _form_pairs(body)
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):  # RFC 6749 §3.2
        raise GrantRefused("A parameter is repeated")
    return _checked(dict(pairs))


def _checked(parameters: dict[str, Any]) -> PasswordGrant:
    if parameters.get("grant_type", "password") != "password":
        raise UnsupportedGrantType
    if missing := [name for name in ("username", "password") if not parameters.get(name)]:
        raise GrantRefused(f"Missing: {' and '.join(missing)}")
    username, password = parameters["username"], parameters["password"]
    if not isinstance(username, str) or not isinstance(password, str):
        raise GrantRefused("username and password must be texts")
    if len(username) > MAX_NAME_LENGTH:
        raise GrantRefused("The username is too long")
    if _SURROGATE.search(username):  # possible in JSON, but not in UTF-8: neither a log nor a store can hold it
        raise GrantRefused("The username is not Unicode text")
    return PasswordGrant(username, password)


def _form_pairs(body: bytes) -> Sequence[tuple[str, Any]]:
    try:
        text = "&".join(filter(None, body.decode().split("&")))  # a last & is harmless
        return parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except ValueError:  # UnicodeDecodeError is one
        raise GrantRefused("The body is not a form") from None


def _json_pairs(body: bytes) -> Sequence[tuple[str, Any]]:
    try:
        pairs = json.loads(body.decode(), object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        raise GrantRefused("The body is not JSON") from None
    if not isinstance(pairs, _Pairs):
        raise GrantRefused("The body must be a JSON object")
    return pairs


class _Pairs(list[tuple[str, Any]]):
    """The members of a JSON object as they were sent, so that a repeated one is found."""
