"""What `check` finds: rows that cannot be predicted for, and values outside the range of the training data."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from shared.manifest import Feature, Number

MOST_NAMED = 3  # entities told of each fault


class Report:
    """Counts while rows are added; printed, it is a line for each feature."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._features = [feature for feature in features if feature.stored]
        self._faults: Counter[tuple[str, str]] = Counter()
        self._named: dict[tuple[str, str], list[str]] = {}
        self.rows = 0
        self.unusable = 0

    def add(self, entity: str, row: Mapping[str, Any]) -> None:
        """Hold one entity's row against the manifest."""
        self.rows += 1
        faults = [(feature.name, fault) for feature in self._features if (fault := _fault(feature, row[feature.name]))]
        self.unusable += any(fault in (MISSING, WRONG) for _, fault in faults)
        for told in faults:
            self._faults[told] += 1
            named = self._named.setdefault(told, [])
            if len(named) < MOST_NAMED:
                named.append(entity)

    def __str__(self) -> str:
        lines = [f"{self.rows} entities, {self.unusable} of them without a prediction"]
        for feature in self._features:
            told = [f"{count} {what}{self._examples(name, what)}" for (name, what), count in self._of(feature)]
            lines.append(f"  {feature.name}: {', '.join(told) or 'fine'}")
        return "\n".join(lines)

    def _of(self, feature: Feature) -> list[tuple[tuple[str, str], int]]:
        return sorted((fault, count) for fault, count in self._faults.items() if fault[0] == feature.name)

    def _examples(self, name: str, what: str) -> str:
        return f" ({', '.join(self._named[name, what])})"


MISSING, WRONG, OUTSIDE, ABSENT = "missing", "of a wrong type", "outside the range", "missing, which the model takes"


def _fault(feature: Feature, value: Any) -> str:
    if value is None:
        return ABSENT if feature.optional else MISSING
    if not isinstance(feature, Number):
        return "" if value in feature.values else WRONG
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        return WRONG
    low, high = feature.range
    return "" if low <= value <= high else OUTSIDE
