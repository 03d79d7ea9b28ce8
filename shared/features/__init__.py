"""Completion of rows: features that a client did not send come from a store, by the entity's id.

One pull has a time limit, retries included; a breaker keeps requests from waiting for a store that is down. Values that
the client sent are never replaced.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from cachetools import TTLCache
from msgspec import UNSET, Struct

from shared import tables, telemetry
from shared.features.breaker import Breaker
from shared.features.source import EntitiesRefused, Entity, Fetched, QueryRefused, Rows, Source
from shared.model.manifest import Feature, Manifest
from shared.model.schemas import ENTITY_ID, attribute, entity_of
from shared.model.values import as_numbers, convert, former_booleans
from shared.problems import BadField, FeaturesInvalid, FeaturesUnavailable, InvalidInstances, Problem, Reason, pointer
from shared.settings import Settings
from shared.threads import Threads

MAX_CACHED = 100_000  # entities


class Features:
    """A source with breaker, time limit and cache. The source is opened when it is first used."""

    def __init__(
        self,
        name: str,
        open_source: Callable[[], Source],
        timeout_seconds: float,
        cache_seconds: float = 0.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`name` is the property `feature_source` in telemetry. `open_source` may raise SettingInvalid."""
        self._name = name
        self._open_source = open_source
        self._timeout = timeout_seconds
        self._breaker = Breaker(now)
        self._cache: TTLCache[Entity, Mapping[str, Any]] | None = None
        if cache_seconds > 0:
            self._cache = TTLCache(MAX_CACHED, cache_seconds, now)

    @classmethod
    def from_settings(cls, settings: Settings, threads: Threads) -> "Features":
        """Return the features of the source in the settings."""
        open_source = partial(_open_source, settings, threads)
        seconds = settings.features_timeout_ms / 1000
        return cls(settings.features_source, open_source, seconds, settings.features_cache_seconds)

    @cached_property
    def _source(self) -> Source:
        return self._open_source()

    async def ping(self) -> None:
        """Return when the store responds. Raises FeaturesUnavailable or SettingInvalid."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._source.ping()
        except TimeoutError:
            raise FeaturesUnavailable(reason=f"no response in {self._timeout:g} s") from None

    async def complete(self, manifest: Manifest, instances: Sequence[Struct]) -> None:
        """Fill in the missing features of instances with an entity. Raises InvalidInstances, or the error of a pull."""
        incomplete = [(i, instance) for i, instance in enumerate(instances) if _needs_store(manifest, instance)]
        if not incomplete:
            return
        stored = [feature.name for feature in manifest.features if feature.stored]
        telemetry.bind(feature_source=self._name)
        with telemetry.step("features"):
            try:
                rows = await self.pull([entity_of(instance) for _, instance in incomplete], stored)
            except EntitiesRefused as refusal:
                raise _invalid_ids(refusal, incomplete) from None
            if names := former_booleans(manifest):
                rows = {entity: as_numbers(row, names) for entity, row in rows.items()}
            _check(manifest.features, rows, incomplete)
            bad_fields = [bad for i, instance in incomplete for bad in _fill(manifest.features, rows, i, instance)]
        if bad_fields:
            raise InvalidInstances("The feature store does not have what the model needs", bad_fields=bad_fields)

    async def pull(self, entities: Sequence[Entity], features: Sequence[str]) -> Rows:
        """Return the stored features of `entities`. Raises FeaturesUnavailable, FeaturesInvalid or EntitiesRefused."""
        distinct = dict.fromkeys(entities)
        cached = self._cached(distinct)
        uncached = [entity for entity in distinct if entity not in cached]
        refusal = None
        with telemetry.span("features.fetch", self._source.kind, self._source.target) as span:
            span.properties.update(entities=len(distinct), cache_hits=len(cached), outcome="ok")
            try:
                rows = await self._fetch(span, uncached, features) if uncached else {}
            except Problem as problem:
                span.properties["outcome"] = problem.slug
                raise
            except EntitiesRefused as error:  # the call succeeded: dashboards count no error of the store
                span.properties.update(outcome=InvalidInstances.slug, refused=len(error.entities))
                refusal = error
        if refusal:
            raise refusal
        if self._cache is not None:
            self._cache.update(rows)
        return {**cached, **rows}

    def _cached(self, entities: Mapping[Entity, None]) -> dict[Entity, Mapping[str, Any]]:
        """Return the cached rows. With `get`: a row may expire between `in` and `[]`."""
        if self._cache is None:
            return {}
        rows = ((entity, self._cache.get(entity)) for entity in entities)
        return {entity: row for entity, row in rows if row is not None}

    async def _fetch(self, span: telemetry.Span, entities: Sequence[Entity], features: Sequence[str]) -> Rows:
        batches = self._source.batches(entities)
        try:
            with self._breaker.call():
                parts = await self._fetch_all(batches, features)
        except QueryRefused as refusal:  # the breaker does not count it: the store is up
            raise FeaturesUnavailable(reason=str(refusal)) from refusal
        rows = {entity: row for part in parts for entity, row in part.rows.items()}
        attempts = max((part.attempts for part in parts), default=0)
        span.properties.update(missing=len(entities) - len(rows), attempts=attempts)
        return rows

    async def _fetch_all(self, batches: Sequence[Sequence[Entity]], features: Sequence[str]) -> Sequence[Fetched]:
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.gather(*(self._source.fetch(batch, features) for batch in batches))
        except TimeoutError:
            raise FeaturesUnavailable(reason=f"no response in {self._timeout:g} s") from None


def _open_source(settings: Settings, threads: Threads) -> Source:
    """Open the source in the settings, and import its libraries. Raises SettingInvalid."""
    settings.require("features", "storage")
    seconds = settings.features_timeout_ms / 1000
    server = settings.features_url, settings.features_authorization, seconds, threads.features
    if settings.features_source == "feast":
        from shared.features.feast import FeastSource  # noqa: PLC0415 - only where there is one

        return FeastSource(*server)
    if settings.features_source == "http":
        from shared.features.endpoint import open_endpoint  # noqa: PLC0415 - likewise

        return open_endpoint(*server)
    from shared.features.table import TableSource  # noqa: PLC0415 - likewise

    return TableSource(tables.from_settings(settings, settings.features_table, FeaturesUnavailable, threads.tables))


def _needs_store(manifest: Manifest, instance: Struct) -> bool:
    """Return True when an instance has an entity and lacks a feature that may be stored."""
    if entity_of(instance) is UNSET:
        return False
    return any(
        feature.stored and getattr(instance, attribute(i)) is UNSET for i, feature in enumerate(manifest.features)
    )


def _invalid_ids(refusal: EntitiesRefused, instances: Sequence[tuple[int, Struct]]) -> InvalidInstances:
    """Return the problem that names the instances whose entity the store refused."""
    refused = set(refusal.entities)
    bad_fields = [
        BadField(pointer("instances", i, ENTITY_ID), refusal.detail, Reason.UNKNOWN_ENTITY)
        for i, instance in instances
        if entity_of(instance) in refused
    ]
    return InvalidInstances("The feature store cannot look up some entities", bad_fields=bad_fields)


def _check(features: Sequence[Feature], rows: Rows, instances: Sequence[tuple[int, Struct]]) -> None:
    """Raise FeaturesInvalid for stored values that are none of their feature: no prediction is made from garbage."""
    detail = "has a wrong type in the feature store, or is not finite"
    bad_fields = [
        BadField(pointer("instances", i, feature.name), detail, Reason.STORED_WRONG, feature.name)
        for i, instance in instances
        for position, feature in enumerate(features)
        if (value := _stored(rows, instance, position, feature)) is not None and convert(feature, value) is None
    ]
    if bad_fields:
        names = ", ".join(sorted({bad.feature for bad in bad_fields}))
        raise FeaturesInvalid(
            "Stored values do not fit the model", bad_fields=bad_fields, reason=f"wrong stored values of {names}"
        )


def _stored(rows: Rows, instance: Struct, position: int, feature: Feature) -> Any:
    """Return the stored value of a feature that the instance lacks; None where there is none."""
    if not feature.stored or getattr(instance, attribute(position)) is not UNSET:
        return None
    return rows.get(entity_of(instance), {}).get(feature.name)


def _fill(features: Sequence[Feature], rows: Rows, position: int, instance: Struct) -> list[BadField]:
    """Put the stored row into an instance. Returns the features that are still missing."""
    row = rows.get(entity_of(instance))
    if row is None:
        detail = "is not an entity that the feature store knows"
        return [BadField(pointer("instances", position, ENTITY_ID), detail, Reason.UNKNOWN_ENTITY)]
    bad_fields = []
    for i, feature in enumerate(features):
        if not feature.stored or getattr(instance, attribute(i)) is not UNSET:
            continue
        stored = row.get(feature.name)
        if stored is None and not feature.optional:
            place, detail = pointer("instances", position, feature.name), "is missing here and in the feature store"
            bad_fields.append(BadField(place, detail, Reason.MISSING, feature.name))
        setattr(instance, attribute(i), None if stored is None else convert(feature, stored))
    return bad_fields
