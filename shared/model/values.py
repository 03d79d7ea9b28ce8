"""Values of features that come from elsewhere than a request: from a feature store or a file."""

import math
from typing import Any

from shared.model.manifest import Boolean, Category, Feature


def convert(feature: Feature, value: Any) -> float | str | bool | None:
    """Return a value as the model needs it; None where it has a wrong type, or is no category of the model."""
    if isinstance(feature, Category):
        return value if value in feature.values else None
    if isinstance(feature, Boolean):
        return bool(value) if isinstance(value, (bool, int, float)) and value in (0, 1) else None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else None
