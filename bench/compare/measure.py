"""Measure one subject once: a cold start on all cores, then a load on a server that has the first core for itself."""

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from tempfile import TemporaryFile

import psutil
import uvloop

from bench import load
from bench.compare.catalogue import SIZES, Program, Server, Subject
from bench.compare.launch import Failed, Launch, reason
from bench.connection import Connection
from bench.launch import FIRST, LAST, Process, on_core, tree

CLIENTS = 16
PREDICTIONS, PREDICTIONS_SECONDS = 1_000, 5.0  # before the memory is read, whichever comes first
RESPONSE_SECONDS, START_SECONDS, PROGRAM_SECONDS = 15.0, 60.0, 60.0
PAUSE_SECONDS = 0.001
BREAKDOWN = (OSError, ValueError, RuntimeError)
"""Raised by the clients of a server that breaks down under load."""

type Figures = Mapping[str, float]
"""The figures of one round by name, without those that do not apply to the subject."""


def warm_up(subject: Subject, seconds: float) -> None:
    """Start an installed subject once, unmeasured: the page cache fills, byte code is written. Raises Failed."""
    launch = Launch(subject, seconds)
    if not isinstance(subject, Server):
        launch.complete(subject.command, PROGRAM_SECONDS + len(SIZES) * seconds)
        return
    if subject.prepared_by:
        launch.complete(subject.prepared_by, PROGRAM_SECONDS)
    with TemporaryFile("w+", errors="replace") as output:
        try:
            with launch.start(output=output) as process:
                uvloop.run(first_response(process, launch, subject))
                uvloop.run(check_batches(launch, subject))
        except Failed as error:
            output.seek(0)
            raise Failed(f"{error} ({reason(output.read())})") from None


def measure(subject: Subject, seconds: float) -> Figures:
    """Return the figures of one round. A cold start has all cores, and ends with a right prediction. Raises Failed."""
    launch, started = Launch(subject, seconds), time.perf_counter()
    match subject:
        case Server() as server:
            with launch.start() as process:
                uvloop.run(first_response(process, launch, server))
                cold_start = time.perf_counter() - started
            return {"cold_start_s": cold_start, **under_load(Launch(server, seconds), server)}
        case Program(prints_rates=True):
            with on_core(FIRST):
                rates = json.loads(launch.complete(subject.command, PROGRAM_SECONDS + len(SIZES) * seconds))
            return {f"rows_per_s_{rows}": rate for rows, rate in rates.items()}
        case _:
            launch.complete(subject.command, PROGRAM_SECONDS)
            return {"cold_start_s": time.perf_counter() - started}


def under_load(launch: Launch, server: Server) -> Figures:
    """Return the memory after some predictions, and the speed under load. Raises Failed."""
    with launch.start(core=FIRST) as process, on_core(LAST):
        uvloop.run(first_response(process, launch, server))
        try:
            uvloop.run(repeat(launch, server))
            memory = sum(map(memory_bytes, tree(process))) / 1e6
            return {"memory_mb": memory, **speed(launch, server)}
        except BREAKDOWN as error:
            raise Failed(f"breaks down under load: {type(error).__name__} {error}") from None


def memory_bytes(process: psutil.Process) -> int:
    """Return the memory of a process (PSS: pages of several processes count in parts), or 0 when it has ended."""
    with suppress(psutil.NoSuchProcess):
        return int(process.memory_full_info().pss)
    return 0


def speed(launch: Launch, server: Server) -> Figures:
    """Return times and rates. Raises Failed, and those in BREAKDOWN."""
    row, seconds = launch.request(server), launch.seconds
    single = load.run(launch.url, row, seconds=seconds)
    concurrent = load.run(launch.url, row, clients=CLIENTS, seconds=seconds)
    figures = {"p50_ms": single.percentile(0.5), "p99_ms": single.percentile(0.99), "requests_per_s": concurrent.rate}
    uvloop.run(check_batches(launch, server))  # the first ones may be slow
    for rows in server.sizes:
        figures[f"rows_per_s_{rows}"] = load.run(launch.url, launch.request(server, rows), seconds=seconds).rate * rows
    return figures


async def first_response(process: Process, launch: Launch, server: Server) -> None:
    """Send a request every millisecond until the server returns the right prediction. Raises Failed."""
    content, failure = launch.request(server), "does not listen"
    until = time.perf_counter() + START_SECONDS
    while failure and time.perf_counter() < until:
        if process.poll() is not None:
            raise Failed(f"ended with exit code {process.returncode} before it responded")
        with suppress(OSError, ValueError):
            failure = await problem(launch.url, server, content, 1)
        await asyncio.sleep(PAUSE_SECONDS if failure else 0)
    if failure:
        raise Failed(f"{failure} after {START_SECONDS:.0f} s")


async def check_batches(launch: Launch, server: Server) -> None:
    """Request a batch of each size, and compare the predictions. Raises Failed."""
    for rows in server.sizes:
        try:
            failure = await problem(launch.url, server, launch.request(server, rows), rows)
        except (OSError, ValueError) as error:
            failure = f"does not respond: {type(error).__name__} {error}"
        if failure:
            raise Failed(f"{rows:,} rows: {failure}")


async def problem(url: str, server: Server, content: bytes, rows: int) -> str:
    """Send a request, and return what is wrong with the response, or an empty text. Raises OSError, ValueError."""
    async with asyncio.timeout(RESPONSE_SECONDS):
        connection = await Connection.open(url)
        status, body, _ = await connection.send(content)
        connection.close()
    beginning = " ".join(body.decode(errors="replace").split())[:100]
    if status != 200:
        return f"responds {status}: {beginning}"
    return "" if server.format.is_correct(body, server.model, rows) else f"responds with wrong predictions: {beginning}"


async def repeat(launch: Launch, server: Server) -> None:
    """Request predictions of one row, up to a number or a time. Raises OSError, ValueError, RuntimeError."""
    async with asyncio.timeout(START_SECONDS):
        connection, content = await Connection.open(launch.url), launch.request(server)
        until = time.perf_counter() + PREDICTIONS_SECONDS
        for _ in range(PREDICTIONS):
            await connection.send_ok(content)
            if time.perf_counter() > until:
                break
        connection.close()
