"""The form of a CSV file, from its beginning: encoding, separator, line ends."""

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from tools.errors import ScoreError

GZIP = b"\x1f\x8b"
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SEPARATORS = ",;\t"
HEAD_BYTES = 1024 * 1024  # has the header even of a file with thousands of columns


class CsvForm(NamedTuple):
    """How a CSV file is written."""

    encoding: str
    separator: str
    line_end: str
    hint: bool
    """True when the first line is Excel's `sep=;`, and not a row."""
    mark: bytes = b""


def unpacked(file: BinaryIO) -> BinaryIO:
    """Return the content of a file that may be compressed with gzip."""
    first = file.read(len(GZIP))
    file.seek(0)
    return cast(BinaryIO, gzip.GzipFile(fileobj=file)) if first == GZIP else file


def recognise(path: Path, encoding: str, features: Sequence[str]) -> CsvForm:
    """Return the form of a file. A byte order mark shows its encoding; other files have `encoding`, or UTF-8.

    Raises ScoreError.
    """
    with path.open("rb") as file:
        try:
            head = unpacked(file).read(HEAD_BYTES)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ScoreError(f"{path} is damaged: {error}.") from error
    found = next((each for each in MARKS.items() if head.startswith(each[0])), (b"", "utf-8"))
    chosen = found[1] if found[0] else encoding or found[1]
    text = decoded(path, head, chosen).removeprefix("\ufeff")
    first, _, rest = text.partition("\n")
    hint = first.startswith("sep=") and first.rstrip("\r")[4:] in tuple(SEPARATORS)
    separator = first[4] if hint else _separator(rest if hint else text, features)
    mark = codecs.BOM_UTF8 if found[0] == codecs.BOM_UTF8 else b""
    return CsvForm(chosen, separator, "\r\n" if first.endswith("\r") else "\n", hint, mark)


def decoded(path: Path, head: bytes, encoding: str) -> str:
    """Return the beginning of a file as text. Raises ScoreError if it has another encoding."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head, final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError as error:
        line = head.count(b"\n", 0, error.start) + 1
        raise ScoreError(
            f"{path} is not {encoding}, see line {line}: name its encoding, such as --encoding cp1252."
        ) from None


def _separator(text: str, features: Sequence[str]) -> str:
    """Return the separator with which the header has the most features; among equals, the most columns."""
    headers = {separator: header(text.splitlines(keepends=True), separator) for separator in SEPARATORS}
    known = set(features)
    return max(SEPARATORS, key=lambda each: (len(known.intersection(headers[each])), len(headers[each])))


def header(lines: Sequence[str], separator: str) -> list[str]:
    """Return the names in the first line that is not blank."""
    reader: Iterator[list[str]] = csv.reader(lines, delimiter=separator)
    return next(iter(islice(filter(None, reader), 1)), [])
