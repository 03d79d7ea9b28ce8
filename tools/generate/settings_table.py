"""The table of app settings in README.md, from shared/settings.py."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from shared.settings import DECLARED
from tools.generate.errors import GenerateError

START, END = "<!-- settings -->", "<!-- /settings -->"


def in_readme(root: Path) -> Mapping[str, str]:
    """README.md with the table between its markers. Raises GenerateError when they are not there."""
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else ""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise GenerateError(f"README.md has no {START} and {END} to put the table of settings between.")
    return {"README.md": f"{before}{START}\n{table()}{END}{after}"}


def table() -> str:
    """The settings as a Markdown table, in the order in which they are declared."""
    return "".join(f"| {' | '.join(row)} |\n" for row in rows())


def rows() -> Iterable[tuple[str, str, str, str]]:
    """The table's rows: name, group, default, and what it is for."""
    yield "setting", "group", "default", "what it is for"
    yield "---", "---", "---", "---"
    for name, declared in DECLARED.items():
        said = declared.metadata
        default = f"`{said['default']}`" if said["default"] else ""
        doc = said["doc"].replace("|", "\\|") + (" Secret." if said["secret"] else "")
        yield f"`{name}`", said["group"], default, doc
