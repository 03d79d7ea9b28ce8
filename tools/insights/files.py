"""The page's files, read once: everything below web/, and the page itself at `/`."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

WEB = Path(__file__).parent / "web"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class File(NamedTuple):
    """What a browser gets."""

    content: bytes
    media_type: str


def files() -> Mapping[str, File]:
    """Path → file."""
    found = {
        f"/{path.name}": File(path.read_bytes(), MEDIA_TYPES[path.suffix])
        for path in WEB.iterdir()
        if path.suffix in MEDIA_TYPES
    }
    return {**found, "/": found["/index.html"]}
