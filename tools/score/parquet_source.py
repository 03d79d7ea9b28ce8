"""A Parquet file as a stream of rows."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from tools.errors import ScoreError
from tools.score.source import Row

ROWS_READ = 4_096  # at a time


class ParquetSource:
    """An open Parquet file. Raises ScoreError and OSError when it is opened."""

    line = "row"
    separator, line_end, mark = ",", "\n", b""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = parquet.ParquetFile(path)
        except pa.ArrowException as error:
            raise ScoreError(f"{path} cannot be read as Parquet: {error}") from error
        self.header: Sequence[str] = self._file.schema_arrow.names
        self.size = self._file.metadata.num_rows
        self.position = 0
        self.damage = ""

    def rows(self) -> Iterator[Row]:
        """Yield all rows."""
        try:
            for batch in self._file.iter_batches(ROWS_READ):
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    self.position += 1
                    yield Row(self.position, [_plain(cell) for cell in cells])
        except (pa.ArrowException, OSError) as error:
            self.damage = f"{self._path} cannot be read after row {self.position}: {error}"

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _plain(cell: Any) -> Any:
    """Return a value; None for NaN, which means missing."""
    return None if isinstance(cell, float) and math.isnan(cell) else cell
