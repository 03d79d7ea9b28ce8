"""The service with nobody to tell: what telemetry costs is measured against this."""

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

from shared import telemetry
from shared.manifest import APP
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


def service() -> ModuleType:
    """The service's own function_app.py, under another name than this file's."""
    spec = spec_from_file_location("service", APP / "function_app.py")
    if spec is None or spec.loader is None:
        raise ImportError("there is no service")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


app = service().app
telemetry._sink = Nobody()  # noqa: SLF001 - no setting turns telemetry off
