"""The ratios that the project promises, computed within each round, and whether they are kept."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt

from bench.compare.figures import Figures, Result
from bench.compare.subjects import Kind

type Round = Mapping[str, Figures]
"""Subject's name → its figures in one round."""

SERVICE = "service"
SIGNS: dict[str, Callable[[float, float], bool]] = {"<": lt, "≤": le, ">": gt, "≥": ge}


@dataclass(frozen=True)
class Target:
    """What a ratio has to be; without a sign it is only told."""

    sign: str = ""
    limit: float = 0.0

    def __str__(self) -> str:
        """As the table has it."""
        return f"{self.sign} {self.limit:g}" if self.sign else "–"

    def kept(self, value: float) -> bool | None:
        """Whether a value reaches it; None without a target."""
        return SIGNS[self.sign](value, self.limit) if self.sign else None


@dataclass(frozen=True)
class Ratio:
    """A figure of this service over the same of others."""

    title: str
    figure: str
    over: Callable[[Iterable[float]], float]
    """Which of the others' figures is the one to compare with: the least or the greatest."""
    others: Sequence[str]
    target: Target

    def values(self, rounds: Sequence[Round]) -> Sequence[float]:
        """The ratio in each round that has both sides of it."""
        found = []
        for each in rounds:
            own = [getattr(each[SERVICE], self.figure)] if SERVICE in each else []
            others = [getattr(each[name], self.figure) for name in self.others if name in each]
            if present(own) and present(others):
                found.append(own[0] / self.over(present(others)))
        return found


@dataclass(frozen=True)
class Outcome:
    """A ratio after all rounds. Without values it was not measured."""

    ratio: Ratio
    values: Sequence[float]

    @property
    def median(self) -> float | None:
        """The middle one."""
        return statistics.median(self.values) if self.values else None

    @property
    def kept(self) -> bool | None:
        """Whether the target is reached; None when there is none, or nothing was measured."""
        return None if self.median is None else self.ratio.target.kept(self.median)


def present(values: Iterable[float | None]) -> list[float]:
    """Those that were measured."""
    return [value for value in values if value is not None]


def outcomes(results: Sequence[Result]) -> Sequence[Outcome]:
    """Every ratio with its values."""
    rounds = by_round(results)
    peers = [each.subject.name for each in results if each.subject.kind is Kind.PEER]
    return [Outcome(ratio, ratio.values(rounds)) for ratio in ratios(peers)]


def by_round(results: Sequence[Result]) -> Sequence[Round]:
    """The figures of each round together. What failed does not count, not even what it did before."""
    sound = [each for each in results if not each.failure]
    rounds = zip(*(each.rounds for each in sound), strict=True)
    return [{each.subject.name: found for each, found in zip(sound, row, strict=True)} for row in rounds]


def ratios(peers: Sequence[str]) -> Sequence[Ratio]:
    """What is promised. All peers load scikit-learn."""
    return [
        Ratio("cold start ÷ fastest peer's", "cold_start_s", min, peers, Target("≤", 0.5)),
        Ratio("cold start ÷ `import sklearn.linear_model` alone", "cold_start_s", min, ["import"], Target("<", 1)),
        Ratio("requests/s, 16 clients ÷ fastest peer's", "requests_per_s", max, peers, Target(">", 1)),
        Ratio("requests/s, 16 clients ÷ constant through the same host", "requests_per_s", max, ["constant"], Target()),
        Ratio(
            "rows/s, batches of 10,000 ÷ bare decode + predict + encode",
            "rows_per_s_10000",
            max,
            ["in-process"],
            Target("≥", 0.7),
        ),
        Ratio("rows/s, batches of 10,000 ÷ the same over HTTP", "rows_per_s_10000", max, ["bare"], Target()),
        Ratio("memory ÷ FastAPI's", "memory_mb", min, ["fastapi"], Target("≤", 0.6)),
    ]
