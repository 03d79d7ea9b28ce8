"""Taking items in as Application Insights' ingestion does: each on its own, and the sender is told which failed."""

import zlib
from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

from tools.insights.envelopes import EnvelopeError, Row, rows
from tools.insights.store import Store

MOST_BYTES = 64 * 1024 * 1024
"""Of one body, unpacked: 60 times the 1,000 items that the exporter sends at once."""
GZIP = 16 + zlib.MAX_WBITS  # zlib's way to ask for gzip's header


class BodyError(ValueError):
    """The body as a whole cannot be read."""


class Refused(Struct, rename="camel"):
    """One item that was not taken."""

    index: int
    status_code: int
    message: str


class Outcome(Struct, rename="camel"):
    """What the sender is told. It sends what is in `errors` again only if the status code there says so."""

    items_received: int
    items_accepted: int
    errors: Sequence[Refused] = ()

    @property
    def status(self) -> int:
        """200 when all items were taken, 206 for some of them, 400 for none."""
        return 200 if not self.errors else 206 if self.items_accepted else 400


def track(store: Store, body: bytes, encoding: str) -> Outcome:
    """Store the items of one request's body; `encoding` is its Content-Encoding."""
    try:
        items = split(unpacked(body, encoding))
    except BodyError as error:
        return Outcome(0, 0, [Refused(0, 400, str(error))])
    taken: dict[str, list[Row]] = {}
    errors = []
    for index, item in enumerate(items):
        try:
            table, new = rows(item)
        except EnvelopeError as error:
            errors.append(Refused(index, 400, str(error)))
        else:
            taken.setdefault(table, []).extend(new)
    store.add(taken)
    return Outcome(len(items), len(items) - len(errors), errors)


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body without its gzip. Raises BodyError."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise BodyError("Content-Encoding may be gzip")
    unzip = zlib.decompressobj(GZIP)
    try:
        content = unzip.decompress(body, MOST_BYTES)
    except zlib.error:
        raise BodyError("the body is not gzip") from None
    if not unzip.eof:
        raise BodyError(f"the body is cut short, or over {MOST_BYTES} bytes")
    return content


def split(content: bytes) -> Sequence[Raw]:
    """The items of a body: a JSON array of them, or one on each line. Raises BodyError."""
    try:
        if content.lstrip()[:1] == b"[":
            return msgspec.json.decode(content, type=list[Raw])
        return [Raw(line) for line in content.splitlines() if line.strip()]
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BodyError(f"the body is not JSON: {error}") from None
