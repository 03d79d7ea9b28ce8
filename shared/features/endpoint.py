"""Features from another system's own HTTP endpoint, which FEATURES_URL names.

With {entity_id} in the URL there is one GET per entity, which returns an object with the features as members:
`https://crm.example/patients/{entity_id}?fields={features}`. Without it there is one POST per request, of
`{"entity_ids": […], "features": […]}`, which returns such an object by id. `#/data/attributes` at the URL's end is a
JSON pointer (RFC 6901) to the object in a response.
"""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import msgspec

from shared.features.connection import MAX_BYTES, Connection, Response
from shared.features.refusals import Refusals
from shared.features.source import EntitiesRefused, Entity, Fetched, QueryRefused
from shared.problems import FeaturesInvalid, FeaturesUnavailable, TooManyInstances
from shared.threads import Pool

ENTITY, FEATURES = "{entity_id}", "{features}"
MAX_ENTITIES = 100  # in one request, with a GET for each
MAX_AT_ONCE = 8  # GETs of one request, so that it leaves threads to others
MAX_ENTITY_BYTES = 1024 * 1024  # of the response to one GET
UNKNOWN = (404, 410)
DOTS = re.compile(r"(^|[/\\])\.\.?([/\\]|$)")
"""A segment `.` or `..`, which would change the path. Percent-encoding does not protect dots (RFC 3986 §2.3, §5.2.4),
and some servers decode an encoded slash before they read the path."""
PING = "health-check"
"""The entity of a ping before any other was answered. A store that does not have it responds with 404."""


def open_endpoint(url: str, authorization: str, timeout_seconds: float, pool: Pool) -> "EntityEndpoint | BatchEndpoint":
    """Return the source for the form of the URL."""
    form = EntityEndpoint if ENTITY in url else BatchEndpoint
    return form(url, authorization, timeout_seconds, pool)


class _Endpoint(ABC):
    """One endpoint, of either form."""

    kind = "HTTP"

    def __init__(self, url: str, authorization: str, timeout_seconds: float, pool: Pool) -> None:
        self._url, _, fragment = url.partition("#")
        self._path = [unquote(part).replace("~1", "/").replace("~0", "~") for part in fragment.split("/")[1:]]
        self._connection = Connection(authorization, timeout_seconds)
        self._refusals = Refusals(timeout_seconds, self.ping)
        self._answered: tuple[Entity, Sequence[str]] | None = None
        self._pool = pool
        self.target = urlsplit(self._url).netloc.rpartition("@")[2]

    async def ping(self) -> None:
        """Return when the endpoint answers as before or, if it never did, responds. Raises FeaturesUnavailable."""
        entity, features = self._answered or (PING, ())
        try:
            await self._pool.run(self._request, [entity], features)
        except QueryRefused as refusal:
            if self._answered:
                raise FeaturesUnavailable(reason=str(refusal)) from refusal

    async def _fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        async def fetch(batch: Sequence[Entity]) -> Fetched:
            return await self._pool.run(self._request, batch, features)

        fetched = await self._refusals.fetch(entities, fetch)
        self._answered = entities[0], features
        return fetched

    @abstractmethod
    def _request(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        """Return the features of some entities, from one call."""

    def _object(self, response: Response) -> dict[str, Any]:
        """Return the object in a response where the URL points to. Raises FeaturesInvalid."""
        try:
            value = msgspec.json.decode(response.content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise FeaturesInvalid(reason=f"the endpoint's response is not JSON: {error}") from error
        for member in self._path:
            value = value.get(member) if isinstance(value, dict) else None
        if not isinstance(value, dict):
            raise FeaturesInvalid(reason="the endpoint's response has no object where FEATURES_URL points to")
        return value


class EntityEndpoint(_Endpoint):
    """An endpoint with a URL for each entity."""

    def batches(self, entities: Sequence[Entity]) -> Sequence[Sequence[Entity]]:
        """Return one batch. Raises TooManyInstances, or EntitiesRefused for ids that would change the URL's path."""
        if len(entities) > MAX_ENTITIES:
            raise TooManyInstances(
                f"One request may name {MAX_ENTITIES} entities with this feature store; a FEATURES_URL without {ENTITY}"
                " is called with all of them at once"
            )
        if refused := [entity for entity in entities if DOTS.search(str(entity))]:
            raise EntitiesRefused(refused)
        return [entities]

    async def fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        """Return the features of the entities. Raises as Source.fetch."""
        fetched, refused, unclear = await self._fetch_each(entities, features)
        if unclear and fetched:  # another one was answered meanwhile: it is the control
            repeated, refused_now, unclear = await self._fetch_each(list(unclear), features)
            fetched, refused = [*fetched, *repeated], [*refused, *refused_now]
        if refused:
            raise EntitiesRefused([entity for entity in entities if entity in refused])  # in the request's order
        if unclear:
            raise next(iter(unclear.values()))
        rows = {entity: row for each in fetched for entity, row in each.rows.items()}
        return Fetched(rows, max(each.attempts for each in fetched))

    async def _fetch_each(
        self, entities: Sequence[Entity], features: Sequence[str]
    ) -> tuple[list[Fetched], list[Entity], dict[Entity, QueryRefused]]:
        """Return what was fetched, the ids that are the caller's mistakes, and those whose failure is unclear."""
        slots = asyncio.Semaphore(MAX_AT_ONCE)

        async def fetch(entity: Entity) -> Fetched:
            async with slots:
                return await self._fetch([entity], features)

        results = await asyncio.gather(*map(fetch, entities), return_exceptions=True)
        fetched, refused, unclear = [], [], {}
        for entity, result in zip(entities, results, strict=True):
            if isinstance(result, Fetched):
                fetched.append(result)
            elif isinstance(result, EntitiesRefused):
                refused.append(entity)
            elif isinstance(result, QueryRefused):
                unclear[entity] = result
            else:
                raise result
        return fetched, refused, unclear

    def _request(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        (entity,) = entities
        names = ",".join(quote(name, safe="") for name in features)
        url = self._url.replace(FEATURES, names).replace(ENTITY, quote(str(entity), safe=""))
        response = self._connection.request("GET", url, accept=(200, *UNKNOWN), max_bytes=MAX_ENTITY_BYTES)
        if response.status in UNKNOWN:
            return Fetched({}, response.attempts)
        row = self._object(response)
        return Fetched({entity: {name: row.get(name) for name in features}}, response.attempts)


class BatchEndpoint(_Endpoint):
    """An endpoint for all entities of a request."""

    def batches(self, entities: Sequence[Entity]) -> Sequence[Sequence[Entity]]:
        """Return one batch."""
        return [entities]

    async def fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        """Return the features of the entities. Raises as Source.fetch."""
        return await self._fetch(entities, features)

    def _request(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        query = {"entity_ids": list(entities), "features": list(features)}
        response = self._connection.request("POST", self._url, query, max_bytes=MAX_BYTES)
        by_id = self._object(response)
        rows = {entity: by_id[str(entity)] for entity in entities if by_id.get(str(entity)) is not None}
        if not all(isinstance(row, dict) for row in rows.values()):
            raise FeaturesInvalid(reason="the endpoint's response has an entity that is no object")
        return Fetched(
            {entity: {name: row.get(name) for name in features} for entity, row in rows.items()}, response.attempts
        )
