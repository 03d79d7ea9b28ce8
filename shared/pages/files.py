"""The files of the pages: those of this folder, the vendored ones, and the picture's data beside the manifest.

Each is held in both forms, plain and gzip: nothing is compressed per request. Only files that were found here can be
requested by name, so no path leads anywhere else.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
HTML = "text/html"
MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    "": "text/plain",  # LICENSE, NOTICE
}
COMPRESSED = ".gz"  # vendored files are stored compressed: they are large and nobody edits them
VERSION_DIGITS = 12


class File(NamedTuple):
    """A file as it is sent."""

    gzipped: bytes
    media_type: str
    digest: str
    """Of the plain content, for ETags."""

    def plain(self) -> bytes:
        """Return the content for the rare client that accepts no gzip."""
        return gzip.decompress(self.gzipped)


class Files:
    """The HTML files of a folder and its assets, read when they are first needed."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._assets = folder / "assets"

    @cached_property
    def assets(self) -> Mapping[str, File]:
        """Everything below assets/, by its path there; compressed files without their suffix."""
        paths = (path for path in self._assets.rglob("*") if path.is_file())
        named = {path.relative_to(self._assets).as_posix().removesuffix(COMPRESSED): path for path in sorted(paths)}
        return {
            name: read(path, MEDIA_TYPES[suffix])
            for name, path in named.items()
            if (suffix := _suffix(name)) in MEDIA_TYPES
        }

    @cached_property
    def version(self) -> str:
        """Changes with any asset. It is part of the assets' URLs, so browsers may keep them for good."""
        lines = "".join(f"{name} {file.digest}\n" for name, file in self.assets.items())
        return hashlib.sha256(lines.encode()).hexdigest()[:VERSION_DIGITS]

    def page(self, name: str, **pieces: str) -> File:
        """Return an HTML page, with the assets' version and pieces of HTML in place of `{{…}}`."""
        text = (self._folder / name).read_text(encoding="utf-8")
        values = {"version": self.version, **pieces}
        return make(re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], text).encode(), HTML)


def picture(path: Path) -> File:
    """Return the data of a model's picture; an empty object where the model was adopted without it."""
    return make(path.read_bytes() if path.is_file() else b"{}", MEDIA_TYPES[".json"])


def read(path: Path, media_type: str) -> File:
    """Return a file from disk, compressed there or not."""
    content = path.read_bytes()
    if path.suffix == COMPRESSED:
        return File(content, media_type, _digest(gzip.decompress(content)))
    return make(content, media_type)


def make(content: bytes, media_type: str) -> File:
    """Return a file with this content."""
    return File(gzip.compress(content, mtime=0), media_type, _digest(content))


def _suffix(name: str) -> str:
    return Path(name).suffix


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
