"""What the host tells of its requests: the `requests` items that Azure's host sends to the same Application Insights.

As there, `success` says whether the function returned, be it with a 503 (azure-webjobs-sdk,
`WebJobsTelemetryInitializer`); and the item's id is the span that the function was handed.
"""

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import azure_functions_runtime as runtime

from tools.host.answers import Answer

if TYPE_CHECKING:
    from shared.telemetry.envelopes import Envelope, Template
    from shared.telemetry.insights import Insights

CONNECTION_STRING = "APPLICATIONINSIGHTS_CONNECTION_STRING"
MOST_URL = 2_048  # Application Insights' limit
SDK_VERSION = "azurefunctions: local"


@dataclass(slots=True)
class Request:
    """A request on its way through a function. It outlives the answer, so it holds neither body nor headers."""

    function: str
    method: str
    url: str
    caller: str
    """The traceparent that it came with, or none."""
    traceparent: str
    """The host's span."""
    began: float = field(default_factory=time.time)
    clock: float = field(default_factory=time.perf_counter)
    milliseconds: float = 0.0
    status: int = 0
    success: bool = False
    invocation_id: str = ""


class Requests:
    """Tells of requests, once `connect` has found out where."""

    def __init__(self) -> None:
        self._insights: Insights | None = None

    def connect(self) -> None:
        """Tell Application Insights from now on, where `APPLICATIONINSIGHTS_CONNECTION_STRING` is set.

        To be called when the app is loaded, not before: it may have a package `shared` of its own. Then the host has
        no exporter, and tells nothing.
        """
        if os.environ.get(CONNECTION_STRING):
            with suppress(ImportError):
                from shared.settings import Settings
                from shared.telemetry.insights import Insights

                settings = Settings.read(os.environ)
                self._insights = Insights(settings) if settings.applicationinsights_connection_string else None

    def finished(self, request: Request, answer: Answer, *, success: bool) -> None:
        """Tell of a request; to be called in the task of its invocation."""
        if self._insights:
            request.milliseconds = (time.perf_counter() - request.clock) * 1000
            request.status, request.success = answer.status, success
            request.invocation_id = runtime.invocation_id_cv.get() or ""
            self._insights.item(envelope, request)

    def close(self, timeout: float) -> None:
        """Send what is still held, for `timeout` seconds at most."""
        if self._insights:
            self._insights.close(timeout)


def envelope(template: "Template", request: Request) -> "Envelope":
    """The item of a request."""
    from shared.telemetry.envelopes import text, time_span

    _, operation_id, span, _ = request.traceparent.split("-", 3)
    tags = {
        "ai.operation.id": operation_id,
        "ai.operation.name": request.function,
        "ai.application.ver": "",  # the function app's own; the host has another one
        "ai.internal.sdkVersion": SDK_VERSION,
    }
    if operation_id in request.caller:
        tags["ai.operation.parentId"] = request.caller.split("-")[2]
    data = {
        "id": span,
        "name": request.function,
        "duration": time_span(request.milliseconds),
        "responseCode": str(request.status),
        "success": request.success,
        "url": text(request.url.partition("?")[0], MOST_URL),
        "properties": {
            "InvocationId": request.invocation_id,
            "HttpMethod": request.method,
            "HttpPath": text(urlsplit(request.url).path, MOST_URL),
            "FullName": f"Functions.{request.function}",
            "Category": "Host.Results",
        },
    }
    return template.envelope("Request", request.began, tags, data)
