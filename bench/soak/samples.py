"""Samples of the server, interval by interval, as lines on the console."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import NamedTuple

import psutil  # type: ignore[import-untyped]

from bench.load import Load
from bench.process import Process, cpu_seconds
from bench.soak.clients import Tally

MEGABYTE = 1024 * 1024
READING_SECONDS = 0.1  # the memory of batches in progress comes and goes; the minimum of many readings stays
HEAD = "     s   RSS MB    to   USS   threads  files   CPU   requests/s   p50 ms   p99 ms  failed"


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
