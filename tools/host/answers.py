"""A function's answer as it goes onto the wire."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, NamedTuple

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
BODILESS = (204, 304)
# The host sends the whole body at once and says how long it is, whatever the function thought.
FRAMING = frozenset((b"content-length", b"transfer-encoding"))


class AnswerError(Exception):
    """A status or header that cannot be sent; the real host answers 500 for it as well."""


class Answer(NamedTuple):
    """An HTTP response in the shape that ASGI sends."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def empty(status: int, *headers: tuple[bytes, bytes]) -> Answer:
    """An answer that the host itself makes: nothing but a status."""
    return Answer(status, [(b"content-length", b"0"), *headers], b"")


def answer_of(returned: Any) -> Answer:
    """What a function returned (a TypedData with `http` or `string`, or None) as an answer. Raises AnswerError."""
    if returned is None:
        return framed(204, [], b"")
    kind = returned.WhichOneof("data")
    if kind == "string":
        return framed(200, [(b"content-type", b"text/plain; charset=utf-8")], returned.string.encode(errors="replace"))
    if kind != "http":
        raise AnswerError(f"An HTTP function cannot return {kind}.")
    http = returned.http
    headers = [(encoded_name(name), encoded_value(name, value)) for name, value in http.headers.items()]
    if http.cookies:
        headers += [(b"set-cookie", encoded_value("set-cookie", value)) for value in cookies(http.cookies)]
    status = int(http.status_code) if http.status_code.isdecimal() else 0
    return framed(status, headers, http.body.bytes)


def framed(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> Answer:
    """An answer with the length of its body, or without a body where HTTP allows none."""
    if not 200 <= status <= 599:
        raise AnswerError(f"The status {status} cannot be sent.")
    kept = [header for header in headers if header[0] not in FRAMING]
    if status in BODILESS:
        return Answer(status, kept, b"")
    kept.append((b"content-length", b"%d" % len(body)))
    return Answer(status, kept, body)


@lru_cache(maxsize=256)
def encoded_name(name: str) -> bytes:
    """A header's name in lower case. Raises AnswerError for what is no token (RFC 9110, section 5.1)."""
    if not TOKEN.fullmatch(name):
        raise AnswerError(f"{name!r} is no name for a header.")
    return name.lower().encode()


def encoded_value(name: str, value: str) -> bytes:
    """A header's value. Raises AnswerError for all but printable ASCII, which is all that the real host sends."""
    if not (value.isascii() and value.replace("\t", " ").isprintable()):
        raise AnswerError(f"The value of the header {name} has characters that cannot be sent.")
    return value.encode()


def cookies(messages: Iterable[Any]) -> Iterable[str]:
    """The `Set-Cookie` values for a function's cookies (RpcHttpCookie messages)."""
    for cookie in messages:
        expires = cookie.expires and format_datetime(datetime.fromtimestamp(cookie.expires, UTC), usegmt=True)
        attributes = {
            "expires": expires,
            "max-age": None if cookie.max_age is None else int(cookie.max_age),
            "domain": cookie.domain,
            "path": cookie.path,
            "samesite": cookie.same_site,
        }
        parts = [f"{cookie.name}={cookie.value}"]
        parts += [f"{name}={value}" for name, value in attributes.items() if value not in (None, "")]
        parts += [name for name, chosen in (("secure", cookie.secure), ("httponly", cookie.http_only)) if chosen]
        yield "; ".join(parts)
