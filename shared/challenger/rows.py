"""The champion's instances as rows of the challenger, by the names of the features.

A row is comparable when the challenger would accept it as a request: it has a valid value for each feature of the
challenger that is not optional. Clients cannot send a feature that only the challenger has, so such a value comes from
the feature store, or not at all.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import UNSET, Struct, defstruct

from shared.features.source import Entity
from shared.features.source import Rows as Stored
from shared.model.manifest import Boolean, Category, Feature, Manifest, Number, Text
from shared.model.schemas import ENTITY_ID, attribute
from shared.model.values import as_numbers, convert, former_booleans

REFUSED = object()
"""In place of a value that the challenger does not accept."""
CHUNK = 256  # rows; the interpreter is free for requests after each of them

type Pull = Callable[[Sequence[Entity], Sequence[str]], Stored]
"""Pulls the stored values of features of some entities."""


class Comparable(NamedTuple):
    """Rows of the challenger, with their positions in the request."""

    positions: Sequence[int]
    rows: Sequence[Struct]


class Translation:
    """Makes the rows. Built once for a champion and a challenger."""

    def __init__(self, champion: Manifest, challenger: Manifest) -> None:
        self._features = challenger.features
        self._booleans = former_booleans(challenger)
        self._attributes = _attributes(champion, challenger)
        self._row = defstruct("Row", [attribute(i) for i in range(len(self._features))], gc=False)
        self._same = _same(champion.features, challenger.features)

    def rows(self, instances: Sequence[Struct], pull: Pull) -> Comparable:
        """Return the comparable rows. Raises what `pull` raises, which is called only where it could help."""
        if self._same:
            return Comparable(range(len(instances)), instances)
        read = [self._read(position, instance) for position, instance in enumerate(instances)]
        self._complete(read, instances, pull)
        kept = [(i, self._finished(values)) for i, values in enumerate(read) if values is not None]
        found = [(i, values) for i, values in kept if values is not None]
        return Comparable([i for i, _ in found], [self._row(*values) for _, values in found])

    def _read(self, position: int, instance: Struct) -> list[Any] | None:
        """Return the instance's values for the challenger, UNSET where it has none; None when one is refused."""
        if position % CHUNK == 0:
            time.sleep(0)
        values = [
            _accepted(feature, getattr(instance, name) if name else UNSET)
            for feature, name in zip(self._features, self._attributes, strict=True)
        ]
        return None if any(value is REFUSED for value in values) else values

    def _complete(self, read: Sequence[list[Any] | None], instances: Sequence[Struct], pull: Pull) -> None:
        """Put stored values where an instance with an entity lacks some."""
        entities = {
            i: entity
            for i, values in enumerate(read)
            if values is not None and (entity := getattr(instances[i], ENTITY_ID, UNSET)) is not UNSET
            if any(value is UNSET and feature.stored for value, feature in zip(values, self._features, strict=True))
        }
        if not entities:
            return
        names = [feature.name for feature in self._features if feature.stored]
        stored = pull(list(entities.values()), names)
        for i, entity in entities.items():
            values = read[i] or []
            values[:] = self._filled(values, as_numbers(stored.get(entity, {}), self._booleans))

    def _filled(self, values: Sequence[Any], row: Mapping[str, Any]) -> list[Any]:
        return [
            _accepted(feature, row.get(feature.name, UNSET)) if value is UNSET and feature.stored else value
            for value, feature in zip(values, self._features, strict=True)
        ]

    def _finished(self, values: Sequence[Any]) -> list[Any] | None:
        """Return the values with None for missing ones; None when one that is required is missing or refused."""
        missing = [value is UNSET or value is None for value in values]
        if any(value is REFUSED for value in values):
            return None
        if any(lacks and not feature.optional for lacks, feature in zip(missing, self._features, strict=True)):
            return None
        return [None if lacks else value for lacks, value in zip(missing, values, strict=True)]


def _attributes(champion: Manifest, challenger: Manifest) -> list[str]:
    """Return the attribute of the champion's instances for each feature of the challenger; empty where it has none."""
    names = {feature.name: attribute(i) for i, feature in enumerate(champion.features)}
    return [names.get(feature.name, "") for feature in challenger.features]


def _accepted(feature: Feature, value: Any) -> Any:
    """Return a value as the challenger needs it, REFUSED when it is none of its values; UNSET and None as they are."""
    if value is UNSET or value is None:
        return value
    converted = convert(feature, value)
    return REFUSED if converted is None else converted


def _same(champion: Sequence[Feature], challenger: Sequence[Feature]) -> bool:
    """Return True when the challenger takes each instance of the champion as it is: the usual case, a new training.

    Nothing is read then, which is most of the time that a request of many rows needs here.
    """
    return len(champion) == len(challenger) and all(map(_accepts, challenger, champion))


def _accepts(feature: Feature, other: Feature) -> bool:
    """Return True when a feature has the name of another one and accepts each of its values."""
    if feature.name != other.name or (other.optional and not feature.optional):
        return False
    match feature, other:
        case Category(), Category():
            return feature.open or (not other.open and set(other.values) <= set(feature.values))
        case Text(), Text():
            return other.max_length <= feature.max_length
        case (Number(), Number()) | (Boolean(), Boolean()):
            return True
    return False
