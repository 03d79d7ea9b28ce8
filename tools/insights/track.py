"""Receive items as Application Insights' ingestion does: each one separately, with an error for each invalid one."""

import zlib
from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

from tools.insights.envelopes import EnvelopeError, Row, rows
from tools.insights.store import Store

MAX_BYTES = 16 * 1024 * 1024
"""Of one body, decompressed: ten times the 1,000 items that the exporter sends at once."""
MAX_VALUES = 500_000
"""Commas or lines of one body; the exporter's has 40,000. Each empty object would take 70 times its size in memory."""
GZIP = 16 + zlib.MAX_WBITS  # zlib's parameter for a gzip header


class BodyError(ValueError):
    """The body as a whole cannot be read."""


class ItemError(Struct, rename="camel"):
    """An item that was refused."""

    index: int
    status_code: int
    message: str


class TrackResult(Struct, rename="camel"):
    """The response to the sender. It retries the items of `errors` only if their status code allows it."""

    items_received: int
    items_accepted: int
    errors: Sequence[ItemError] = ()

    @property
    def status(self) -> int:
        """200 when all items were accepted, 206 for some of them, 400 for none."""
        return 200 if not self.errors else 206 if self.items_accepted else 400


def track(store: Store, body: bytes, encoding: str, max_bytes: int = MAX_BYTES) -> TrackResult:
    """Store the items of one request's body; `encoding` is its Content-Encoding."""
    try:
        items = split(decompress(body, encoding, max_bytes))
    except BodyError as error:
        return TrackResult(0, 0, [ItemError(0, 400, str(error))])
    by_table: dict[str, list[Row]] = {}
    errors = []
    for index, item in enumerate(items):
        try:
            table, new = rows(item)
        except EnvelopeError as error:
            errors.append(ItemError(index, 400, str(error)))
        else:
            by_table.setdefault(table, []).extend(new)
    store.add(by_table)
    return TrackResult(len(items), len(items) - len(errors), errors)


def decompress(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Return the body without its gzip compression. Raises BodyError."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise BodyError("Content-Encoding may be gzip")
    unzip = zlib.decompressobj(GZIP)
    try:
        content = unzip.decompress(body, max_bytes)
    except zlib.error:
        raise BodyError("the body is not gzip") from None
    if not unzip.eof:
        raise BodyError(f"the body is truncated, or larger than {max_bytes} bytes")
    return content


def split(content: bytes) -> Sequence[Raw]:
    """Return the items of a body: a JSON array of them, or one on each line. Raises BodyError."""
    if max(content.count(b","), content.count(b"\n")) > MAX_VALUES:
        raise BodyError(f"the body has more than {MAX_VALUES} values")
    try:
        if content.lstrip()[:1] == b"[":
            return msgspec.json.decode(content, type=list[Raw])
        return [Raw(line) for line in content.splitlines() if line.strip()]
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BodyError(f"the body is not JSON: {error}") from None
