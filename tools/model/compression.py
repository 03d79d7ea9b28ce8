"""Compressed model files. joblib reads them by itself; their plain bytes show the version of scikit-learn."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable

LZ4 = b"\x04\x22\x4d\x18"
FORMS: dict[bytes, tuple[str, Callable[[bytes], bytes]]] = {
    b"\x1f\x8b": ("gzip", gzip.decompress),
    b"BZh": ("bzip2", bz2.decompress),
    b"\xfd7zXZ": ("xz", lzma.decompress),
    b"\x5d\x00": ("lzma", lzma.decompress),
    b"\x78": ("zlib", zlib.decompress),
}
"""First bytes → name for people, and the function that unpacks the file."""


def name(content: bytes) -> str:
    """Return the name of the compression, or an empty text."""
    if content.startswith(LZ4):
        return "lz4"
    return next((name for first, (name, _) in FORMS.items() if content.startswith(first)), "")


def plain(content: bytes) -> bytes:
    """Return the bytes without their compression; unchanged if there is none, or if they are damaged."""
    for first, (_, unpack) in FORMS.items():
        if content.startswith(first):
            try:
                return unpack(content)
            except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error):
                return content
    return content
