"""Envelopes as rows of the tables."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

import msgspec
from msgspec import Raw

from tools.insights import wire

type Row = tuple[Any, ...]
"""One row of a table, in the order of `tables.stored`."""
type Reader = Callable[[Any, Raw], Sequence[Row]]
"""An item, decoded and as it came, as the values of its table's own columns."""

DURATION = re.compile(r"(?:(\d{1,8})\.)?(\d\d?):(\d\d):(\d\d(?:\.\d{1,9})?)")  # .NET's TimeSpan: [d.]hh:mm:ss[.fffffff]
LEVELS = {"Verbose": 0, "Information": 1, "Warning": 2, "Error": 3, "Critical": 4}
TAGS = (
    *("ai.operation.name", "ai.operation.id", "ai.operation.parentId", "ai.user.id", "ai.user.authUserId"),
    *("ai.session.id", "ai.application.ver", "ai.cloud.role", "ai.cloud.roleInstance"),
)
"""The tags that have a column, in the columns' order."""


class EnvelopeError(ValueError):
    """The item cannot be taken; the text says why, as the answer to the sender shows it."""


def rows(content: Raw) -> tuple[str, Sequence[Row]]:
    """The table that an item belongs to, and its rows there. Raises EnvelopeError."""
    try:
        envelope = _envelope.decode(content)
        if envelope.data.base_type not in KINDS:
            raise EnvelopeError(f"baseType {envelope.data.base_type[:40]!r} is not known")
        table, decoder, read = KINDS[envelope.data.base_type]
        item = decoder.decode(envelope.data.base_data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise EnvelopeError(str(error)) from None
    if not envelope.i_key:
        raise EnvelopeError("iKey is missing")
    common = shared(envelope, item)
    return table, [(*common, *own) for own in read(item, envelope.data.base_data)]


def shared(envelope: wire.Envelope, item: wire.Told) -> Row:
    """The columns that every table has. Raises EnvelopeError."""
    at = envelope.time.astimezone(UTC).replace(tzinfo=None) if envelope.time.tzinfo else envelope.time
    tags = envelope.tags or {}
    return (
        at,
        _encode(item.properties or {}).decode(),
        _encode(item.measurements or {}).decode(),
        *(tags.get(tag) or "" for tag in TAGS),
        envelope.i_key,
        tags.get("ai.internal.sdkVersion") or "",
        weight(envelope.sample_rate),
    )


def request(item: wire.Request, raw: Raw) -> Sequence[Row]:
    """A request's own columns."""
    success, duration = str(item.success), milliseconds(item.duration)
    return [(item.id, item.source or "", item.name or "", item.url or "", success, item.response_code, duration)]


def dependency(item: wire.Dependency, raw: Raw) -> Sequence[Row]:
    """A call's own columns."""
    success, duration = str(item.success is not False), milliseconds(item.duration)
    about = (item.id or "", item.target or "", item.type or "", item.name, item.data or "")
    return [(*about, success, item.result_code or "", duration)]


def message(item: wire.Message, raw: Raw) -> Sequence[Row]:
    """A log line's own columns."""
    return [(item.message, level(item.severity_level))]


def exception(item: wire.Failure, raw: Raw) -> Sequence[Row]:
    """An exception's own columns; the portal names a chain by its outermost."""
    if not item.exceptions:
        raise EnvelopeError("exceptions is empty")
    outer, inner = item.exceptions[0], item.exceptions[-1]
    method = outer.parsed_stack[0].method if outer.parsed_stack else ""
    problem = item.problem_id or (f"{outer.type_name} at {method}" if method else outer.type_name)
    said = (outer.type_name, outer.message or "", inner.type_name, inner.message or "")
    details = bytes(msgspec.json.decode(raw, type=dict[str, Raw])["exceptions"]).decode()
    return [(problem, *said[:2], method, *said, level(item.severity_level), details)]


def event(item: wire.Event, raw: Raw) -> Sequence[Row]:
    """An event's own column."""
    return [(item.name,)]


def metric(item: wire.Metric, raw: Raw) -> Sequence[Row]:
    """A row for every point."""
    return [
        (each.name, each.value, each.count or 1, each.value, each.min, each.max, each.std_dev) for each in item.metrics
    ]


def weight(sample_rate: float | None) -> int:
    """How many items one stands for: 100 ÷ the share in percent that was sent. Raises EnvelopeError."""
    if sample_rate is None:
        return 1
    if not 0.001 <= sample_rate <= 100:
        raise EnvelopeError("sampleRate must be from 0.001 to 100")
    return round(100 / sample_rate)


def milliseconds(duration: str) -> float:
    """A TimeSpan's text in milliseconds. Raises EnvelopeError."""
    found = DURATION.fullmatch(duration)
    if not found:
        raise EnvelopeError(f"duration {duration[:40]!r} is not a time span")
    days, hours, minutes, seconds = found.groups(default="0")
    return round((((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60 + float(seconds)) * 1000, 4)


def level(given: int | str | None) -> int:
    """A severity as the tables have it, 0 to 4; a line that names none is information. Raises EnvelopeError."""
    number = LEVELS.get(given, -1) if isinstance(given, str) else LEVELS["Information"] if given is None else given
    if not 0 <= number <= 4:
        raise EnvelopeError("severityLevel must be from 0 to 4")
    return number


KINDS: dict[str, tuple[str, msgspec.json.Decoder[Any], Reader]] = {
    "RequestData": ("requests", msgspec.json.Decoder(wire.Request), request),
    "RemoteDependencyData": ("dependencies", msgspec.json.Decoder(wire.Dependency), dependency),
    "MessageData": ("traces", msgspec.json.Decoder(wire.Message), message),
    "ExceptionData": ("exceptions", msgspec.json.Decoder(wire.Failure), exception),
    "EventData": ("customEvents", msgspec.json.Decoder(wire.Event), event),
    "MetricData": ("customMetrics", msgspec.json.Decoder(wire.Metric), metric),
}
"""The wire's name for a kind of item → its table, and how it is read."""

_envelope = msgspec.json.Decoder(wire.Envelope)
_encode = msgspec.json.Encoder().encode
