"""Samples of a run, as lines to watch and as a CSV file to keep."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

DIGITS = 2


class Sample(NamedTuple):
    """A process and its clients during one interval."""

    seconds: float
    """Since the start, at the interval's end."""
    rss_mb: float
    """The least of many readings: what stays between two batches."""
    rss_most_mb: float
    pss_mb: float
    """This and the next are read once, batches under way included."""
    uss_mb: float
    threads: int
    files: int
    cpu: float
    """Processors in use: 1.0 is one of them."""
    requests_per_second: float
    p50_ms: float
    """Of requests for one row, as the next; 0 where none was answered."""
    p99_ms: float
    failed: int
    """Since the start."""


class Writes(Protocol):
    """Takes a sample."""

    def __call__(self, sample: Sample) -> None: ...


HEAD = "     s   RSS MB    to   USS   threads  files   CPU   requests/s   p50 ms   p99 ms  failed"


def line(sample: Sample) -> str:
    """A sample under `HEAD`."""
    return (
        f"{sample.seconds:6.0f} {sample.rss_mb:8.1f} {sample.rss_most_mb:5.0f} {sample.uss_mb:5.0f} "
        f"{sample.threads:9} {sample.files:6} {sample.cpu:5.2f} {sample.requests_per_second:12.0f} "
        f"{sample.p50_ms:8.2f} {sample.p99_ms:8.2f} {sample.failed:7}"
    )


@contextmanager
def writing(path: Path) -> Iterator[Writes]:
    """A CSV file that has each sample at once: a run that is broken off leaves what it saw."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(Sample._fields)

        def write(sample: Sample) -> None:
            rows.writerow(round(value, DIGITS) for value in sample)
            file.flush()

        yield write


def read(path: Path) -> Sequence[Sample]:
    """The samples in such a file."""
    with path.open(newline="", encoding="utf-8") as file:
        return [Sample._make(map(_number, row)) for row in list(csv.reader(file))[1:]]


def _number(value: str) -> int | float:
    return float(value) if "." in value else int(value)
