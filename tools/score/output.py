"""The files that a run writes: the scored rows, and those that were rejected, each up to a known position."""

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.errors import ScoreError
from tools.score import state
from tools.score.lock import lock
from tools.score.predict import Result
from tools.score.source import Row, Source
from tools.score.state import State

GZIP_LEVEL = 6


class Outputs:
    """The output, the rejected rows and the state. Opened for one run, which holds the lock."""

    def __init__(self, path: Path, source: Source, added: Sequence[str], decimal: str) -> None:
        self.path = path
        self.rejected_path = path.with_name(f"{path.name.removesuffix('.gz').removesuffix('.csv')}.rejected.csv")
        self.state_path = state.path_beside(path)
        self._source = source
        self._header = [*source.header, *added]
        self._decimal = decimal
        self._file: io.FileIO | None = None
        self._rejected: io.FileIO | None = None

    def check_other_than(self, file: Path) -> None:
        """Raise ScoreError if a file of this run is the input: it would be lost."""
        if file.resolve() in {path.resolve() for path in (self.path, self.rejected_path, self.state_path)}:
            raise ScoreError(f"{file} would be overwritten: choose another name for the output.")

    def open(self, begin: State, *, resume: bool, overwrite: bool) -> State:
        """Open the output and return the state to continue from. Raises ScoreError, also for files that exist."""
        existed = self.path.exists()
        if existed and not (resume or overwrite):
            unfinished = (
                " of a run that did not end: continue it with --resume, or" if self.state_path.exists() else ":"
            )
            raise ScoreError(f"{self.path} exists{unfinished} replace it with --overwrite.")
        with writing(self.path):
            self._file = _open(self.path)
        try:
            lock(self._file)
        except OSError as error:
            raise ScoreError(f"Another run writes {self.path} now.") from error
        current = begin if overwrite else self._continued(begin, existed)
        with writing(self.path):
            state.write(self.state_path, current)
            _cut(self._file, current.output_bytes)
            self._cut_rejected(current.rejected_bytes)
        return current

    def write(self, rows: Sequence[Row], results: Sequence[Result], before: State) -> State:
        """Write the rows of a batch, then the state, and return it. Raises ScoreError."""
        pairs = list(zip(rows, results, strict=True))
        scored = [[*row.cells, *result] for row, result in pairs if not isinstance(result, str)]
        rejected = [[row.line, result, *row.cells] for row, result in pairs if isinstance(result, str)]
        with writing(self.path):
            after = State(
                before.subject,
                before.rows + len(rows),
                before.scored + len(scored),
                before.rejected + len(rejected),
                before.output_bytes + self._append(scored, first=before.output_bytes == 0),
                before.rejected_bytes + self._append_rejected(rejected),
            )
            state.write(self.state_path, after)
        return after

    def finish(self, last: State) -> None:
        """Write the header if no row did it, and remove the state. Raises ScoreError."""
        with writing(self.path):
            if last.output_bytes == 0:
                self._append([], first=True)
            self.state_path.unlink()

    def close(self) -> None:
        """Close the files, and end the lock."""
        for file in (self._file, self._rejected):
            if file is not None:
                file.close()

    def _continued(self, begin: State, existed: bool) -> State:
        """Return the state of a run before. Raises ScoreError if this run cannot continue it."""
        found = state.read(self.state_path)
        if found is None:
            if existed:
                raise ScoreError(f"{self.path} has no unfinished run to continue. To begin again: --overwrite.")
            return begin
        state.check_same(found.subject, begin.subject)
        rejected = self.rejected_path.stat().st_size if self.rejected_path.exists() else 0
        if self.path.stat().st_size < found.output_bytes or rejected < found.rejected_bytes:
            raise ScoreError(f"{self.path} has lost rows since the last run. To begin again: --overwrite.")
        return found

    def _cut_rejected(self, size: int) -> None:
        """Open the rejected rows of a run before, or remove the file."""
        if not size:
            self.rejected_path.unlink(missing_ok=True)
            return
        self._rejected = _open(self.rejected_path)
        _cut(self._rejected, size)

    def _append(self, rows: Iterable[Sequence[Any]], *, first: bool) -> int:
        width = len(self._source.header)
        if self._decimal != ".":
            rows = [[*row[:width], *map(self._with_mark, row[width:])] for row in rows]
        content = self._source.mark + self._encode([self._header]) if first else b""
        content += self._encode(rows)
        if self.path.suffix == ".gz":
            content = gzip.compress(content, GZIP_LEVEL)  # files of several members are valid, and can be cut
        return _write(self._file, content)

    def _append_rejected(self, rows: Sequence[Sequence[Any]]) -> int:
        """Append rejected rows. The first ones create the file, with its header."""
        if not rows:
            return 0
        if self._rejected is not None:
            return _write(self._rejected, self._encode(rows))
        self._rejected = _open(self.rejected_path)
        header = [self._source.line, "reason", *self._source.header]
        return _write(self._rejected, self._source.mark + self._encode([header, *rows]))

    def _encode(self, rows: Iterable[Sequence[Any]]) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self._source.separator, lineterminator=self._source.line_end).writerows(rows)
        return text.getvalue().encode(errors="replace")  # only rejected rows may have bytes that are not UTF-8

    def _with_mark(self, value: Any) -> Any:
        """Return a new cell, with the input's mark of decimals."""
        return str(value).replace(".", self._decimal) if isinstance(value, float) else value


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise ScoreError for an error of the file system."""
    try:
        yield
    except OSError as error:
        raise ScoreError(f"{error.filename or path} cannot be written: {error.strerror or error}") from error


def _cut(file: io.FileIO, size: int) -> None:
    """Cut off what a file has beyond `size`, and continue there."""
    file.truncate(size)
    file.seek(size)


def _open(path: Path) -> io.FileIO:
    """Open a file to read and write, and create it if it is missing; its content stays."""
    try:
        return io.FileIO(path, "r+")
    except FileNotFoundError:
        return io.FileIO(path, "x+")


def _write(file: io.FileIO | None, content: bytes) -> int:
    """Write all of it, unbuffered: an error belongs to this batch, not to the end. Raises OSError."""
    if file is None:
        raise ValueError("the output is not open")
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]
    return len(content)
