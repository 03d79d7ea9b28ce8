"""The names of the columns that an estimator was fitted on, as the data has them."""

from collections.abc import Sequence
from typing import Any

INSIDE = ("best_estimator_", "estimator_", "regressor_")


def fitted_names(estimator: Any, columns: Sequence[str]) -> list[str] | None:
    """Return the names of the training, or None for an estimator that was fitted without names.

    LightGBM writes an underscore for each space in a name. `columns` are the data's own names.
    """
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return None
    found = list(map(str, names))
    own = {name.replace(" ", "_"): name for name in columns}
    own.update(zip(columns, columns, strict=True))
    return [own.get(name, name) for name in found] if is_lightgbm(estimator) else found


def is_lightgbm(estimator: Any) -> bool:
    """Return true if LightGBM gets the rows first, also inside a search, a pipeline or a vote."""
    inner = _first(estimator)
    while inner is not None:
        estimator, inner = inner, _first(inner)
    return type(estimator).__module__.partition(".")[0] == "lightgbm"


def _first(estimator: Any) -> Any:
    """Return the estimator inside another one that gets the same rows; None for a plain one."""
    for name in INSIDE:
        if (inner := getattr(estimator, name, None)) is not None:
            return inner
    if steps := getattr(estimator, "steps", None):
        return steps[0][1]
    members = getattr(estimator, "estimators_", None)
    return members[0] if isinstance(members, list) and members else None
