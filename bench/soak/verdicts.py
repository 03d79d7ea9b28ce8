"""Verdicts on the samples of a run: is the memory flat, does anything pile up?"""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

from bench.soak.samples import Sample

WARM_UP = 1 / 3  # of the samples: pools fill up, every thread gets its first batch, caches reach their size
MIN_MINUTES = 5.0  # after the warm-up; in less, one step of an allocator's arena looks like a slope
MAX_SLOPE = 10.0
"""MB an hour that memory may seem to grow. An instance with 2 GB would last a week, and is replaced sooner. A leak is
greater: at 500 requests a second, 6 bytes of each are as much, and Python's smallest object has 16. Noise is smaller: a
single step of 1 MB, Python's arena, in the middle of ten minutes is a slope of 9."""


class Verdict(NamedTuple):
    """A check and its result. `passed` is None where the run was too short."""

    check: str
    result: str
    passed: bool | None


def verdicts(samples: Sequence[Sample], failed: int) -> Sequence[Verdict]:
    """Return the verdict on each check, for the samples of a whole run with its warm-up."""
    steady = warm(samples)
    return [
        Verdict("no failed request", f"{failed:,} failed", failed == 0),
        _memory(steady),
        _constant("threads", [sample.threads for sample in steady]),
        _constant("open files", [sample.files for sample in steady]),
    ]


def warm(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return the samples after the warm-up."""
    start = samples[-1].seconds * WARM_UP
    return [sample for sample in samples if sample.seconds > start]


def slope(samples: Sequence[Sample]) -> float:
    """Return the memory's growth in MB an hour, by least squares; 0.0 for a single sample."""
    if len(samples) < 2:
        return 0.0
    hours = [sample.seconds / 3_600 for sample in samples]
    return statistics.linear_regression(hours, [sample.rss_mb for sample in samples]).slope


def growth(counts: Sequence[int]) -> int:
    """Return the median of the last quarter minus that of the first: a short change is no growth."""
    quarter = max(len(counts) // 4, 1)
    return round(statistics.median(counts[-quarter:]) - statistics.median(counts[:quarter]))


def _memory(steady: Sequence[Sample]) -> Verdict:
    megabytes = slope(steady)
    minutes = (steady[-1].seconds - steady[0].seconds) / 60
    passed = megabytes <= MAX_SLOPE if minutes >= MIN_MINUTES else None
    return Verdict(
        f"memory flat: at most {MAX_SLOPE:+g} MB/h", f"{megabytes:+z.1f} MB/h over {minutes:.1f} min", passed
    )


def _constant(name: str, counts: Sequence[int]) -> Verdict:
    difference = growth(counts)
    return Verdict(f"no more {name}", f"{counts[0]} → {counts[-1]}, {difference:+}", difference <= 0)
