"""The command line of `./egl capacity`. Every number is checked here; an error is one line."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from tools.capacity.hosting import Prices
from tools.errors import CapacityError


class Parser(argparse.ArgumentParser):
    """A parser that reports an error as one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Raise CapacityError."""
        raise CapacityError(f"{message[:1].upper()}{message[1:]}.")


def number(text: str) -> float:
    """Return a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def positive(text: str) -> float:
    """Return a number above 0."""
    if number(text) <= 0:
        raise argparse.ArgumentTypeError("must be above 0")
    return number(text)


def amount(text: str) -> float:
    """Return a number, 0 or above."""
    if number(text) < 0:
        raise argparse.ArgumentTypeError("must not be below 0")
    return number(text)


def percentage(text: str) -> float:
    """Return a percentage, above 0 and below 100."""
    if not 0 < number(text) < 100:
        raise argparse.ArgumentTypeError("must be above 0 and below 100")
    return number(text)


def count(text: str) -> int:
    """Return a whole number, 1 or above."""
    if number(text) < 1 or number(text) % 1:
        raise argparse.ArgumentTypeError("must be a whole number from 1")
    return int(number(text))


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return the parser of the command line. Parsing raises CapacityError."""
    arguments = Parser(
        prog="./egl capacity", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )

    def option(name: str, type_: Callable[[str], object], default: object, text: str) -> None:
        arguments.add_argument(name, type=type_, default=default, help=text, metavar="X")

    arguments.add_argument("--rps", type=positive, required=True, metavar="X", help="requests per second, at peak")
    option("--latency-ms", positive, None, "mean time of a request that does not wait")
    option("--latency-p99-ms", positive, None, "its 99th percentile, if known (default: an exponential distribution's)")
    option("--url", str, None, "measure the times at this URL; TOKEN in the environment is the bearer token")
    option("--requests", count, 200, "number of requests to measure (%(default)s)")
    option("--cpu-ms", positive, 1.0, "CPU time of a request, on one core (%(default)s)")
    option("--concurrency", count, 16, "requests that an instance may work on at a time (%(default)s)")
    option("--p99-ms", positive, 500.0, "target: 99 %% of the responses under this time (%(default)s)")
    option("--availability", percentage, 99.9, "target: for this share of the time, in %% (%(default)s)")
    option("--instance-availability", percentage, 99.5, "share of the time in which one instance works (%(default)s)")
    option("--process-mb", positive, 200.0, "memory of an instance's Python process (%(default)s)")
    option("--request-mb", amount, 1.0, "additional memory of each request under way (%(default)s)")
    option("--pod-cpu", positive, 1.0, "cores of a pod (%(default)s)")
    option("--pulls", amount, 0.0, "entities read from the features table for a request (%(default)s)")
    example = Prices()
    option("--price-gb-second", amount, example.gb_second, "Flex, on demand (%(default)s, an example)")
    option("--price-million", amount, example.million, "Flex, a million executions (%(default)s, an example)")
    option("--price-core-hour", amount, example.core_hour, "Kubernetes, a node's core (%(default)s, an example)")
    option("--price-gb-hour", amount, example.gb_hour, "Kubernetes, a node's memory (%(default)s, an example)")
    option("--svg", Path, None, "also write the curve to this file, as a picture")
    return arguments
