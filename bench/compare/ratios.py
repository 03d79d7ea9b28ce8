"""The ratios that the project promises: what each divides, its target, and its row of the table."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import ge, gt, le, lt
from typing import NamedTuple

from bench.compare.catalogue import DEMO_SERVICE, PEERS, SERVICE
from bench.compare.measure import Figures
from bench.compare.models import DEMO

SIGNS: Mapping[str, Callable[[float, float], bool]] = {"<": lt, "≤": le, ">": gt, "≥": ge}


class Ratio(NamedTuple):
    """A figure of this service, divided by the same of others where there are any, with a target or without one."""

    title: str
    figure: str
    best: Callable[[Iterable[float]], float] = min
    """Chooses from the others' figures: the least or the greatest."""
    others: Sequence[str] = ()
    sign: str = ""
    limit: float = 0.0

    def values(self, rounds: Sequence[Mapping[str, Figures]]) -> Sequence[float]:
        """Return the ratio in each round that has both sides of it; a round has figures by subject's name."""
        values = []
        for by_name in rounds:
            others = [by_name[name][self.figure] for name in self.others if self.figure in by_name.get(name, {})]
            if (others or not self.others) and self.figure in by_name.get(SERVICE.name, {}):
                values.append(by_name[SERVICE.name][self.figure] / (self.best(others) if others else 1))
        return values

    def cells(self, values: Sequence[float]) -> Sequence[str]:
        """Return the row of the table: title, values, target, and whether the median reaches it."""
        shown = median_and_range(values, 2) if values else "not measured"
        target, verdict = f"{self.sign} {self.limit:g}" if self.sign else "–", ""
        if values and self.sign:
            verdict = "reached" if SIGNS[self.sign](statistics.median(values), self.limit) else "missed"
        return [self.title, shown, target, verdict]


PEER_NAMES = [peer.name for peer in PEERS]
COLD, REQUESTS, BATCHES = "cold_start_s", "requests_per_s", "rows_per_s_10000"
DEMO_RATIOS = (
    Ratio("cold start ÷ fastest peer's", COLD, min, PEER_NAMES, "≤", 0.5),
    Ratio("cold start ÷ `import sklearn.linear_model` alone", COLD, min, ["import"], "<", 1),
    Ratio("requests/s, 16 clients ÷ fastest peer's", REQUESTS, max, PEER_NAMES, ">", 1),
    Ratio("requests/s, 16 clients ÷ constant through the same host", REQUESTS, max, ["constant"]),
    Ratio("rows/s, batches of 10,000 ÷ bare decode + predict + encode", BATCHES, max, ["in-process"], "≥", 0.7),
    Ratio("rows/s, batches of 10,000 ÷ the same over HTTP", BATCHES, max, ["bare"]),
    Ratio("memory ÷ FastAPI's", "memory_mb", min, ["fastapi"], "≤", 0.6),
)
"""Of the demo's model. All peers load scikit-learn."""
MIN_OF_PEERS: Mapping[str, float] = {"forest": 20, "boosting": 5, "pipeline": 20}
"""Requests/s divided by each peer's, by model."""
MIN_OF_DEMO: Mapping[str, float] = {"forest": 0.6, "boosting": 0.6, "pipeline": 0.4}
"""Requests/s divided by those of this service with the demo's model."""


def ratios(model: str) -> Sequence[Ratio]:
    """Return the ratios of a model."""
    if model == DEMO:
        return DEMO_RATIOS
    demo = [DEMO_SERVICE.name]
    return (
        *(
            Ratio(f"requests/s, 16 clients ÷ {peer.title}", REQUESTS, max, [peer.name], "≥", MIN_OF_PEERS[model])
            for peer in PEERS
        ),
        Ratio("requests/s, 16 clients ÷ the demo's", REQUESTS, max, demo, "≥", MIN_OF_DEMO[model]),
        Ratio("rows/s, batches of 10,000 ÷ fastest peer's", BATCHES, max, PEER_NAMES, "≥", 1),
        Ratio("cold start ÷ fastest peer's", COLD, min, PEER_NAMES),
        Ratio("cold start ÷ the demo's", COLD, min, demo, "≤", 1.3),
        Ratio("memory MB", "memory_mb", sign="<", limit=120),
    )


def median_and_range(values: Sequence[float], decimals: int) -> str:
    """Return the median with the least and the greatest value, where they look different."""
    numbers = (statistics.median(values), min(values), max(values))
    median, least, greatest = (f"{number:,.{decimals}f}" for number in numbers)
    return median if least == greatest else f"{median} ({least}–{greatest})"
