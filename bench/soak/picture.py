"""The chart of a run: memory with its slope, requests a second, and how long one row took."""

import statistics
from collections.abc import Sequence

from bench.chart import Chart, Curve
from bench.soak.samples import Sample
from bench.soak.verdicts import WARM_UP, long_enough, slope, warm

MEMORY, RATE, TIME = "#0e9aa7", "#8b5cf6", "#e2571e"


def picture(samples: Sequence[Sample], clients: int, requests: int, failed: int) -> str:
    """The SVG document."""
    minutes = samples[-1].seconds / 60
    return Chart(
        title=f"The service under mixed traffic from {clients} clients for {round(minutes, 1):g} minutes",
        said=f"{requests:,} requests, {failed or 'none'} failed; each answer's status and values were checked",
        minutes=[sample.seconds / 60 for sample in samples],
        curves=[memory(samples), rate(samples), time(samples)],
        shaded=minutes * WARM_UP,
    ).svg()


def memory(samples: Sequence[Sample]) -> Curve:
    """What the server holds, with a line through the samples that count."""
    steady = warm(samples)
    first, last = steady[0].seconds, steady[-1].seconds
    middle = statistics.mean(sample.rss_mb for sample in steady)
    half = slope(steady) * (last - first) / 3_600 / 2
    trend = ((first / 60, middle - half), (last / 60, middle + half))
    found = f"slope {slope(steady):+z.1f} MB an hour" if long_enough(steady) else "too short for a slope"
    return Curve("Memory (RSS), MB", f"{middle:.0f} MB, {found}", MEMORY, [sample.rss_mb for sample in samples], trend)


def rate(samples: Sequence[Sample]) -> Curve:
    """Requests of every kind."""
    middle = statistics.median(sample.requests_per_second for sample in warm(samples))
    return Curve("Requests a second", f"median {middle:,.0f}", RATE, [each.requests_per_second for each in samples])


def time(samples: Sequence[Sample]) -> Curve:
    """How long 99 % of the requests for one row stayed under."""
    middle = statistics.median(sample.p99_ms for sample in warm(samples))
    return Curve("One row, p99, ms", f"median {middle:.1f} ms", TIME, [sample.p99_ms for sample in samples])
