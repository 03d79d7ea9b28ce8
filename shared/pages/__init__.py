"""The pages of the service. So far the front page is a few lines of plain text."""

from collections.abc import Iterable

from shared import manifest
from shared.endpoint import Declaration
from shared.problems import ModelUnavailable


def home(declared: Iterable[Declaration]) -> bytes:
    """What this service is and what it answers."""
    routes = [f"  {each.method:4} {each.path:14} {each.doc.partition('\n')[0]}" for each in declared]
    return "\n".join([_title(), "", *routes, ""]).encode()


def _title() -> str:
    try:
        of = manifest.current()
    except ModelUnavailable:
        return "EGL ML: the model cannot be served, see /health/ready"
    return f"{of.name} {of.version}: {of.description}"
