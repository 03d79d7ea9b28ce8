"""`python -m bench.capacity`: whether `tools capacity` is right, against a simulation and against real processes.

Three local hosts, four requests at a time each, every request a 50 ms wait, so that two cores do not saturate. Requests
come at random; a balancer keeps them in one line, or sends each to a host at random, as the two kinds of hosting do.
The model is told the rate, and how long the hosts took for a request once it was theirs; it says how long they waited.
Near full use a busy machine shows more than anything else: `chrt --rr 5 python -m bench.capacity` keeps other work out.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import simpy
from shared.manifest import APP

from bench import load
from bench.serve import serving
from tools.capacity import measure
from tools.capacity.queueing import Queue
from tools.capacity.service_time import ServiceTime

HOSTS, PLACES = 3, 4
RATES = (120.0, 180.0, 205.0)  # half, three quarters and nearly nine tenths of what twelve places can do
AGREED = 0.25
BODY = b'{"instances":[{"bmi":0.0617}]}'
WARM_UP = 0.1  # of the requests: the line has to form

type Times = list[float]

FIGURES: dict[str, tuple[Callable[[Times], float], Callable[[Queue], float]]] = {
    "mean": (lambda times: float(np.mean(times)), lambda queue: queue.mean),
    "p50": (lambda times: float(np.quantile(times, 0.5)), lambda queue: queue.percentile(0.5)),
    "p99": (lambda times: float(np.quantile(times, 0.99)), lambda queue: queue.percentile(0.99)),
}


@dataclass(frozen=True)
class Case:
    """A load on all hosts: in one line for all, or in one for each."""

    name: str
    rate: float
    lines: int

    def queue(self, service_time: ServiceTime) -> Queue:
        """What the model is asked: one of the lines."""
        return Queue(self.rate / self.lines, HOSTS * PLACES // self.lines, service_time)


@dataclass(frozen=True)
class Run:
    """The seconds from arrival to answer of many requests, and those of them at a host."""

    whole: Times
    served: Times


def main() -> None:
    """Run all of it and print a line for each figure."""
    parser = argparse.ArgumentParser("python -m bench.capacity", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of each run on real processes; the medians count")
    parser.add_argument("--requests", type=int, default=2_000, help="of each such run")
    parser.add_argument("--simulated", type=int, default=200_000, help="requests of each simulation")
    given = parser.parse_args()
    print(f"{'':38}{'model':>10}{'simulated':>12}{'measured':>12}")
    agreed = []
    for case in (Case("exponential, one line", rate, 1) for rate in RATES):
        agreed += tell(case, [case.queue(ServiceTime.from_mean(0.050))], given.simulated)
    cases = [Case(name, rate, lines) for name, lines in (("one line", 1), ("at random", HOSTS)) for rate in RATES]
    for case, runs in measured(cases, given.rounds, given.requests).items():
        queues = [case.queue(ServiceTime.from_measurements(run.served)) for run in runs]
        agreed += tell(case, queues, given.simulated, [run.whole for run in runs])
    print(f"within {AGREED:.0%} of the model: {sum(agreed)} of {len(agreed)} figures")


def measured(cases: Sequence[Case], rounds: int, requests: int) -> Mapping[Case, Sequence[Run]]:
    """Every case on real processes, in turn, so that a noisy machine hurts all of them."""
    found: dict[Case, list[Run]] = {case: [] for case in cases}
    with ExitStack() as stack:
        urls = [stack.enter_context(serving(APP / "bench" / "waiting")) for _ in range(HOSTS)]
        alone = ServiceTime.from_measurements(measure.measure_times(f"{urls[0]}/predict", "", 100))
        print(f"a request by itself: mean {alone.mean * 1000:.1f} ms, p99 {alone.percentile(0.99) * 1000:.1f} ms")
        for seed in range(rounds):
            for case in cases:
                found[case].append(asyncio.run(dispatched(urls, case, requests, seed)))
    return found


def tell(case: Case, queues: Sequence[Queue], requests: int, *runs: Sequence[Times]) -> list[bool]:
    """Print the figures of a case, the model's first, each the median over the rounds. Returns which of them agree."""
    agreed = []
    found = [[simulated(queue, requests // len(queues)) for queue in queues], *runs]
    for figure, (of, model) in FIGURES.items():
        expected = statistics.median(model(queue) for queue in queues)
        values = [statistics.median(of(times) for times in each) for each in found]
        near = [abs(value - expected) <= AGREED * expected for value in values]
        cells = "".join(f"{value * 1000:11.1f}{' ' if fits else '!'}" for value, fits in zip(values, near, strict=True))
        print(f"{f'{case.name}, {case.rate:g}/s, {figure} ms':38}{expected * 1000:10.1f}{cells}")
        agreed += near
    return agreed


def simulated(queue: Queue, requests: int, seed: int = 1) -> Times:
    """The times from arrival to answer of so many requests, by a discrete-event simulation of the same queue."""
    chance = random.Random(seed)  # noqa: S311
    world = simpy.Environment()
    places = simpy.Resource(world, capacity=queue.places)
    times: list[float] = []
    service = queue.service_time.times.tolist()

    def request() -> Generator[simpy.Event]:
        arrived = world.now
        with places.request() as place:
            yield place
            yield world.timeout(chance.choice(service))
        times.append(world.now - arrived)

    def arrivals() -> Generator[simpy.Event]:
        for _ in range(requests):
            yield world.timeout(chance.expovariate(queue.rate))
            world.process(request())

    world.process(arrivals())
    world.run()
    return times[int(requests * WARM_UP) :]


@dataclass
class Place:
    """A connection to a host; a host has as many as it takes requests at a time."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    content: bytes

    async def ask(self) -> None:
        """Send the request and read the answer. Raises RuntimeError for anything but 200."""
        self.writer.write(self.content)
        head = await self.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await self.reader.readexactly(int(length))


async def dispatched(urls: Sequence[str], case: Case, requests: int, seed: int) -> Run:
    """So many requests behind a balancer: one line for all hosts, or one for each and a throw of dice."""
    lines = [asyncio.Queue[Place]() for _ in range(case.lines)]
    for number, url in enumerate(urls):
        for _ in range(PLACES):
            lines[number % case.lines].put_nowait(await connected(url))
    run = Run([], [])

    async def request(line: asyncio.Queue[Place]) -> None:
        arrived = time.perf_counter()
        place = await line.get()
        taken = time.perf_counter()
        await place.ask()
        line.put_nowait(place)
        run.whole.append(time.perf_counter() - arrived)
        run.served.append(time.perf_counter() - taken)

    chance = random.Random(seed)  # noqa: S311
    async with asyncio.TaskGroup() as group:
        due = time.perf_counter()
        for _ in range(requests):
            due += chance.expovariate(case.rate)
            await asyncio.sleep(max(0, due - time.perf_counter()))
            group.create_task(request(chance.choice(lines)))
    for line in lines:
        while not line.empty():
            line.get_nowait().writer.close()
    del run.whole[: int(requests * WARM_UP)]
    return run


async def connected(url: str) -> Place:
    """A connection to a host, with the request that goes over it."""
    host, port, content = load.post(f"{url}/predict", BODY)
    return Place(*await asyncio.open_connection(host, port), content)


if __name__ == "__main__":
    main()
