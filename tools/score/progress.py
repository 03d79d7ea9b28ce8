"""The progress bar: rows, rows/s, rejected rows and the time left. Without a terminal there is none."""

import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

from tools.score.state import State

FORM = "{percentage:3.0f}%|{bar:24}| {postfix} [{elapsed}, {remaining} left]"


class Progress:
    """Shows how far a run is, and counts its time."""

    def __init__(self, size: int, position: int, begin: State) -> None:
        """`size` and `position` are the input's, in one unit: bytes or rows."""
        self._begin = begin
        self._started = time.monotonic()
        self._bar = tqdm(total=size, initial=position, bar_format=FORM, postfix="0 rows", disable=None, leave=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.close()

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.monotonic() - self._started

    def rate(self, current: State) -> float:
        """Return the rows/s of this run."""
        return (current.rows - self._begin.rows) / max(self.seconds, 1e-9)

    def update(self, position: int, current: State) -> None:
        """Show a new state."""
        rejected = f", {current.rejected:,} rejected" if current.rejected else ""
        text = f"{current.rows:,} rows, {self.rate(current):,.0f} rows/s{rejected}"
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(position - self._bar.n)

    @staticmethod
    def report(line: str) -> None:
        """Print a line above the bar."""
        tqdm.write(line, file=sys.stderr)
