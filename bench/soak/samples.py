"""Samples of the server, interval by interval, and the verdicts on them: is memory flat, does anything pile up?"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

import psutil

from bench.launch import Process, cpu_seconds
from bench.load import Load
from bench.soak.clients import Tally

MEGABYTE = 1024 * 1024
READING_SECONDS = 0.1  # the memory of batches in progress comes and goes; the minimum of many readings stays
HEAD = "     s   RSS MB    to   USS   threads  files   CPU   requests/s   p50 ms   p99 ms  failed"
WARM_UP = 1 / 3  # of the samples: pools fill up, every thread gets its first batch, caches reach their size
MIN_MINUTES = 5.0  # after the warm-up; in less, one step of an allocator's arena looks like a slope
MAX_SLOPE = 10.0
"""MB an hour that memory may seem to grow. An instance with 2 GB would last a week, and is replaced sooner. A leak is
greater: at 500 requests a second, 6 bytes of each are as much, and Python's smallest object has 16. Noise is smaller: a
single step of 1 MB, Python's arena, in the middle of ten minutes is a slope of 9."""


class Sample(NamedTuple):
    """A process and its clients during one interval."""

    seconds: float
    """Since the start, at the interval's end."""
    rss_mb: float
    """The minimum of many readings: what stays between two batches."""
    rss_max_mb: float
    uss_mb: float
    """Read once, with batches in progress."""
    threads: int
    files: int
    cpu: float
    """Processors in use: 1.0 is one of them."""
    requests_per_second: float
    p50_ms: float
    """Of requests for one row, as the next; 0 without a response."""
    p99_ms: float
    failed: int
    """Since the start."""


def line(sample: Sample) -> str:
    """Return a sample as a line under `HEAD`."""
    return (
        f"{sample.seconds:6.0f} {sample.rss_mb:8.1f} {sample.rss_max_mb:5.0f} {sample.uss_mb:5.0f} "
        f"{sample.threads:9} {sample.files:6} {sample.cpu:5.2f} {sample.requests_per_second:12.0f} "
        f"{sample.p50_ms:8.2f} {sample.p99_ms:8.2f} {sample.failed:7}"
    )


async def watch(process: Process, tally: Tally, every: float, seconds: float) -> AsyncIterator[Sample]:
    """Yield a sample every so many seconds, for so long. Raises SystemExit when the server ends."""
    started = time.perf_counter()
    try:
        while time.perf_counter() + every / 2 < started + seconds:
            yield await _sample(process, tally, every, started)
    except psutil.NoSuchProcess as error:
        raise SystemExit(f"The service ended by itself. {'; '.join(tally.first_failures)}") from error


async def _sample(process: Process, tally: Tally, every: float, started: float) -> Sample:
    interval_started, cpu_before = time.perf_counter(), cpu_seconds(process)
    readings = [process.memory_info().rss]
    while time.perf_counter() < interval_started + every:
        await asyncio.sleep(READING_SECONDS)
        readings.append(process.memory_info().rss)
    requests, times = tally.end_interval()
    now = time.perf_counter()
    load = Load(times or [0.0], now - interval_started)
    return Sample(
        seconds=now - started,
        rss_mb=min(readings) / MEGABYTE,
        rss_max_mb=max(readings) / MEGABYTE,
        uss_mb=process.memory_full_info().uss / MEGABYTE,
        threads=process.num_threads(),
        files=process.num_fds(),
        cpu=(cpu_seconds(process) - cpu_before) / load.seconds,
        requests_per_second=requests / load.seconds,
        p50_ms=load.percentile(0.5),
        p99_ms=load.percentile(0.99),
        failed=tally.failed,
    )


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
