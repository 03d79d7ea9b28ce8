"""A discrete-event simulation of the queue that `tools.capacity` computes."""

import random
from collections.abc import Generator, Sequence

import simpy

from tools.capacity.queueing import Queue

WARM_UP = 0.1  # share of the requests before the queue is in its steady state


def simulate(queue: Queue, requests: int, seed: int = 1) -> Sequence[float]:
    """Return the seconds from arrival to response of each request after the warm-up."""
    chance = random.Random(seed)  # noqa: S311
    world = simpy.Environment()
    places = simpy.Resource(world, capacity=queue.places)
    service_times = queue.service_time.times.tolist()
    seconds: list[float] = []

    def request() -> Generator[simpy.Event]:
        arrived = world.now
        with places.request() as place:
            yield place
            yield world.timeout(chance.choice(service_times))
        seconds.append(world.now - arrived)

    def arrivals() -> Generator[simpy.Event]:
        for _ in range(requests):
            yield world.timeout(chance.expovariate(queue.rate))
            world.process(request())

    world.process(arrivals())
    world.run()
    return seconds[int(requests * WARM_UP) :]
