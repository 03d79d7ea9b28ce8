"""Convert received envelopes to rows of the tables."""

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
"""Convert an item, decoded and raw, to the values of its table's own columns."""

DURATION = re.compile(r"(?:(\d{1,8})\.)?(\d\d?):(\d\d):(\d\d(?:\.\d{1,9})?)")  # .NET's TimeSpan: [d.]hh:mm:ss[.fffffff]
LEVELS = {"Verbose": 0, "Information": 1, "Warning": 2, "Error": 3, "Critical": 4}
TAGS = (
    *("ai.operation.name", "ai.operation.id", "ai.operation.parentId", "ai.user.id", "ai.user.authUserId"),
    *("ai.session.id", "ai.application.ver", "ai.cloud.role", "ai.cloud.roleInstance"),
)
"""The tags that have a column, in the order of the columns."""


class EnvelopeError(ValueError):
    """The item is invalid. The response to the sender contains the text."""


def rows(content: Raw) -> tuple[str, Sequence[Row]]:
    """Return the table of an item, and its rows there. Raises EnvelopeError."""
    try:
        envelope = _envelope.decode(content)
        if envelope.data.base_type not in KINDS:
            raise EnvelopeError(f"baseType {envelope.data.base_type[:40]!r} is unknown")
        table, decoder, read = KINDS[envelope.data.base_type]
        item = decoder.decode(envelope.data.base_data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise EnvelopeError(str(error)) from None
    if not envelope.i_key:
        raise EnvelopeError("iKey is missing")
    common = common_columns(envelope, item)
    return table, [(*common, *own) for own in read(item, envelope.data.base_data)]


def common_columns(envelope: wire.Envelope, item: wire.ItemData) -> Row:
    """Return the columns that every table has. Raises EnvelopeError."""
    time = envelope.time.astimezone(UTC).replace(tzinfo=None) if envelope.time.tzinfo else envelope.time
    tags = envelope.tags or {}
    return (
        time,
        _encode(item.properties or {}).decode(),
        _encode(item.measurements or {}).decode(),
        *(tags.get(tag) or "" for tag in TAGS),
        envelope.i_key,
        tags.get("ai.internal.sdkVersion") or "",
        item_count(envelope.sample_rate),
    )


def request(item: wire.RequestData, raw: Raw) -> Sequence[Row]:
    """Return a request's own columns."""
    success, duration = str(item.success), milliseconds(item.duration)
    return [(item.id, item.source or "", item.name or "", item.url or "", success, item.response_code, duration)]


def dependency(item: wire.RemoteDependencyData, raw: Raw) -> Sequence[Row]:
    """Return a dependency's own columns."""
    success, duration = str(item.success is not False), milliseconds(item.duration)
    target = (item.id or "", item.target or "", item.type or "", item.name, item.data or "")
    return [(*target, success, item.result_code or "", duration)]


def message(item: wire.MessageData, raw: Raw) -> Sequence[Row]:
    """Return a log line's own columns."""
    return [(item.message, severity(item.severity_level))]


def exception(item: wire.ExceptionData, raw: Raw) -> Sequence[Row]:
    """Return an exception's own columns. The portal names a chain by its outermost exception."""
    if not item.exceptions:
        raise EnvelopeError("exceptions is empty")
    outer, inner = item.exceptions[0], item.exceptions[-1]
    method = outer.parsed_stack[0].method if outer.parsed_stack else ""
    problem = item.problem_id or (f"{outer.type_name} at {method}" if method else outer.type_name)
    texts = (outer.type_name, outer.message or "", inner.type_name, inner.message or "")
    details = bytes(msgspec.json.decode(raw, type=dict[str, Raw])["exceptions"]).decode()
    return [(problem, *texts[:2], method, *texts, severity(item.severity_level), details)]


def event(item: wire.EventData, raw: Raw) -> Sequence[Row]:
    """Return an event's own column."""
    return [(item.name,)]


def metric(item: wire.MetricData, raw: Raw) -> Sequence[Row]:
    """Return a row for every data point."""
    return [(p.name, p.value, p.count or 1, p.value, p.min, p.max, p.std_dev) for p in item.metrics]


def item_count(sample_rate: float | None) -> int:
    """Return the number of items that one item represents: 100 ÷ the percentage sent. Raises EnvelopeError."""
    if sample_rate is None:
        return 1
    if not 0.001 <= sample_rate <= 100:
        raise EnvelopeError("sampleRate must be from 0.001 to 100")
    return round(100 / sample_rate)


def milliseconds(duration: str) -> float:
    """Return a TimeSpan's text in milliseconds. Raises EnvelopeError."""
    match = DURATION.fullmatch(duration)
    if not match:
        raise EnvelopeError(f"duration {duration[:40]!r} is not a time span")
    days, hours, minutes, seconds = match.groups(default="0")
    return round((((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60 + float(seconds)) * 1000, 4)


def severity(level: int | str | None) -> int:
    """Return a severity as the tables have it, 0 to 4; without one it is Information. Raises EnvelopeError."""
    number = LEVELS.get(level, -1) if isinstance(level, str) else LEVELS["Information"] if level is None else level
    if not 0 <= number <= 4:
        raise EnvelopeError("severityLevel must be from 0 to 4")
    return number


KINDS: dict[str, tuple[str, msgspec.json.Decoder[Any], Reader]] = {
    "RequestData": ("requests", msgspec.json.Decoder(wire.RequestData), request),
    "RemoteDependencyData": ("dependencies", msgspec.json.Decoder(wire.RemoteDependencyData), dependency),
    "MessageData": ("traces", msgspec.json.Decoder(wire.MessageData), message),
    "ExceptionData": ("exceptions", msgspec.json.Decoder(wire.ExceptionData), exception),
    "EventData": ("customEvents", msgspec.json.Decoder(wire.EventData), event),
    "MetricData": ("customMetrics", msgspec.json.Decoder(wire.MetricData), metric),
}
"""The protocol's name for a kind of item → its table, its decoder, and its reader."""

_envelope = msgspec.json.Decoder(wire.Envelope)
_encode = msgspec.json.Encoder().encode
