"""Free text: columns that a vectoriser of the estimator splits into words, and columns that look like free text."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer

NEUTRAL = ("an example text", "another example text", "a third example text")
"""Texts for golden examples, which are public."""
MANY_VALUES = 50  # with fewer different ones a column can be a category, even if no value is repeated
MANY_LONG_VALUES = 20
LONG = 60  # characters, on average: sentences


def vectorised_columns(estimator: Any, columns: Sequence[str]) -> frozenset[str]:
    """Return the columns that a text vectoriser reads. Some may hold numbers, if the estimator itself selects."""
    if has_vectoriser(estimator):
        return frozenset(columns)
    return frozenset(
        name
        for transformer in _column_transformers(estimator)
        for _, step, selected in transformer.transformers
        if has_vectoriser(step)
        for name in _names(selected, columns)
    )


def has_vectoriser(step: Any) -> bool:
    """Return true for a text vectoriser, and for a pipeline, union or search of one."""
    step = getattr(step, "best_estimator_", step)
    named = (*getattr(step, "steps", ()), *getattr(step, "transformer_list", ()))
    return isinstance(step, (CountVectorizer, HashingVectorizer)) or any(has_vectoriser(part) for _, part in named)


def begins_with_vectoriser(estimator: Any) -> bool:
    """Return true for an estimator of a list of texts, instead of rows with columns."""
    while steps := getattr(getattr(estimator, "best_estimator_", estimator), "steps", ()):
        estimator = steps[0][1]
    return has_vectoriser(estimator)


def looks_like_text(present: "pd.Series[Any]") -> bool:
    """Return true for texts that are almost all different, or long: comments, names or ids, and no categories."""
    count = present.nunique()
    if count > MANY_VALUES and count > len(present) / 2:
        return True
    return count > MANY_LONG_VALUES and present.astype(str).str.len().mean() > LONG


def _column_transformers(estimator: Any) -> Iterator[ColumnTransformer]:
    best = getattr(estimator, "best_estimator_", estimator)
    parts = best.get_params(deep=True).values() if hasattr(best, "get_params") else ()
    return (part for part in (best, *parts) if isinstance(part, ColumnTransformer))


def _names(selected: Any, columns: Sequence[str]) -> Iterator[str]:
    """Return the names of a ColumnTransformer's selection: a name, a position, or a list of them."""
    for each in selected if isinstance(selected, (list, tuple)) else [selected]:
        if isinstance(each, str):
            yield each
        elif isinstance(each, int) and not isinstance(each, bool):
            yield columns[each]
