"""A challenger beside the champion: it scores answered requests after their responses, and only telemetry shows it.

The champion alone answers. A challenger that is missing, corrupt, slow or wrong changes nothing for callers and
nothing in `/health/ready`. It runs in one thread of the lowest priority with a bounded queue; what does not fit is
dropped and counted.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import Context
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

from msgspec import Struct

from shared import telemetry
from shared.challenger import differences
from shared.challenger.contender import LazyContender, detail
from shared.challenger.dropped import Dropped
from shared.cooldown import Cooldown
from shared.features import Features
from shared.features.source import EntitiesRefused, Entity
from shared.features.source import Rows as Stored
from shared.model.manifest import Manifest
from shared.model.manifest_file import ManifestFile
from shared.settings import Settings
from shared.telemetry.events import Property, Sink
from shared.threads import Background, Threads

COMPLAINT_SECONDS = 60.0  # between two log lines about failed scores: each has an item of its own
FEATURES_OF_A_ROW = 20  # a row of more features counts as several in the queue

_log = telemetry.get_logger("challenger")


class Answered(NamedTuple):
    """A request that the champion answered."""

    manifest: Manifest
    """The champion's."""
    instances: Sequence[Struct]
    """Completed with stored features."""
    predictions: Sequence[Any]


class Challenger:
    """The second model of a service, and its queue. Without one in the settings it does nothing."""

    def __init__(
        self,
        settings: Settings,
        background: Background,
        sink: Sink,
        features: Features | None = None,
        choose: Callable[[], float] = random.random,
    ) -> None:
        """Without `features`, they are those of the settings. `choose` returns a number from 0 to 1."""
        self._errors = settings.challenger_errors
        self._share = settings.challenger_share if settings.has_challenger else 0.0
        self._contender = LazyContender(ManifestFile(settings, settings.challenger_manifest))
        self._stores = Threads()  # with a breaker and threads of their own, so that its pulls cost requests none
        self._features = features or Features.from_settings(settings, self._stores)
        self._background = background
        self._dropped = Dropped(sink.event)
        self._complaint = Cooldown(COMPLAINT_SECONDS)
        self._choose = choose

    def start(self) -> None:
        """Log wrong settings, and load the model in the background."""
        for name, error in self._errors.items():
            _log.error("app setting %s %s: there is no challenger", name, error)
        if self._share:
            self._background.offer(self._preload)

    def offer(self, champion: Manifest, instances: Sequence[Struct], predictions: Sequence[Any]) -> None:
        """Queue an answered request, if it is in the share, and return at once."""
        if not self._share or self._choose() >= self._share:
            return
        answered = Answered(champion, instances, predictions)
        size = len(instances) * (1 + len(champion.features) // FEATURES_OF_A_ROW)
        if not self._background.offer(partial(self._score, answered), size):
            self._dropped.count(len(instances))

    def close(self) -> None:
        """Report what was dropped. What is queued is lost."""
        self._background.close()
        self._stores.close()
        self._dropped.report()

    def _preload(self) -> None:
        with suppress(BaseException):  # it is in the log
            self._contender.load()

    def _score(self, answered: Answered) -> None:
        """Score a request, and send its item."""
        invocation = telemetry.current()
        with telemetry.span(invocation.name if invocation else "", "challenger", answered.manifest.name) as item:
            item.properties.update(champion_version=answered.manifest.version, challenger_version="")
            item.properties.update(instances=len(answered.instances), compared=0)
            try:
                self._compare(answered, item)
            except BaseException as error:  # whatever it is, it concerns nobody but the challenger
                item.success = False
                item.properties["reason"] = getattr(error, "slug", type(error).__name__)
                self._complain(error)
        self._dropped.report_sometimes()

    def _compare(self, answered: Answered, item: telemetry.Span) -> None:
        """Put the challenger's version, time and differences into the item."""
        model, translation = self._contender.beside(answered.manifest)
        item.properties["challenger_version"] = model.manifest.version
        positions, rows = translation.rows(answered.instances, self._pull)
        if not rows:
            return
        started = perf_counter()
        try:
            scored = model.predict(rows).predictions
        finally:
            item.duration_ms = (perf_counter() - started) * 1000
        found = _differences(model.manifest, [answered.predictions[i] for i in positions], scored)
        item.properties.update(compared=len(rows), **found)

    def _pull(self, entities: Sequence[Entity], features: Sequence[str]) -> Stored:
        """Pull stored values outside the invocation: dashboards show the calls that requests wait for."""
        return Context().run(asyncio.run, _pulled(self._features, entities, features))

    def _complain(self, error: BaseException) -> None:
        """Log a failure, with its stack where it is no known problem; a minute later at the earliest the next one."""
        if self._complaint.active:
            return
        self._complaint.start()
        stack = None if hasattr(error, "slug") else error
        _log.warning("challenger failed: %s", detail(error), exc_info=stack)


async def _pulled(features: Features, entities: Sequence[Entity], names: Sequence[str]) -> Stored:
    """Pull the entities that the store does not refuse."""
    try:
        return await features.pull(entities, names)
    except EntitiesRefused as refusal:
        refused = set(refusal.entities)
        return await features.pull([entity for entity in entities if entity not in refused], names)


def _differences(manifest: Manifest, champion: Sequence[Any], challenger: Sequence[Any]) -> Mapping[str, Property]:
    compare = differences.of_numbers if manifest.kind == "regressor" else differences.of_labels
    return compare(champion, challenger)
