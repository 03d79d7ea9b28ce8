"""Telemetry of the host: a span for each request, and the `requests` item that Azure's host sends for it.

As in Azure, `success` is true when the function returned, even with a 503 (azure-webjobs-sdk,
`WebJobsTelemetryInitializer`), and the id of the item is the span that the function received.
"""

import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import azure_functions_runtime as runtime

from tools.host.responses import Response

if TYPE_CHECKING:
    from shared.telemetry.envelopes import Envelope, Template
    from shared.telemetry.insights import Insights

CONNECTION_STRING = "APPLICATIONINSIGHTS_CONNECTION_STRING"
MAX_URL = 2_048  # Application Insights' limit
SDK_VERSION = "azurefunctions: local"
# W3C trace context (https://www.w3.org/TR/trace-context/). Version ff and ids of zeros are invalid; only a version
# later than 00 may have more after the flags.
TRACEPARENT = re.compile(
    r"(?:00|(?P<later>(?!00|ff)[0-9a-f]{2}))-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-(?P<flags>[0-9a-f]{2})"
    r"(?(later)(?:-.*)?)"
)


def continue_trace(traceparent: str) -> str | None:
    """Return the traceparent of a new span in the caller's trace, or None when the caller's traceparent is invalid."""
    caller = TRACEPARENT.fullmatch(traceparent)
    return f"00-{caller['trace']}-{os.urandom(8).hex()}-{caller['flags']}" if caller else None


def start_trace() -> str:
    """Return the traceparent of the first span of a new, sampled trace."""
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"


@dataclass(slots=True)
class RequestSpan:
    """The host's span of one request. It outlives the response, so it has neither body nor headers."""

    function: str
    method: str
    url: str
    caller: str
    """The traceparent that the request came with, or an empty text."""
    traceparent: str
    """The host's span."""
    started: float = field(default_factory=time.time)
    clock: float = field(default_factory=time.perf_counter)
    milliseconds: float = 0.0
    status: int = 0
    success: bool = False
    invocation_id: str = ""


class RequestTelemetry:
    """Send the `requests` items, once `connect` has read where to."""

    def __init__(self) -> None:
        self._insights: Insights | None = None

    def connect(self) -> None:
        """Send items to Application Insights from now on, if `APPLICATIONINSIGHTS_CONNECTION_STRING` is set.

        Call it after the app is loaded: the app may have a package `shared` of its own. Then the host has no exporter,
        and sends nothing.
        """
        if os.environ.get(CONNECTION_STRING):
            with suppress(ImportError):
                from shared.settings import Settings
                from shared.telemetry.insights import Insights

                settings = Settings.read(os.environ)
                self._insights = Insights(settings) if settings.applicationinsights_connection_string else None

    def send(self, span: RequestSpan, response: Response, *, success: bool) -> None:
        """Send the item of a request. Call it in the task of its invocation."""
        if self._insights:
            span.milliseconds = (time.perf_counter() - span.clock) * 1000
            span.status, span.success = response.status, success
            span.invocation_id = runtime.invocation_id_cv.get() or ""
            self._insights.item(envelope, span)

    def close(self, timeout: float) -> None:
        """Send what is still in the buffer, for `timeout` seconds at most."""
        if self._insights:
            self._insights.close(timeout)


def envelope(template: "Template", span: RequestSpan) -> "Envelope":
    """Return the item of a request."""
    from shared.telemetry.envelopes import text, time_span

    _, operation_id, span_id, _ = span.traceparent.split("-", 3)
    tags = {
        "ai.operation.id": operation_id,
        "ai.operation.name": span.function,
        "ai.application.ver": "",  # the function app's own; the host has another one
        "ai.internal.sdkVersion": SDK_VERSION,
    }
    if operation_id in span.caller:
        tags["ai.operation.parentId"] = span.caller.split("-")[2]
    data = {
        "id": span_id,
        "name": span.function,
        "duration": time_span(span.milliseconds),
        "responseCode": str(span.status),
        "success": span.success,
        "url": text(span.url.partition("?")[0], MAX_URL),
        "properties": {
            "InvocationId": span.invocation_id,
            "HttpMethod": span.method,
            "HttpPath": text(urlsplit(span.url).path, MAX_URL),
            "FullName": f"Functions.{span.function}",
            "Category": "Host.Results",
        },
    }
    return template.envelope("Request", span.started, tags, data)
