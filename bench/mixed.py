"""`python -m bench.mixed`: the effect of clients with large batches on a client that requests one row.

One client requests one row again and again, with a short rest between; meanwhile no other client, one, or four send
batches of 10,000 rows as fast as they can, from a process of their own. The same with another limit of what is
predicted on the event loop (`predict.MAX_INLINE_BYTES`): it shows whether a batch is better predicted in a thread. All
cases take turns, round by round, so that a noisy machine affects all of them.
"""

import argparse
import asyncio
import gc
import multiprocessing
import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial

import uvloop

from bench import load
from bench.connection import Connection
from bench.launch import BATCH_ROWS, VARIANTS, Service, serving
from bench.load import Load
from shared.predict import MAX_INLINE_BYTES

BATCH_CLIENTS = (0, 1, 4)
LIMITS = (MAX_INLINE_BYTES, 16 * 1024 * 1024)  # as it is, and more than any body may have
REST_SECONDS = 0.002
LEAD_SECONDS = 0.5  # the batches start so much earlier

type Figures = tuple[float, float, float, float]
"""Of one case in one round: p50, p99 and longest milliseconds of one row, and batches per second of all clients."""


def main() -> None:
    """Run the rounds and print a table of medians."""
    parser = argparse.ArgumentParser("python -m bench.mixed", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    limits = "limits to compare: a longer body is predicted off the event loop (default: %(default)s)"
    parser.add_argument("--inline-bytes", type=int, nargs="+", default=LIMITS, metavar="BYTES", help=limits)
    options = parser.parse_args()
    gc.freeze()  # this client's own collections must not look like the service's pauses
    cases = [(limit, clients) for clients in BATCH_CLIENTS for limit in options.inline_bytes]
    with ExitStack() as stack:
        services = {limit: start(stack, limit) for limit in options.inline_bytes}
        rounds = [
            {(limit, clients): measure(services[limit], clients, options.seconds) for limit, clients in cases}
            for _ in range(options.rounds)
        ]
    print_table(rounds)


def start(stack: ExitStack, limit: int) -> Service:
    """Start the service with this limit, and warm it up: the model is loaded, threads have started."""
    service = stack.enter_context(serving(VARIANTS, {"BENCH_INLINE_BYTES": str(limit)}))
    measure(service, 4, 1.0)
    return service


def measure(service: Service, batch_clients: int, seconds: float) -> Figures:
    """Send one row at a time for so long, while so many other clients send batches."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        # They share this core: clients that stay awake would slow the other one down.
        send = partial(load.run, clients=batch_clients, seconds=seconds + LEAD_SECONDS, awake=False)
        batches = pool.submit(send, service.url, service.request(BATCH_ROWS)) if batch_clients else None
        time.sleep(LEAD_SECONDS)
        rows = Load(uvloop.run(send_rows(service, seconds)), seconds)
        rate = batches.result().rate if batches else 0.0
    return rows.percentile(0.5), rows.percentile(0.99), max(rows.times) * 1000, rate


async def send_rows(service: Service, seconds: float) -> list[float]:
    """Return the seconds of each request for one row. Raises RuntimeError for another status than 200."""
    connection, times = await Connection.open(service.url), []
    content, until = service.request(), time.perf_counter() + seconds
    while time.perf_counter() < until:
        times.append((await connection.send_ok(content)).seconds)
        await asyncio.sleep(REST_SECONDS)
    connection.close()
    return times


def print_table(rounds: Sequence[Mapping[tuple[int, int], Figures]]) -> None:
    """Print the medians over the rounds, and the longest time of all."""
    print(f"{'':46}{'p50 ms':>9}{'p99 ms':>9}{'longest ms':>12}{'batches/s':>11}")
    for limit, clients in rounds[0]:
        p50, p99, longest, rate = zip(*(figures[limit, clients] for figures in rounds), strict=True)
        name = f"{clients} sending batches, MAX_INLINE_BYTES {limit:,}"
        medians = f"{statistics.median(p50):9.2f}{statistics.median(p99):9.2f}"
        print(f"{name:46}{medians}{max(longest):12.1f}{statistics.median(rate):11.1f}")


if __name__ == "__main__":
    main()
