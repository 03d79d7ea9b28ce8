"""Measures one subject once: a cold start on all cores, then a load on a server that has the first core for itself."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from tempfile import TemporaryFile
from typing import IO

from bench import load
from bench.compare import client
from bench.compare.environments import Environment, reason
from bench.compare.failure import Failed, Silent
from bench.compare.figures import Figures
from bench.compare.launch import Launch, Run, launch
from bench.compare.process import FIRST, LAST, memory, on
from bench.compare.subjects import SIZES, Program, Server, Subject

CLIENTS = 16
PREDICTIONS = 1_000
"""Before the memory is read."""
START_SECONDS = 60.0
LOAD_SECONDS = 60.0
"""The time limit of a server's load, beside the measurements' own seconds."""
BROKEN = (OSError, ValueError, RuntimeError, asyncio.IncompleteReadError)
"""What a server that breaks down under load shows to its clients."""


def prepare(subject: Subject, environment: Environment, run: Run) -> None:
    """Start it once, unmeasured: the page cache fills, byte code is written, answers are checked. Raises Failed."""
    with TemporaryFile("w+", errors="replace") as said:
        try:
            prepared(launch(subject, environment, run), said)
        except Silent as error:
            said.seek(0)
            lines = said.read().splitlines()
            raise Failed(f"{error} ({reason(lines)})" if lines else str(error)) from None


def prepared(ready: Launch, said: IO[str]) -> None:
    """Make what it needs, start it, ask it. Raises Failed."""
    match ready.subject:
        case Server() as server:
            if server.prepared_by:
                ended(ready, server.prepared_by, START_SECONDS)
            with ready.started(2 * START_SECONDS, said, core=None) as process:
                client.listening(process, ready.address, START_SECONDS)
                client.first_answer(process, ready.request(server), server.format, START_SECONDS)
                for rows in SIZES if server.batches else ():
                    client.checked(ready.request(server, rows), server.format, rows)
        case subject:
            ended(ready, subject.command, START_SECONDS + len(SIZES) * ready.run.seconds)


def measure(subject: Subject, environment: Environment, run: Run) -> Figures:
    """One round. Raises Failed."""
    match subject:
        case Server() as server:
            return served(server, environment, run)
        case Program(prints_rates=True) as program:
            with on(FIRST):
                rates = json.loads(ended(launch(program, environment, run), program.command, LOAD_SECONDS))
            return Figures(rows_per_s_1000=rates["1000"], rows_per_s_10000=rates["10000"])
        case program:
            started = time.perf_counter()
            ended(launch(program, environment, run), program.command, START_SECONDS)
            return Figures(cold_start_s=time.perf_counter() - started)


def served(server: Server, environment: Environment, run: Run) -> Figures:
    """A server's figures: one start for the first of them, another for the rest. Raises Failed."""
    cold = cold_start(launch(server, environment, run), server)
    ready = launch(server, environment, run)
    limit = START_SECONDS + LOAD_SECONDS + 4 * run.seconds
    with open(os.devnull, "w") as said, ready.started(limit, said, core=FIRST) as process, on(LAST):
        client.first_answer(process, ready.request(server), server.format, START_SECONDS)
        try:
            client.repeated(ready.request(server), PREDICTIONS)
            occupied = memory(process)
            found = loaded(ready, server)
        except BROKEN as error:
            raise Failed(f"breaks down under load: {type(error).__name__} {error}") from None
    return Figures(cold_start_s=cold, memory_mb=occupied.proportional, resident_mb=occupied.resident, **found)


def cold_start(ready: Launch, server: Server) -> float:
    """The seconds from the start of the process to its first right prediction, on all cores. Raises Failed."""
    request = ready.request(server)
    with open(os.devnull, "w") as said:
        started = time.perf_counter()
        with ready.started(START_SECONDS + client.ANSWER_SECONDS, said, core=None) as process:
            client.first_answer(process, request, server.format, START_SECONDS)
            return time.perf_counter() - started


def loaded(ready: Launch, server: Server) -> Mapping[str, float]:
    """The name of each figure under load and its value. Raises what is in BROKEN."""
    seconds = ready.run.seconds
    alone = load.run(ready.request(server), clients=1, seconds=seconds)
    many = load.run(ready.request(server), clients=CLIENTS, seconds=seconds)
    found = {"p50_ms": alone.percentile(0.5), "p99_ms": alone.percentile(0.99), "requests_per_s": many.rate}
    for rows in SIZES if server.batches else ():
        client.checked(ready.request(server, rows), server.format, rows)  # the first one may be slow
        found[f"rows_per_s_{rows}"] = load.run(ready.request(server, rows), clients=1, seconds=seconds).rate * rows
    return found


def ended(ready: Launch, command: Sequence[str], seconds: float) -> str:
    """What a command printed that runs to its end. Raises Failed."""
    filled = ready.command(command)
    try:
        done = subprocess.run(
            filled, env=ready.environ(), cwd=ready.scratch, capture_output=True, text=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from None
    if done.returncode:
        raise Failed(f"ended with exit code {done.returncode}: {reason(done.stderr.splitlines())}")
    return done.stdout
