"""Generate the table of app settings in docs/settings.md from shared/settings.py."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from shared.settings import DECLARED
from tools.errors import GenerateError

PAGE = "docs/settings.md"
START, END = "<!-- settings -->", "<!-- /settings -->"


def page(root: Path) -> Mapping[str, str]:
    """Return the page with the table between its markers. Raises GenerateError without the markers."""
    path = root / PAGE
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise GenerateError(f"{PAGE} has no markers {START} and {END} for the table of settings.")
    return {PAGE: f"{before}{START}\n{table()}{END}{after}"}


def table() -> str:
    """Return the settings as a Markdown table, in the order of their declaration."""
    return "".join(f"| {' | '.join(row)} |\n" for row in rows())


def rows() -> Iterable[tuple[str, str, str, str]]:
    """Yield the table's rows: name, group, default, purpose."""
    yield "setting", "group", "default", "what it is for"
    yield "---", "---", "---", "---"
    for name, declared in DECLARED.items():
        metadata = declared.metadata
        default = f"`{metadata['default']}`" if metadata["default"] else ""
        doc = metadata["doc"].replace("|", "\\|") + (" Secret." if metadata["secret"] else "")
        yield f"`{name}`", metadata["group"], default, doc
