"""Items as Application Insights takes them: envelopes of its ingestion schema, version 2.

Built in the telemetry thread, never in a request. docs/telemetry.md lists every name that is used here.
"""

import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from shared.rules import ingestion
from shared.settings import Settings
from shared.telemetry.events import Event, Invocation, Line, Property, Span, Thrown

# Application Insights' own limits; it refuses or cuts what is longer.
MOST_KEY, MOST_VALUE, MOST_MESSAGE = 150, 8_192, 32_768
SERVICE = "egl-ml"

type Envelope = dict[str, Any]
type Tags = dict[str, str]


class Template:
    """What all items of this process share."""

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
        """An item of `kind`, which began `at` (Unix time, seconds)."""
        return {
            "ver": 1,
            "name": f"Microsoft.ApplicationInsights.{kind}",
            "time": timestamp(at),
            "iKey": self.key,
            "tags": self.tags | tags,
            "data": {"baseType": f"{kind}Data", "baseData": {"ver": 2, **data}},
        }


def invocation(template: Template, event: Invocation) -> Envelope:
    """The wide event: a call that the host's request made."""
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
    properties.pop("user", None)  # it has a column of its own
    measurements = {f"{name}_ms": round(took, 4) for name, took in event.steps.items()}
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
    """A call that left the process: a child of the invocation."""
    return _dependency(
        template,
        event,
        _child(event.invocation),
        type=event.type,
        target=event.target,
        duration=time_span(event.duration_ms),
        properties=texts({**event.properties, **_joined(event)}),
    )


def line(template: Template, event: Line) -> Envelope:
    """A log line; with an exception it is an item of another kind."""
    severity = max(0, event.level - 1) // 10  # logging's 20, 30, 40, 50 are 1, 2, 3, 4
    facts: dict[str, Property] = {"logger": event.logger, **_joined(event)}
    tags = _child(event.invocation)
    if event.thrown:
        properties = texts({**facts, "line": event.message})
        data = {"exceptions": list(_exceptions(event.thrown)), "severityLevel": severity, "properties": properties}
        return template.envelope("Exception", event.started, tags, data)
    message = text(event.message, MOST_MESSAGE)
    data = {"message": message, "severityLevel": severity, "properties": texts(facts)}
    return template.envelope("Message", event.started, tags, data)


def event(template: Template, event: Event) -> Envelope:
    """Something that happened to the process."""
    properties, measured = texts({**event.properties, "sequence": event.sequence}), dict(event.measurements)
    data = {"name": event.name, "properties": properties, **({"measurements": measured} if measured else {})}
    return template.envelope("Event", event.started, {}, data)


def texts(properties: Mapping[str, Property]) -> dict[str, str]:
    """Properties as Application Insights keeps them: texts only."""
    told = {name: str(value) for name, value in properties.items()}
    whole = "".join((*told, *told.values()))
    if whole.isascii() and len(whole) <= MOST_VALUE and max(map(len, told), default=0) <= MOST_KEY:  # nearly always
        return told
    return {text(name, MOST_KEY): text(value, MOST_VALUE) for name, value in told.items()}


def text(value: str, most: int) -> str:
    """At most `most` characters, without half surrogates: one of them in a batch and none of its items is taken."""
    cut = value[:most]
    return cut if cut.isascii() else cut.encode("utf-8", "replace").decode()


def timestamp(at: float) -> str:
    """A Unix time as ISO 8601 has it, UTC, to the microsecond."""
    second = int(at)
    return f"{_second(second)}.{int((at - second) * 1e6):06}Z"


@lru_cache(maxsize=8)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()[:19]


def time_span(milliseconds: float) -> str:
    """A duration as .NET writes it, to the microsecond: `[d.]hh:mm:ss.ffffff`."""
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


def _tags(of: Invocation, parent_id: str) -> Tags:
    tags = {"ai.operation.id": of.operation_id, "ai.operation.name": of.name}
    if parent_id:
        tags["ai.operation.parentId"] = parent_id
    if user := of.user:
        tags["ai.user.authUserId"] = text(user, MOST_KEY)
    return tags


def _child(of: Invocation | None) -> Tags:
    return _tags(of, of.id) if of else {}


def _joined(event: Span | Line) -> dict[str, Property]:
    joined: dict[str, Property] = {"sequence": event.sequence}
    if event.invocation:
        joined["invocation_id"] = event.invocation.invocation_id
    return joined


def _exceptions(chain: Sequence[Thrown]) -> Iterator[dict[str, Any]]:
    for number, thrown in enumerate(chain, start=1):
        yield {
            "id": number,
            "outerId": number - 1,
            "typeName": thrown.type,
            "message": text(thrown.message or thrown.type, MOST_MESSAGE),
            "hasFullStack": True,
            "parsedStack": [
                {"level": level, "method": frame.method, "fileName": frame.file, "line": frame.line}
                for level, frame in enumerate(thrown.frames)
            ],
        }
