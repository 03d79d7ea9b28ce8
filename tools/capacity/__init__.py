"""Compute how many instances a load needs, what they cost a month, and the settings to paste.

    ./egl capacity --rps 200 --latency-ms 50
    TOKEN=... ./egl capacity --rps 200 --url https://func-....azurewebsites.net/predict

For Flex Consumption and for Kubernetes. There are enough instances when 99 % of the responses are in time although
requests arrive at random (queueing.py). Spare instances keep it so when instances fail. docs/deploy.md explains the
output line by line.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.capacity import curve, hosting, report, svg
from tools.capacity.command import parser
from tools.capacity.hosting import Prices
from tools.capacity.measure import measure_times
from tools.capacity.plan import Kind, Load, Plan, smallest_plan
from tools.capacity.service_time import ServiceTime
from tools.errors import CapacityError


def main(argv: Sequence[str]) -> int:
    """Print the plans. Returns 1, with one line on stderr, when there is none or an option is wrong."""
    try:
        print_plans(parser(__doc__).parse_args(argv))
    except CapacityError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def print_plans(options: argparse.Namespace) -> None:
    """Print the plans for the load of the options. Raises CapacityError."""
    load, prices = load_from(options), prices_from(options)
    pods = hosting.pod(options.pod_cpu, load.memory_mb)
    plans = {kind: plan_or_error(load, kind) for kind in (*hosting.FLEX, pods)}
    cheapest = cheapest_flex(plans, prices)
    points = curve.points(cheapest)
    parts = [
        report.head(load),
        report.table(plans, cheapest, prices),
        curve.bars(points, cheapest),
        report.growth(cheapest, options.pulls),
        report.settings(cheapest, plans[pods]),
    ]
    print("\n\n".join(parts))
    if options.svg:
        write(options.svg, svg.document(points, cheapest))


def plan_or_error(load: Load, kind: Kind) -> Plan | CapacityError:
    """Return the plan, or the reason why there is none."""
    try:
        return smallest_plan(load, kind)
    except CapacityError as error:
        return error


def cheapest_flex(plans: Mapping[Kind, Plan | CapacityError], prices: Prices) -> Plan:
    """Return the cheapest plan for Flex Consumption. Raises CapacityError when there is none."""
    results = [plans[kind] for kind in hosting.FLEX]
    possible = [plan for plan in results if isinstance(plan, Plan)]
    if not possible:
        raise CapacityError(f"No instance of Flex Consumption is enough: {results[-1]}.")
    return min(possible, key=lambda plan: hosting.monthly(plan, prices))


def load_from(options: argparse.Namespace) -> Load:
    """Return the load of the options. Measures the service time when a URL is set. Raises CapacityError."""
    service_time = service_time_from(options)
    if options.cpu_ms / 1000 > service_time.mean:
        milliseconds = service_time.mean * 1000
        raise CapacityError(f"A request takes {milliseconds:.3g} ms, so --cpu-ms cannot be {options.cpu_ms:g}.")
    return Load(
        rate=options.rps,
        service_time=service_time,
        cpu=options.cpu_ms / 1000,
        concurrency=options.concurrency,
        p99=options.p99_ms / 1000,
        availability=options.availability / 100,
        instance_availability=options.instance_availability / 100,
        process_mb=options.process_mb,
        request_mb=options.request_mb,
    )


def service_time_from(options: argparse.Namespace) -> ServiceTime:
    """Return the service time, from the options or measured. Raises CapacityError."""
    if (options.url is None) == (options.latency_ms is None):
        raise CapacityError("Set --latency-ms, or --url to measure it.")
    if options.url:
        return ServiceTime.from_measurements(measure_times(options.url, os.environ.get("TOKEN", ""), options.requests))
    p99 = options.latency_p99_ms
    return ServiceTime.from_mean(options.latency_ms / 1000, p99 and p99 / 1000)


def prices_from(options: argparse.Namespace) -> Prices:
    """Return the prices of the options; their defaults are the examples."""
    return Prices(
        gb_second=options.price_gb_second,
        million=options.price_million,
        core_hour=options.price_core_hour,
        gb_hour=options.price_gb_hour,
    )


def write(path: Path, text: str) -> None:
    """Write a file and print its name. Raises CapacityError."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CapacityError(f"{path} cannot be written: {error.strerror}.") from None
    print(f"\n  Wrote {path}.")
