"""The interface of a feature source: a store that knows features of entities."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

type Entity = str | int
"""A value of `entity_id` in a request."""
type Rows = Mapping[Entity, Mapping[str, Any]]
"""Entity → feature → stored value; None where the store has none. An unknown entity is absent."""


class EntitiesRefused(Exception):
    """The store cannot look up these entities, by their ids: the caller's mistake. It does look up others."""

    def __init__(self, entities: Sequence[Entity], detail: str = "is not an id that the feature store accepts") -> None:
        super().__init__(detail)
        self.entities = entities
        self.detail = detail


class QueryRefused(Exception):
    """The store responds, but to this query with an error. The text is the reason, for telemetry."""


class Fetched(NamedTuple):
    """The result of one call."""

    rows: Rows
    attempts: int = 1
    """Number of calls to the store, retries included."""


class Source(Protocol):
    """One store of features. Blocking work runs on threads."""

    kind: str
    """Its type in telemetry: `HTTP`, `Azure table`."""
    target: str
    """Its address in telemetry."""

    def batches(self, entities: Sequence[Entity]) -> Sequence[Sequence[Entity]]:
        """Split `entities` into the batches of single calls. Raises EntitiesRefused for ids that need no call."""
        ...

    async def fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        """Return the stored features of one batch.

        Raises FeaturesUnavailable, FeaturesInvalid, EntitiesRefused or QueryRefused.
        """
        ...

    async def ping(self) -> None:
        """Return when the store responds. Raises FeaturesUnavailable."""
        ...
