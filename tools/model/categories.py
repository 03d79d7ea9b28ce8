"""The categories that an estimator was fitted on, by column: they show how its training read the texts of a file.

Encoders keep them in `categories_`, a classifier its labels in `classes_`. Steps are searched in any nesting, as far as
it is clear which columns they get.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

NESTED = ("best_estimator_", "estimator_", "regressor_", "classifier_", "estimators_", "final_estimator_")
NESTED_PRIVATE = ("_preprocessor",)
"""The encoder of categories inside histogram gradient boosting."""

type Categories = dict[str, set[Any]]
"""Column → the categories of all its encoders."""


def of_columns(estimator: Any, columns: Sequence[str]) -> Mapping[str, set[Any]]:
    """Return the categories of the columns that an encoder of the estimator has. `columns` are those of the data."""
    names = getattr(estimator, "feature_names_in_", None)
    found: Categories = {}
    _walk(estimator, list(map(str, columns if names is None else names)), found)
    return found


def used_columns(estimator: Any, columns: Sequence[str]) -> set[str]:
    """Return the columns that the estimator reads, as far as its steps show: its names, without dropped ones."""
    names = getattr(estimator, "feature_names_in_", None)
    return _used(estimator, list(map(str, columns if names is None else names)))


def of_target(estimator: Any) -> set[Any]:
    """Return the labels of a classifier; none for a regressor."""
    return _values(getattr(estimator, "classes_", ()))


def fitted_texts(estimator: Any, columns: Sequence[str]) -> Iterable[str]:
    """Yield the texts that the estimator knows: names of columns, and categories."""
    yield from map(str, getattr(estimator, "feature_names_in_", ()))
    for values in of_columns(estimator, columns).values():
        yield from (value for value in values if isinstance(value, str))


def _used(step: Any, columns: Sequence[str]) -> set[str]:
    """Return those of `columns`, which a step gets, that a ColumnTransformer in it does not drop."""
    if hasattr(step, "transformers_"):
        return {name for _, inner, chosen in step.transformers_ if inner != "drop" for name in _chosen(columns, chosen)}
    if hasattr(step, "steps"):
        return _used(step.steps[0][1], columns)
    inside = [inner for name in NESTED for inner in _as_list(getattr(step, name, None))]
    return set().union(*(_used(inner, columns) for inner in inside)) if inside else set(columns)


def _walk(step: Any, columns: Sequence[str], found: Categories) -> None:
    """Add the categories of a step that gets `columns`, and of the steps inside it."""
    categories = getattr(step, "categories_", None)
    if isinstance(categories, list) and len(categories) == len(columns):
        for name, values in zip(columns, categories, strict=True):
            found.setdefault(name, set()).update(_values(values))
    for inner, names in _inner(step, columns):
        _walk(inner, names, found)


def _inner(step: Any, columns: Sequence[str]) -> Iterable[tuple[Any, Sequence[str]]]:
    """Yield the steps inside a step, each with the columns that it gets."""
    if hasattr(step, "transformers_"):
        for _, inner, chosen in step.transformers_:
            yield inner, _chosen(columns, chosen)
    elif hasattr(step, "steps"):
        for _, inner in step.steps:
            if getattr(inner, "n_features_in_", len(columns)) == len(columns):
                yield inner, columns
            if not _keeps_values(inner):
                return  # the later steps get other values
    elif hasattr(step, "transformer_list"):
        yield from ((inner, columns) for _, inner in step.transformer_list)
    elif not hasattr(step, "estimators_features_"):  # bagging selects columns in any order
        for name in (*NESTED, *NESTED_PRIVATE):
            yield from ((inner, columns) for inner in _as_list(getattr(step, name, None)))


def _keeps_values(step: Any) -> bool:
    return isinstance(step, str) or type(step).__name__.endswith("Imputer")  # a text: passthrough


def _chosen(columns: Sequence[str], chosen: Any) -> Sequence[str]:
    """Return the columns that a ColumnTransformer selects by names, positions, a slice or booleans."""
    if isinstance(chosen, str):
        return [chosen]
    if isinstance(chosen, slice) and not isinstance(chosen.start or chosen.stop, str):
        return columns[chosen]
    selected = list(np.atleast_1d(np.asarray(chosen, dtype=object))) if not isinstance(chosen, slice) else []
    if all(isinstance(name, str) for name in selected):
        return selected
    if all(isinstance(flag, (bool, np.bool_)) for flag in selected):
        return [name for name, flag in zip(columns, selected, strict=False) if flag]
    return [columns[int(position)] for position in selected if -len(columns) <= position < len(columns)]


def _as_list(nested: Any) -> list[Any]:
    if isinstance(nested, np.ndarray):
        nested = nested.ravel().tolist()
    return list(nested) if isinstance(nested, (list, tuple)) else [nested] * (nested is not None)


def _values(values: Any) -> set[Any]:
    """Return the values as Python's own, so that texts are texts."""
    return set(np.asarray(values).ravel().tolist()) if not isinstance(values, list) or _is_flat(values) else set()


def _is_flat(values: list[Any]) -> bool:
    return not any(isinstance(value, (list, tuple, np.ndarray)) for value in values)
