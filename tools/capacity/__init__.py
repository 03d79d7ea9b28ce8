"""How many instances a load needs, what they cost a month, and the settings to paste.

    python -m tools capacity --rps 200 --latency-ms 50
    TOKEN=... python -m tools capacity --rps 200 --url https://func-....azurewebsites.net/predict

For Flex Consumption and for Kubernetes: enough instances that 99 % of the answers are in time although requests come at
random (queueing.py), and so many more that this holds although instances fail. docs/deploy.md reads an answer line by
line.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.capacity import curve, hosting, report, svg
from tools.capacity.command import parser
from tools.capacity.errors import CapacityError
from tools.capacity.hosting import Prices
from tools.capacity.measure import measured
from tools.capacity.plan import Kind, Load, Plan, plan
from tools.capacity.service import Service


def main(argv: Sequence[str]) -> int:
    """Print the answer. Returns 1, with one line on stderr, for a question that has none."""
    try:
        answer(parser(__doc__).parse_args(argv))
    except CapacityError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def answer(asked: argparse.Namespace) -> None:
    """Print what fits the load. Raises CapacityError."""
    load, prices = loaded(asked), priced(asked)
    pods = hosting.pod(asked.pod_cpu, load.memory_mb)
    plans = {kind: tried(load, kind) for kind in (*hosting.FLEX, pods)}
    cheapest = best(plans, prices)
    picture = curve.points(cheapest)
    parts = [
        report.head(load),
        report.table(plans, cheapest, prices),
        curve.bars(picture, cheapest),
        report.growth(cheapest, asked.pulls),
        report.settings(cheapest, plans[pods]),
    ]
    print("\n\n".join(parts))
    if asked.svg:
        write(asked.svg, svg.svg(picture, cheapest))


def tried(load: Load, kind: Kind) -> Plan | CapacityError:
    """The plan, or why there is none."""
    try:
        return plan(load, kind)
    except CapacityError as error:
        return error


def best(plans: Mapping[Kind, Plan | CapacityError], prices: Prices) -> Plan:
    """The cheapest plan for Flex Consumption. Raises CapacityError when there is none."""
    possible = [plans[kind] for kind in hosting.FLEX]
    found = [each for each in possible if isinstance(each, Plan)]
    if not found:
        raise CapacityError(f"No instance of Flex Consumption will do: {possible[-1]}.")
    return min(found, key=lambda each: hosting.monthly(each, prices))


def loaded(asked: argparse.Namespace) -> Load:
    """The load that was asked about; measured where a URL is given. Raises CapacityError."""
    service = serviced(asked)
    if asked.cpu_ms / 1000 > service.mean:
        raise CapacityError(f"A request takes {service.mean * 1000:.3g} ms, so --cpu-ms cannot be {asked.cpu_ms:g}.")
    return Load(
        rate=asked.rps,
        service=service,
        cpu=asked.cpu_ms / 1000,
        concurrency=asked.concurrency,
        p99=asked.p99_ms / 1000,
        availability=asked.availability / 100,
        instance_availability=asked.instance_availability / 100,
        process_mb=asked.process_mb,
        request_mb=asked.request_mb,
    )


def serviced(asked: argparse.Namespace) -> Service:
    """The service times, given or measured. Raises CapacityError."""
    if (asked.url is None) == (asked.latency_ms is None):
        raise CapacityError("Give --latency-ms, or --url to measure it.")
    if asked.url:
        return Service.measured(measured(asked.url, os.environ.get("TOKEN", ""), asked.requests))
    p99 = asked.latency_p99_ms
    return Service.given(asked.latency_ms / 1000, p99 and p99 / 1000)


def priced(asked: argparse.Namespace) -> Prices:
    """The prices that were given, or the examples."""
    return Prices(
        gb_second=asked.price_gb_second,
        million=asked.price_million,
        core_hour=asked.price_core_hour,
        gb_hour=asked.price_gb_hour,
    )


def write(path: Path, text: str) -> None:
    """Write a file and say so. Raises CapacityError."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CapacityError(f"{path} cannot be written: {error.strerror}.") from None
    print(f"\n  Wrote {path}.")
