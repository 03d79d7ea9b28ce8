"""Rows completed: features that a client did not send, pulled from a store by the entity's id.

One pull is bounded in time, retries included; a breaker keeps everybody from waiting for a store that is down. What
the client sent counts; only what is missing is filled in.
"""

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from cachetools import TTLCache
from msgspec import UNSET, Struct

from shared import settings, telemetry
from shared.faults import pointer
from shared.features.breaker import Breaker
from shared.features.source import Entity, Fetched, Rows, Source
from shared.manifest import Feature, Number
from shared.problems import BadField, FeaturesInvalid, FeaturesUnavailable, InvalidInstances, Problem
from shared.schemas import ENTITY_ID, Contract, attribute

MOST_REMEMBERED = 100_000  # entities


class Features:
    """A source with its breaker, time limit and cache."""

    def __init__(self, source: Source, timeout_seconds: float, cache_seconds: float = 0.0) -> None:
        self._source = source
        self._timeout = timeout_seconds
        self._breaker = Breaker()
        self._remembered: TTLCache[Entity, Mapping[str, Any]] | None = None
        if cache_seconds > 0:
            self._remembered = TTLCache(MOST_REMEMBERED, cache_seconds, time.monotonic)

    async def ping(self) -> None:
        """Whether the store answers. Raises FeaturesUnavailable."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._source.ping()
        except TimeoutError:
            raise FeaturesUnavailable(reason=f"no answer in {self._timeout:g} s") from None

    async def pull(self, entities: Sequence[Entity], features: Sequence[str]) -> Rows:
        """What the store knows of `entities`, each asked for once. Raises FeaturesUnavailable or FeaturesInvalid."""
        known = {each: self._remembered[each] for each in entities if self._remembered and each in self._remembered}
        wanted = [each for each in dict.fromkeys(entities) if each not in known]
        with telemetry.span("features.fetch", self._source.kind, self._source.target) as span:
            span.properties.update(entities=len(set(entities)), cache_hits=len(known), outcome="ok")
            try:
                parts = await self._asked(wanted, features) if wanted else []
            except Problem as problem:
                span.properties["outcome"] = problem.slug
                raise
            found = {entity: row for part in parts for entity, row in part.rows.items()}
            attempts = max((part.attempts for part in parts), default=0)
            span.properties.update(missing=len(wanted) - len(found), attempts=attempts)
        if self._remembered is not None:
            self._remembered.update(found)
        return {**known, **found}

    async def _asked(self, entities: Sequence[Entity], features: Sequence[str]) -> Sequence[Fetched]:
        with self._breaker.call():
            try:
                async with asyncio.timeout(self._timeout):
                    batches = self._source.batches(entities)
                    return await asyncio.gather(*(self._source.fetch(batch, features) for batch in batches))
            except TimeoutError:
                raise FeaturesUnavailable(reason=f"no answer in {self._timeout:g} s") from None


async def complete(contract: Contract, instances: Sequence[Struct]) -> None:
    """Fill in what `instances` lack and name an entity for. Raises InvalidInstances or what a pull raises."""
    lacking = [(i, each) for i, each in enumerate(instances) if _lacks(contract, each)]
    if not lacking:
        return
    stored = [feature.name for feature in contract.manifest.features if feature.stored]
    telemetry.bind(feature_source=settings.current().features_source)
    with telemetry.step("features"):
        rows = await current().pull([each.entity_id for _, each in lacking], stored)  # type: ignore[attr-defined]
        bad = [field for i, each in lacking for field in _filled(contract.manifest.features, rows, i, each)]
    if bad:
        raise InvalidInstances("The feature store does not have what the model needs", fields=bad)


def _lacks(contract: Contract, instance: Struct) -> bool:
    """Whether the store is to be asked for an instance: it names an entity and lacks a feature that may be stored."""
    if instance.entity_id is UNSET:  # type: ignore[attr-defined]
        return False
    return any(
        feature.stored and getattr(instance, attribute(i)) is UNSET
        for i, feature in enumerate(contract.manifest.features)
    )


def _filled(features: Sequence[Feature], rows: Rows, position: int, instance: Struct) -> list[BadField]:
    """What an instance still lacks once the store's row is put in."""
    entity: Entity = instance.entity_id  # type: ignore[attr-defined]
    row = rows.get(entity)
    if row is None:
        return [BadField(pointer("instances", position, ENTITY_ID), "is not an entity that the feature store knows")]
    bad = []
    for i, feature in enumerate(features):
        if not feature.stored or getattr(instance, attribute(i)) is not UNSET:
            continue
        value = _checked(feature, row.get(feature.name))
        if value is None and not feature.optional:
            bad.append(
                BadField(pointer("instances", position, feature.name), "is missing here and in the feature store")
            )
        setattr(instance, attribute(i), value)
    return bad


def _checked(feature: Feature, value: Any) -> Any:
    """A stored value as the model takes it. Raises FeaturesInvalid: no prediction comes from garbage."""
    if value is None:
        return None
    if not isinstance(feature, Number):
        if value in feature.values:
            return value
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise FeaturesInvalid(reason=f"the stored value of {feature.name} is of a wrong type or not finite")


def source(told: settings.Settings) -> Source:
    """The source that the settings name. Its libraries are imported here, when there is one."""
    seconds = told.features_timeout_ms / 1000
    if told.features_source == "feast":
        from shared.features.feast import Feast  # noqa: PLC0415 - only where there is one

        return Feast(told.features_url, told.features_authorization, seconds)
    from shared.features.table import Table  # noqa: PLC0415 - likewise

    return Table(told.features_table)


@cache
def current() -> Features:
    """The process's features. Raises SettingInvalid."""
    told = settings.current().require("features", "storage")
    return Features(source(told), told.features_timeout_ms / 1000, told.features_cache_seconds)
