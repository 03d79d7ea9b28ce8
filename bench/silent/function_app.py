"""The service with nobody to tell: what telemetry costs is measured against this."""

from bench.service import service
from shared import telemetry
from shared.telemetry.events import Event, Invocation, Span


class Nobody:
    """A sink that forgets."""

    def invocation(self, event: Invocation) -> None:
        """Forget."""

    def span(self, event: Span) -> None:
        """Forget."""

    def event(self, event: Event) -> None:
        """Forget."""

    def flush(self, timeout: float) -> bool:
        """There is nothing to send."""
        return True

    def close(self, timeout: float) -> bool:
        """There is nothing to send."""
        return True


app = service()
telemetry._sink = Nobody()  # noqa: SLF001 - no setting turns telemetry off
