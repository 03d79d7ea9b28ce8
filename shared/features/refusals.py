"""Search for the ids that a store refuses. A server that cannot look up one id responds to the batch with an error.

A real Feast server sends 500 for it, as for its own faults. So a refused batch is halved until each refused id is
alone. It is the caller's mistake when the store answers for another id: one of the same request, or one that it
answered earlier and that is requested again. Otherwise the cause stays unknown.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from shared.features.source import EntitiesRefused, Entity, Fetched, QueryRefused
from shared.problems import MAX_BAD_FIELDS

SEARCH_SHARE = 0.7  # of the time limit; the rest is for the health route

type Fetch = Callable[[Sequence[Entity]], Awaitable[Fetched]]
"""One call to the store. Raises QueryRefused when the store responds with an error."""
type Ping = Callable[[], Awaitable[None]]
"""Returns when the store is up. Raises FeaturesUnavailable."""


class Refusals:
    """The refused ids of one store, and the last one that it answered, as the control."""

    def __init__(self, seconds: float, ping: Ping) -> None:
        """`seconds` is the time limit of one pull."""
        self._seconds = seconds
        self._ping = ping
        self._control: Entity | None = None

    async def fetch(self, entities: Sequence[Entity], fetch: Fetch) -> Fetched:
        """Return the result of `fetch`.

        Raises EntitiesRefused for the caller's mistake; QueryRefused when the store is up and refuses the query for
        another reason; FeaturesUnavailable when it is down.
        """
        deadline = asyncio.get_running_loop().time() + self._seconds * SEARCH_SHARE
        try:
            fetched = await fetch(entities)
        except QueryRefused as refusal:
            return await self._divide(entities, fetch, deadline, refusal)
        self._control = entities[0]
        return fetched

    async def _divide(
        self, entities: Sequence[Entity], fetch: Fetch, deadline: float, refusal: QueryRefused
    ) -> Fetched:
        search = _Search(fetch)
        complete = False
        try:
            async with asyncio.timeout_at(deadline):
                if self._control is None or await self._answers(fetch):
                    await search.divide(entities)
                    complete = True
        except TimeoutError:
            pass  # the ids that were found until now are named
        if search.answered is not None:
            self._control = search.answered
        if search.refused and self._control is not None:
            raise EntitiesRefused(search.refused)
        if complete and not search.refused:
            return search.fetched
        await self._ping()
        raise refusal

    async def _answers(self, fetch: Fetch) -> bool:
        """Return True when the store answers for the control. A control that it refuses is forgotten."""
        try:
            await fetch([self._control])  # type: ignore[list-item]  # the caller has checked it
        except QueryRefused:
            self._control = None
        return self._control is not None


class _Search:
    """One search in a refused batch: one call at a time, so that it takes no more of the store than a request."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self.fetched = Fetched({}, attempts=1)
        self.refused: list[Entity] = []
        self.answered: Entity | None = None

    async def divide(self, entities: Sequence[Entity]) -> None:
        """Fetch both halves of a refused batch. An id that was alone is tried again: the fault may have passed."""
        middle = len(entities) // 2
        for half in (entities[:middle], entities[middle:]):
            if half and len(self.refused) < MAX_BAD_FIELDS:  # a response lists no more
                await self._try(half)

    async def _try(self, entities: Sequence[Entity]) -> None:
        try:
            fetched = await self._fetch(entities)
        except QueryRefused:
            if len(entities) > 1:
                await self.divide(entities)
            else:
                self.refused.append(entities[0])
        else:
            self.answered = entities[0]
            attempts = self.fetched.attempts + fetched.attempts
            self.fetched = Fetched({**self.fetched.rows, **fetched.rows}, attempts)
