"""The columns of a file that are sent: those with a feature's name and, if requested, the one with the entity's id."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from tools.errors import ScoreError
from tools.score.model import Feature, Model

ENTITY_ID = "entity_id"
ENTITY = Feature(ENTITY_ID, "entity", optional=True)
MAX_LISTED = 20  # names of columns in a message


class Field(NamedTuple):
    """A column that is sent."""

    position: int
    feature: Feature


def select(model: Model, header: Sequence[str], entity: str = "") -> Sequence[Field]:
    """Return the columns to send; `entity` is the column with the entity's id, if there is one.

    Raises ScoreError if a feature is missing that no store can have, or has two columns.
    """
    if missing := missing_columns(model, header, entity):
        raise ScoreError(explain_missing(missing, header, entity))
    used = {feature.name: feature for feature in model.features if feature.name in header}
    fields = [Field(header.index(name), feature) for name, feature in used.items()]
    if entity:
        fields.append(Field(header.index(entity), ENTITY))
    counts = Counter(header)
    if repeated := [header[field.position] for field in fields if counts[header[field.position]] > 1]:
        raise ScoreError(f"The input has {quoted(repeated)} twice: remove or rename one of the columns.")
    if not fields:
        raise ScoreError(f"The input has no column of the model: {quoted(f.name for f in model.features)}.")
    return fields


def missing_columns(model: Model, header: Sequence[str], entity: str) -> Sequence[str]:
    """Return the names of columns that must be there and are not."""
    needed = [f.name for f in model.features if not f.optional and not (entity and f.stored)]
    return [name for name in [*needed, *([entity] if entity else [])] if name not in header]


def explain_missing(missing: Sequence[str], header: Sequence[str], entity: str) -> str:
    """Return the message for missing columns, with the most similar column of each."""
    named = ", ".join(f'"{name}"{did_you_mean(name, header)}' for name in missing[:MAX_LISTED])
    more = f" and {len(missing) - MAX_LISTED} more" if len(missing) > MAX_LISTED else ""
    text = f"The input has no column {named}{more}. Its columns: {quoted(header)}."
    if ENTITY_ID in header and not entity:
        text += f" If a feature store has the features: --entity {ENTITY_ID}."
    return text


def did_you_mean(name: str, header: Iterable[str]) -> str:
    """Return a hint at the most similar column; empty if none is similar."""
    plain = {_plain(column): column for column in header}
    close = get_close_matches(_plain(name), plain, n=1)
    return f' (did you mean "{plain[close[0]]}"?)' if close else ""


def check_added(added: Sequence[str], header: Sequence[str]) -> None:
    """Raise ScoreError if a new column has the name of one that exists."""
    if collisions := [name for name in added if name in header]:
        raise ScoreError(
            f"The input has a column {quoted(collisions)} already: name the new columns differently, "
            f"such as --name predicted_{added[0]}."
        )


def quoted(names: Iterable[str]) -> str:
    """Return names for a message; the first ones, if there are many."""
    listed = list(names)
    more = f" and {len(listed) - MAX_LISTED} more" if len(listed) > MAX_LISTED else ""
    return ", ".join(f'"{name}"' for name in listed[:MAX_LISTED]) + more


def _plain(name: str) -> str:
    """Return a name without what people write differently: case, spaces, dashes, underscores."""
    return re.sub(r"[\W_]+", "", name.casefold())
