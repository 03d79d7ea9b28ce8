"""Convert what a function returns to an HTTP response."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, NamedTuple

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
WITHOUT_BODY = (204, 304)
# The host sends the whole body at once and sets its length itself, whatever the function set.
FRAMING = frozenset((b"content-length", b"transfer-encoding"))


type Header = tuple[bytes, bytes]


class ResponseError(Exception):
    """A status or header cannot be sent. The real host returns 500 for it as well."""


class Response(NamedTuple):
    """An HTTP response in the form that ASGI sends."""

    status: int
    headers: list[Header]
    body: bytes


def empty_response(status: int, *headers: Header) -> Response:
    """Return a response of the host itself: a status without a body."""
    return Response(status, [(b"content-length", b"0"), *headers], b"")


def response_from(returned: Any) -> Response:
    """Convert a function's return value: a TypedData with `http` or `string`, or None. Raises ResponseError."""
    if returned is None:
        return with_length(204, [], b"")
    kind = returned.WhichOneof("data")
    if kind == "string":
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        return with_length(200, headers, returned.string.encode(errors="replace"))
    if kind != "http":
        raise ResponseError(f"An HTTP function cannot return {kind}.")
    http = returned.http
    headers = [(encode_name(name), encode_value(name, value)) for name, value in http.headers.items()]
    if http.cookies:
        headers += [(b"set-cookie", encode_value("set-cookie", value)) for value in cookies(http.cookies)]
    status = int(http.status_code) if http.status_code.isdecimal() else 0
    return with_length(status, headers, http.body.bytes)


def with_length(status: int, headers: list[Header], body: bytes) -> Response:
    """Return a response with its Content-Length, or without a body where HTTP allows none. Raises ResponseError."""
    if not 200 <= status <= 599:
        raise ResponseError(f"The status {status} cannot be sent.")
    headers = [header for header in headers if header[0] not in FRAMING]
    if status in WITHOUT_BODY:
        return Response(status, headers, b"")
    headers.append((b"content-length", b"%d" % len(body)))
    return Response(status, headers, body)


@lru_cache(maxsize=256)
def encode_name(name: str) -> bytes:
    """Return a header's name in lower case. Raises ResponseError if it is no token (RFC 9110, section 5.1)."""
    if not TOKEN.fullmatch(name):
        raise ResponseError(f"{name!r} is not a valid header name.")
    return name.lower().encode()


def encode_value(name: str, value: str) -> bytes:
    """Return a header's value. Raises ResponseError unless it is printable ASCII, as on the real host."""
    if not (value.isascii() and value.replace("\t", " ").isprintable()):
        raise ResponseError(f"The value of the header {name} has characters that cannot be sent.")
    return value.encode()


def cookies(messages: Iterable[Any]) -> Iterable[str]:
    """Yield the `Set-Cookie` values of a function's cookies (RpcHttpCookie messages)."""
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
        parts += [name for name, is_set in (("secure", cookie.secure), ("httponly", cookie.http_only)) if is_set]
        yield "; ".join(parts)
