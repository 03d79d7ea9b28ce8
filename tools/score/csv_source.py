"""A CSV file as a stream of rows, also if it is compressed with gzip."""

import csv
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.errors import ScoreError
from tools.score import csv_form
from tools.score.source import Row

MAX_CELL = 10 * 1024 * 1024  # no request takes more; a quote that is not closed would take the rest of the file
NOT_UTF8 = "is not UTF-8: name the file's encoding, such as --encoding cp1252"


class CsvSource:
    """An open CSV file. Raises ScoreError and OSError when it is opened."""

    line = "line"

    def __init__(self, path: Path, encoding: str, features: Sequence[str]) -> None:
        form = csv_form.recognise(path, encoding, features)
        self.separator, self.line_end, self.mark = form.separator, form.line_end, form.mark
        self.size = path.stat().st_size
        self.damage = ""
        self._path = path
        self._checked = form.encoding.startswith("utf-8")
        self._file = path.open("rb")
        # One byte that is not UTF-8 must not end a run: it becomes a lone surrogate, and its row is rejected.
        errors = "surrogateescape" if self._checked else "strict"
        content = csv_form.unpacked(self._file)
        self._text = io.TextIOWrapper(content, form.encoding, errors, newline="")
        self._skipped = 1 if form.hint and self._text.readline() else 0
        csv.field_size_limit(MAX_CELL)
        self._reader = csv.reader(self._text, delimiter=form.separator, strict=True)
        self._records = self._read()
        self.header = self._read_header()

    @property
    def position(self) -> int:
        """How many bytes of the file are read."""
        return self._file.tell()

    def rows(self) -> Iterator[Row]:
        """Yield the rows after the header; blank lines are none."""
        width = len(self.header)
        for row in self._records:
            if len(row.cells) != width and not row.fault:
                yield row._replace(fault=f"has {len(row.cells)} values, and the header has {width} names")
            elif self._checked and not is_utf8(row.cells):
                yield row._replace(fault=NOT_UTF8)
            else:
                yield row

    def close(self) -> None:
        """Close the file."""
        self._text.close()
        self._file.close()

    def _read_header(self) -> Sequence[str]:
        """Return the first record. Raises ScoreError, and closes the file, if there is none."""
        for row in self._records:
            return row.cells
        self.close()
        raise ScoreError(f"{self.damage or f'{self._path} is empty'}.")

    def _read(self) -> Iterator[Row]:
        """Yield each record, up to the end or the damage."""
        end, reader = self._skipped, self._reader
        try:
            while True:
                try:
                    if cells := next(reader):
                        yield Row(end + 1, cells)
                except csv.Error as error:
                    yield Row(end + 1, [], misplaced_quote(error))
                end = reader.line_num + self._skipped
        except StopIteration:
            return
        except csv.Error as error:
            self.damage = f"{self._path}, line {end + 1}: {error} (a quote may not be closed)"
        except UnicodeDecodeError as error:
            self.damage = f"{self._path}, near line {end + 1}, is not {error.encoding}: see --encoding"
        except (OSError, EOFError, zlib.error) as error:
            self.damage = f"{self._path} cannot be read after line {end}: {error}"


def misplaced_quote(error: csv.Error) -> str:
    """Return the fault of a record. Raises the error where no record can follow."""
    if "limit" in str(error) or "end of data" in str(error):
        raise error
    return f"has a quote in the wrong place: {error}"


def is_utf8(cells: Sequence[str]) -> bool:
    """Return False if a byte was not UTF-8."""
    text = "".join(cells)
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
