"""The report of `check`: rows that cannot be used for predictions, and values outside the training data's range."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from shared.model.manifest import Category, Feature, Number
from shared.model.values import convert

MAX_EXAMPLES = 3  # entities named for each kind of error
MISSING, MISSING_OPTIONAL = "missing", "missing (optional)"
WRONG_TYPE, OUTSIDE, NEW = "of a wrong type", "outside the range", "new to the model"


class Report:
    """Count the errors of the rows that are added. Its text has a line for each feature."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._features = [feature for feature in features if feature.stored]
        self._counts: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], list[str]] = {}
        self.rows = 0
        self.unusable = 0

    def add(self, entity: str, row: Mapping[str, Any]) -> None:
        """Check one entity's row against the manifest."""
        self.rows += 1
        errors = {feature.name: _error(feature, row[feature.name]) for feature in self._features}
        self.unusable += any(error in (MISSING, WRONG_TYPE) for error in errors.values())
        for key in errors.items():
            if key[1]:
                self._counts[key] += 1
                examples = self._examples.setdefault(key, [])
                if len(examples) < MAX_EXAMPLES:
                    examples.append(entity)

    def __str__(self) -> str:
        lines = [f"{self.rows} entities, {self.unusable} of them unusable"]
        lines += [f"  {feature.name}: {', '.join(self._errors(feature.name)) or 'fine'}" for feature in self._features]
        return "\n".join(lines)

    def _errors(self, name: str) -> list[str]:
        counts = sorted((key, count) for key, count in self._counts.items() if key[0] == name)
        return [f"{count} {key[1]} ({', '.join(self._examples[key])})" for key, count in counts]


def _error(feature: Feature, value: Any) -> str:
    if value is None:
        return MISSING_OPTIONAL if feature.optional else MISSING
    if convert(feature, value) is None:
        return WRONG_TYPE
    if isinstance(feature, Category) and value not in feature.values:
        return NEW
    if not isinstance(feature, Number):
        return ""
    low, high = feature.range
    return "" if low <= value <= high else OUTSIDE
