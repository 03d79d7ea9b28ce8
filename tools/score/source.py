"""An input file as a stream of rows, in any of its forms: the content decides, not the name."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tools.errors import ScoreError

PARQUET = b"PAR1"
ZIP = b"PK\x03\x04"
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"  # Excel until 2003


class Row(NamedTuple):
    """One row of the input."""

    line: int
    """Where it begins, from 1. In a Parquet file, which has no lines, the number of the row."""
    cells: Sequence[Any]
    fault: str = ""
    """Why it cannot be sent."""


class Damaged(ScoreError):
    """The rows of the input end before the file does."""


class Source(Protocol):
    """An open input file."""

    header: Sequence[str]
    line: str
    """The word for a row's place: line or row."""
    separator: str
    """Between the cells; the output has the same."""
    line_end: str
    mark: bytes
    """The byte order mark of the input; the output has the same."""
    damage: str
    """Why the rows ended before the file did."""
    size: int
    """In the unit of `position`."""

    @property
    def position(self) -> int:
        """How much of the input is read."""
        ...

    def rows(self) -> Iterator[Row]:
        """Yield all rows, up to the end or the damage."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def open_source(path: Path, encoding: str, features: Sequence[str]) -> Source:
    """Open a file. `features` help to recognise its separator. Raises ScoreError."""
    try:
        with path.open("rb") as file:
            first = file.read(4)
        if first.startswith((ZIP, OLD_WORKBOOK)):
            raise ScoreError(f"{path} is a workbook or a zip archive: save the sheet as CSV, or unpack the file.")
        if not first:
            raise ScoreError(f"{path} is empty.")
        if first == PARQUET:
            from tools.score.parquet_source import ParquetSource

            return ParquetSource(path)
        from tools.score.csv_source import CsvSource

        return CsvSource(path, encoding, features)
    except OSError as error:
        raise ScoreError(f"{path} cannot be read: {error.strerror or error}.") from error
