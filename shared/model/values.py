"""Values of features that come from elsewhere than a request: from a feature store or a file."""

import math
from collections.abc import Collection, Mapping
from typing import Any

from shared.model.manifest import MAX_CATEGORY_CHARACTERS, Boolean, Category, Feature, Manifest, Number, Text


def convert(feature: Feature, value: Any) -> float | str | bool | None:
    """Return a value as the model needs it; None where it has a wrong type, or is no category of the model."""
    if isinstance(feature, Category):
        return value if _is_category(feature, value) else None
    if isinstance(feature, Text):
        return value if isinstance(value, str) and len(value) <= feature.max_length else None
    if isinstance(feature, Boolean):
        return bool(value) if isinstance(value, (bool, int, float)) and value in (0, 1) else None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else None


def former_booleans(manifest: Manifest) -> frozenset[str]:
    """Return the number features that had only 0 and 1 in the training data.

    So are the booleans of a model that was adopted before features could be boolean.
    """
    quantiles = manifest.statistics.quantiles
    numbers = (feature for feature in manifest.features if isinstance(feature, Number))
    return frozenset(number.name for number in numbers if {*quantiles.get(number.name, (None,))} <= {0, 1})


def as_numbers(row: Mapping[str, Any], names: Collection[str]) -> Mapping[str, Any]:
    """Return a row whose booleans are the numbers 1 and 0 in the features with these names."""
    return {name: float(value) if name in names and isinstance(value, bool) else value for name, value in row.items()}


def _is_category(category: Category, value: Any) -> bool:
    """Return True for a value in the list, and for any text that is not too long if the category is open."""
    is_new = category.open and isinstance(value, str) and len(value) <= MAX_CATEGORY_CHARACTERS
    return is_new or value in category.values
