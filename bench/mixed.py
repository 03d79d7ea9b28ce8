"""`python -m bench.mixed`: what clients that send large batches do to a client that asks for one row.

One client asks for one row, again and again, with a short rest between; meanwhile nobody, one client or four send
batches of 10,000 rows as fast as they can, from a process of their own. The same is done to the service with another
`scoring.INLINE_BYTES`: whether a batch is better scored beside the event loop, or in it. All cases in turn, round by
round, so that a noisy machine hurts all of them.
"""

import argparse
import asyncio
import gc
import multiprocessing
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.sharedctypes import Synchronized
from typing import NamedTuple

import uvloop
from shared.manifest import APP

from bench.connection import Connection
from bench.load import Measured, post
from bench.serve import ROW, body, login, serving
from shared import scoring

BATCH = [ROW] * 10_000
BATCHING = (0, 1, 4)
INLINE = (scoring.INLINE_BYTES, 16 * 1024 * 1024)  # as it is, and more than any body may have
REST_SECONDS = 0.002


class Found(NamedTuple):
    """One case in one round."""

    p50: float
    """Milliseconds, as the next two, of one row."""
    p99: float
    longest: float
    batches: float
    """Per second, of all clients that send them."""


class Service(NamedTuple):
    """A running variant."""

    url: str
    token: str


def main() -> None:
    """Run the rounds and print a table of medians."""
    parser = argparse.ArgumentParser("python -m bench.mixed", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    told = "limits to compare: a longer body is scored off the event loop (default: %(default)s)"
    parser.add_argument("--inline-bytes", type=int, nargs="+", default=INLINE, metavar="BYTES", help=told)
    given = parser.parse_args()
    gc.freeze()  # this client's own collections must not look like the service's pauses
    with ExitStack() as stack:
        services = {limit: stack.enter_context(variant(limit)) for limit in given.inline_bytes}
        tell([measured(services, given.seconds) for _ in range(given.rounds)])


@contextmanager
def variant(limit: int) -> Iterator[Service]:
    """The service with this limit, warm: model loaded, threads started."""
    with serving(APP / "bench" / "inline", {"BENCH_INLINE_BYTES": str(limit)}) as url:
        service = Service(url, login(url))
        case(service, 4, 1.0)
        yield service


type Case = tuple[int, int]
"""INLINE_BYTES, and how many clients send batches."""


def measured(services: Mapping[int, Service], seconds: float) -> Mapping[Case, Found]:
    """One round."""
    return {(limit, batching): case(services[limit], batching, seconds) for batching in BATCHING for limit in services}


def case(service: Service, batching: int, seconds: float) -> Found:
    """One client for so many seconds, while so many others send batches."""
    with others(service, batching) as sent:
        before, started = sent.value, time.perf_counter()
        times = uvloop.run(steady(service, seconds))
        rate = (sent.value - before) / (time.perf_counter() - started)
    found = Measured(times, seconds)
    return Found(found.percentile(0.5), found.percentile(0.99), max(times) * 1000, rate)


async def steady(service: Service, seconds: float) -> list[float]:
    """The seconds of each request for one row. Raises RuntimeError for an answer that is no 200."""
    *_, content = post(f"{service.url}/predict", body([ROW]), service.token)
    connection, until, times = Connection(service.url), time.perf_counter() + seconds, []
    while time.perf_counter() < until:
        times.append(await asked(connection, content))
        await asyncio.sleep(REST_SECONDS)
    connection.close()
    return times


async def asked(connection: Connection, content: bytes) -> float:
    """The seconds of one request. Raises RuntimeError for an answer that is no 200."""
    answer = await connection.ask(content)
    if answer.status != 200:
        raise RuntimeError(f"answered {answer.status}")
    return answer.seconds


@contextmanager
def others(service: Service, clients: int) -> Iterator["Synchronized[int]"]:
    """So many clients that send batches, in a process of their own; how many were answered by now."""
    fork = multiprocessing.get_context("fork")
    sent = fork.Value("q", 0)
    process = fork.Process(target=batching, args=(service, clients, sent), daemon=True)
    process.start()
    try:
        wait(sent, clients)
        yield sent
    finally:
        process.kill()
        process.join()


def wait(sent: "Synchronized[int]", clients: int) -> None:
    """Until every client has had about one answer. Raises TimeoutError when they get none."""
    until = time.monotonic() + 10
    while sent.value < clients:
        if time.monotonic() > until:
            raise TimeoutError("no batch is answered")
        time.sleep(0.01)


def batching(service: Service, clients: int, sent: "Synchronized[int]") -> None:
    """Send batches until this process ends, and count the answers."""
    *_, content = post(f"{service.url}/predict", body(BATCH), service.token)

    async def client() -> None:
        connection = Connection(service.url)
        while True:
            await asked(connection, content)
            sent.value += 1

    async def all_clients() -> None:
        await asyncio.gather(*(client() for _ in range(clients)))

    uvloop.run(all_clients())


def tell(rounds: Sequence[Mapping[Case, Found]]) -> None:
    """Print the medians over the rounds, and the longest of all."""
    print(f"{'':46}{'p50 ms':>9}{'p99 ms':>9}{'longest ms':>12}{'batches/s':>11}")
    for limit, batching in rounds[0]:
        found = [each[limit, batching] for each in rounds]
        p50, p99, _, rate = (statistics.median(values) for values in zip(*found, strict=True))
        name = f"{batching} sending batches, INLINE_BYTES {limit:,}"
        print(f"{name:46}{p50:9.2f}{p99:9.2f}{max(each.longest for each in found):12.1f}{rate:11.1f}")


if __name__ == "__main__":
    main()
