"""What samples of a process say about promises that hold for hours: is its memory flat, does anything pile up?"""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

from bench.soak.samples import Sample

WARM_UP = 1 / 3  # of the samples: pools fill up, every thread's first batch comes, caches reach their size
LEAST_MINUTES = 5.0  # after the warm-up; in less, one step of an allocator's arena looks like a slope
MOST_SLOPE = 10.0
"""MB an hour that memory may seem to grow. An instance with 2 GB would last a week, and is replaced sooner. It is far
from hiding a leak: at 500 requests a second, 6 bytes kept of each are as much, and Python's least object has 16. It is
far enough from noise: a single step of one MB, Python's arena, in the middle of ten minutes is a slope of 9."""


class Verdict(NamedTuple):
    """A promise and what was found. `kept` is None where the run was too short to tell."""

    promise: str
    found: str
    kept: bool | None


def warm(samples: Sequence[Sample]) -> Sequence[Sample]:
    """The samples after the warm-up."""
    start = samples[-1].seconds * WARM_UP
    return [sample for sample in samples if sample.seconds > start]


def slope(samples: Sequence[Sample]) -> float:
    """MB an hour by least squares; 0.0 for a single sample."""
    if len(samples) < 2:
        return 0.0
    hours = [sample.seconds / 3_600 for sample in samples]
    return statistics.linear_regression(hours, [sample.rss_mb for sample in samples]).slope


def growth(counts: Sequence[int]) -> int:
    """How many more there are in the last quarter than in the first, by their medians: what comes and goes is none."""
    quarter = max(len(counts) // 4, 1)
    return round(statistics.median(counts[-quarter:]) - statistics.median(counts[:quarter]))


def verdicts(samples: Sequence[Sample], failed: int) -> Sequence[Verdict]:
    """Each promise, by the samples of a whole run, warm-up included."""
    steady = warm(samples)
    return [
        Verdict("no failed request", f"{failed:,} failed", failed == 0),
        flat(steady),
        constant("threads", [sample.threads for sample in steady]),
        constant("open files", [sample.files for sample in steady]),
    ]


def flat(steady: Sequence[Sample]) -> Verdict:
    """Whether memory stays where it is. A short run cannot tell."""
    found = slope(steady)
    minutes = (steady[-1].seconds - steady[0].seconds) / 60
    kept = found <= MOST_SLOPE if long_enough(steady) else None
    return Verdict(f"memory flat: at most {MOST_SLOPE:+g} MB/h", f"{found:+z.1f} MB/h over {minutes:.1f} min", kept)


def long_enough(steady: Sequence[Sample]) -> bool:
    """Whether their slope means something."""
    return steady[-1].seconds - steady[0].seconds >= LEAST_MINUTES * 60


def constant(name: str, counts: Sequence[int]) -> Verdict:
    """Whether there are as many of something at the end as after the warm-up."""
    more = growth(counts)
    return Verdict(f"no more {name}", f"{counts[0]} → {counts[-1]}, {more:+}", more <= 0)
