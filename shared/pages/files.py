"""What the pages are made of: the files of this folder, the vendored ones, and the picture's data beside the manifest.

Read once, by whoever opens a page first, and kept in both forms, plain and gzip: nothing is compressed per request.
Only what was found here can be asked for by name, so no path leads anywhere else.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
ASSETS = FOLDER / "assets"
HTML = "text/html"
MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    "": "text/plain",  # LICENSE, NOTICE
}
COMPRESSED = ".gz"  # how vendored files lie here, for they are large and nobody edits them
VERSION_DIGITS = 12


class File(NamedTuple):
    """A file as it is sent."""

    gzipped: bytes
    media_type: str
    digest: str
    """Of the plain content: the same wherever the same code runs."""

    def plain(self) -> bytes:
        """The content for the rare client that takes no gzip."""
        return gzip.decompress(self.gzipped)


@cache
def assets() -> Mapping[str, File]:
    """Everything below assets/, by its path there; names of compressed files without their ending."""
    found = (path for path in ASSETS.rglob("*") if path.is_file() and media_type(path) is not None)
    return {name(path): file(path) for path in sorted(found)}


@cache
def version() -> str:
    """Changes whenever an asset does; stands in the assets' addresses, so they may be kept for good."""
    told = "".join(f"{path} {found.digest}\n" for path, found in assets().items())
    return hashlib.sha256(told.encode()).hexdigest()[:VERSION_DIGITS]


@cache
def page(name: str, **pieces: str) -> File:
    """An HTML page, with the assets' version and pieces of HTML in their places `{{…}}`."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    whole = {"version": version(), **pieces}
    return made(re.sub(r"\{\{(\w+)\}\}", lambda place: whole[place[1]], text).encode(), HTML)


@cache
def picture(path: Path) -> File:
    """The picture's data of a model, by its file; an empty object where a model was adopted without it."""
    return made(path.read_bytes() if path.is_file() else b"{}", MEDIA_TYPES[".json"])


def media_type(path: Path) -> str | None:
    """What a file is, by its name; None for what no browser asks for."""
    return MEDIA_TYPES.get(Path(name(path)).suffix)


def name(path: Path) -> str:
    """A file's path below assets/, as the pages call it."""
    return path.relative_to(ASSETS).as_posix().removesuffix(COMPRESSED)


def file(path: Path) -> File:
    """A file that lies here, compressed or not."""
    content, kind = path.read_bytes(), media_type(path) or ""
    if path.suffix == COMPRESSED:
        return File(content, kind, digest(gzip.decompress(content)))
    return made(content, kind)


def made(content: bytes, kind: str) -> File:
    """A file of this content."""
    return File(gzip.compress(content, mtime=0), kind, digest(content))


def digest(content: bytes) -> str:
    """The content's identity, for ETags."""
    return hashlib.sha256(content).hexdigest()[:32]
