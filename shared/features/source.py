"""What a feature source is: something that knows features of entities."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

type Entity = str | int
"""What a client names in `entity_id`."""
type Rows = Mapping[Entity, Mapping[str, Any]]
"""Entity → feature → value as the store has it; None where it has none. An entity that it does not know is absent."""


class Fetched(NamedTuple):
    """One call's result."""

    rows: Rows
    attempts: int = 1
    """How often the store was asked, retries included."""


class Source(Protocol):
    """One store of features. What blocks in it runs on threads."""

    kind: str
    """What telemetry calls its type: `HTTP`, `Azure table`."""
    target: str
    """Where it is, for telemetry."""

    def batches(self, entities: Sequence[Entity]) -> Sequence[Sequence[Entity]]:
        """`entities` as they are asked for: one call each."""
        ...

    async def fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        """What the store knows of one batch. Raises FeaturesUnavailable or FeaturesInvalid."""
        ...

    async def ping(self) -> None:
        """Whether the store answers at all. Raises FeaturesUnavailable."""
        ...
