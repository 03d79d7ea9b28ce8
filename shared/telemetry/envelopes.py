"""Envelopes of Application Insights' ingestion schema, version 2, made from telemetry items.

Built in the telemetry thread, never in a request. docs/telemetry.md lists every name that is used here.
"""

import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from shared.settings import Settings
from shared.telemetry.events import Event, Invocation, Line, Property, Span, Thrown
from shared.validators import ingestion

# Application Insights' own limits; it refuses or cuts longer texts.
MAX_KEY, MAX_VALUE, MAX_MESSAGE = 150, 8_192, 32_768
SERVICE = "egl-ml"

type Envelope = dict[str, Any]
type Tags = dict[str, str]


class Template:
    """The part that all items of a process share."""

    def __init__(self, settings: Settings, sdk_version: str) -> None:
        self.key = ingestion(settings.applicationinsights_connection_string).key
        self.build = settings.build_id
        self.tags = {
            "ai.cloud.role": settings.site_name or SERVICE,
            "ai.cloud.roleInstance": settings.instance_id or platform.node(),
            "ai.application.ver": settings.build_id,
            "ai.internal.sdkVersion": sdk_version,
        }

    def envelope(self, kind: str, at: float, tags: Tags, data: Mapping[str, Any]) -> Envelope:
        """Return an item of `kind`, which began `at` (Unix time, seconds)."""
        return {
            "ver": 1,
            "name": f"Microsoft.ApplicationInsights.{kind}",
            "time": timestamp(at),
            "iKey": self.key,
            "tags": self.tags | tags,
            "data": {"baseType": f"{kind}Data", "baseData": {"ver": 2, **data}},
        }


def invocation(template: Template, event: Invocation) -> Envelope:
    """Return the envelope of a wide event: a dependency of the host's request."""
    properties = texts(
        {
            **event.properties,
            "outcome": event.outcome or "unanswered",
            "status": event.status,
            "build": template.build,
            "cold_start": event.cold_start,
            "invocation_id": event.invocation_id,
            "sequence": event.sequence,
        }
    )
    properties.pop("user", None)  # it has its own column
    measurements = {f"{name}_ms": round(milliseconds, 4) for name, milliseconds in event.steps.items()}
    measurements["total_ms"] = round(event.total_ms, 4)
    return _dependency(
        template,
        event,
        _tags(event, event.parent_id),
        type="invocation",
        resultCode=str(event.status),
        duration=time_span(event.total_ms),
        properties=properties,
        measurements=measurements,
    )


def span(template: Template, event: Span) -> Envelope:
    """Return the envelope of a call that left the process: a child of the invocation."""
    return _dependency(
        template,
        event,
        _child(event.invocation),
        type=event.type,
        target=event.target,
        duration=time_span(event.duration_ms),
        properties=texts({**event.properties, **_correlation(event)}),
    )


def line(template: Template, event: Line) -> Envelope:
    """Return the envelope of a log line; a line with an exception is an item of another kind."""
    severity = max(0, event.level - 1) // 10  # logging's 20, 30, 40, 50 are 1, 2, 3, 4
    common: dict[str, Property] = {"logger": event.logger, **_correlation(event)}
    tags = _child(event.invocation)
    if event.thrown:
        properties = texts({**common, "line": event.message})
        data = {"exceptions": list(_exceptions(event.thrown)), "severityLevel": severity, "properties": properties}
        return template.envelope("Exception", event.started, tags, data)
    message = text(event.message, MAX_MESSAGE)
    data = {"message": message, "severityLevel": severity, "properties": texts(common)}
    return template.envelope("Message", event.started, tags, data)


def event(template: Template, event: Event) -> Envelope:
    """Return the envelope of an event of the process."""
    properties, measured = texts({**event.properties, "sequence": event.sequence}), dict(event.measurements)
    data = {"name": event.name, "properties": properties, **({"measurements": measured} if measured else {})}
    return template.envelope("Event", event.started, {}, data)


def texts(properties: Mapping[str, Property]) -> dict[str, str]:
    """Return properties as Application Insights stores them: texts only."""
    result = {name: str(value) for name, value in properties.items()}
    joined = "".join((*result, *result.values()))
    if joined.isascii() and len(joined) <= MAX_VALUE and max(map(len, result), default=0) <= MAX_KEY:  # nearly always
        return result
    return {text(name, MAX_KEY): text(value, MAX_VALUE) for name, value in result.items()}


def text(value: str, max_length: int) -> str:
    """Cut a text, and replace half surrogates: with one of them, ingestion refuses the whole batch."""
    cut = value[:max_length]
    return cut if cut.isascii() else cut.encode("utf-8", "replace").decode()


def timestamp(at: float) -> str:
    """Return a Unix time in ISO 8601, UTC, to the microsecond."""
    second = int(at)
    return f"{_second(second)}.{int((at - second) * 1e6):06}Z"


@lru_cache(maxsize=8)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()[:19]


def time_span(milliseconds: float) -> str:
    """Return a duration in .NET's form, to the microsecond: `[d.]hh:mm:ss.ffffff`."""
    if milliseconds < 59_999:  # nearly always
        return f"00:00:{milliseconds / 1000:09.6f}"
    seconds, micros = divmod(round(milliseconds * 1000), 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{f'{days}.' if days else ''}{hours:02}:{minutes:02}:{seconds:02}.{micros:06}"


def _dependency(template: Template, event: Invocation | Span, tags: Tags, **members: Any) -> Envelope:
    data = {"id": event.id, "name": event.name, "success": event.success, **members}
    return template.envelope("RemoteDependency", event.started, tags, data)


def _tags(invocation: Invocation, parent_id: str) -> Tags:
    tags = {"ai.operation.id": invocation.operation_id, "ai.operation.name": invocation.name}
    if parent_id:
        tags["ai.operation.parentId"] = parent_id
    if user := invocation.user:
        tags["ai.user.authUserId"] = text(user, MAX_KEY)
    return tags


def _child(invocation: Invocation | None) -> Tags:
    return _tags(invocation, invocation.id) if invocation else {}


def _correlation(event: Span | Line) -> dict[str, Property]:
    properties: dict[str, Property] = {"sequence": event.sequence}
    if event.invocation:
        properties["invocation_id"] = event.invocation.invocation_id
    return properties


def _exceptions(chain: Sequence[Thrown]) -> Iterator[dict[str, Any]]:
    for number, thrown in enumerate(chain, start=1):
        yield {
            "id": number,
            "outerId": number - 1,
            "typeName": thrown.type,
            "message": text(thrown.message or thrown.type, MAX_MESSAGE),
            "hasFullStack": True,
            "parsedStack": [
                {"level": level, "method": frame.method, "fileName": frame.file, "line": frame.line}
                for level, frame in enumerate(thrown.frames)
            ],
        }
