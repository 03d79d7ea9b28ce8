"""Values of features that come from elsewhere than a request: from a feature store or a file."""

import math
from typing import Any

from shared.model.manifest import MAX_CATEGORY_CHARACTERS, Boolean, Category, Feature, Text


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


def _is_category(category: Category, value: Any) -> bool:
    """Return True for a value in the list, and for any text that is not too long if the category is open."""
    is_new = category.open and isinstance(value, str) and len(value) <= MAX_CATEGORY_CHARACTERS
    return is_new or value in category.values
