"""Reads what the server holds and how fast it answers, interval by interval, while the clients run."""

import asyncio
import time

from bench.load import Measured
from bench.process import Process
from bench.soak.clients import Tally
from bench.soak.samples import Sample, Writes

READING_SECONDS = 0.1  # the memory of batches under way comes and goes; what stays is the least of many readings


async def watch(process: Process, tally: Tally, every: float, seconds: float, write: Writes) -> None:
    """Write a sample every so many seconds, for so long. Raises SystemExit when the server ends."""
    started = time.perf_counter()
    try:
        while time.perf_counter() + every / 2 < started + seconds:
            write(await _sample(process, tally, every, started))
    except OSError as error:
        raise SystemExit(f"The service ended by itself. {'; '.join(tally.first)}") from error


async def _sample(process: Process, tally: Tally, every: float, started: float) -> Sample:
    began, spent = time.perf_counter(), process.cpu()
    memory = [process.memory()]
    while time.perf_counter() < began + every:
        await asyncio.sleep(READING_SECONDS)
        memory.append(process.memory())
    requests, times = tally.taken()
    now = time.perf_counter()
    measured = Measured(times or [0.0], now - began)
    pss, uss = process.shares()
    return Sample(
        seconds=now - started,
        rss_mb=min(memory),
        rss_most_mb=max(memory),
        pss_mb=pss,
        uss_mb=uss,
        threads=process.threads(),
        files=process.files(),
        cpu=(process.cpu() - spent) / (now - began),
        requests_per_second=requests / (now - began),
        p50_ms=measured.percentile(0.5),
        p99_ms=measured.percentile(0.99),
        failed=tally.failed,
    )
