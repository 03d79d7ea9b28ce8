"""Telemetry for the alerts: for each the fault that it is for, at its threshold and just below."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from tests.telemetry_samples import (
    NOON,
    Item,
    after,
    challenged,
    fetch,
    invocation,
    request,
    send,
    several,
    stored,
)
from tools.insights.store import Store

FAILED: Mapping[str, Any] = {"status": 500, "outcome": "internal"}
WRONG: Mapping[str, Any] = {"status": 401, "outcome": "invalid-grant", "user": ""}
REFUSED: Mapping[str, Any] = {"status": 401, "outcome": "unauthorized", "user": ""}


AT = after(0.001)
"""The moment of the faults; the host's rows are half a millisecond earlier."""


def with_requests(invocations: Sequence[Any]) -> list[Item]:
    """Return invocations with the host's items."""
    return [*invocations, *(request(invocation) for invocation in invocations)]


def at_once(count: int, function: str = "predict", **members: Any) -> list[Item]:
    """Return invocations of the same moment, with the host's items."""
    return with_requests(several(count, function, every=0.0, **{"at": AT, **members}))


def failures(failed: int, others: int) -> list[Item]:
    return [*at_once(failed, **FAILED), *at_once(others)]


def pulls(failed: int, others: int) -> list[Item]:
    parents = several(failed + others, every=0.0, at=AT)
    return [
        *with_requests(parents),
        *(fetch(parent, success=i >= failed, after_ms=0) for i, parent in enumerate(parents)),
    ]


def scores(failed: int, others: int) -> list[Item]:
    parents = several(failed + others, every=0.0, at=AT)
    reasons: list[dict[str, str]] = [{"reason": "KeyError"}] * failed + [{}] * others
    items = [challenged(parent, after_ms=0, **reason) for parent, reason in zip(parents, reasons, strict=True)]
    return [*with_requests(parents), *items]


def lost(alone: int, others: int) -> list[Item]:
    """Return requests of which some have no wide event, and one five minutes later: the newest are not compared."""
    return [*(request(one) for one in several(alone, every=0.0, at=AT)), *at_once(others), *at_once(1, at=after(301))]


def wrong_logins(count: int) -> list[Item]:
    return at_once(count, "token", login="abi", network="192.0.2.0/24", **WRONG)


FAULTS: Mapping[str, tuple[list[Item], list[Item]]] = {
    "challenger-failures": (scores(1, 19), scores(1, 20)),  # 5 %
    "feature-errors": (pulls(2, 18), pulls(2, 19)),  # 10 %
    "login-failures": (wrong_logins(30), wrong_logins(29)),
    "lost-telemetry": (lost(1, 19), lost(1, 20)),  # 5 %
    "model-failures": (failures(1, 19), failures(1, 20)),  # 5 %
    "no-success": (failures(10, 0), failures(10, 1)),
    "slow-predictions": (at_once(20, total_ms=500.0), at_once(20, total_ms=499.9)),
}
"""Alert → telemetry of one moment, just after noon, that just fires, and that just does not."""

FEW: Mapping[str, list[Item]] = {
    "challenger-failures": scores(19, 0),
    "feature-errors": pulls(19, 0),
    "lost-telemetry": lost(18, 1),
    "model-failures": failures(19, 0),
    "no-success": failures(9, 0),
    "slow-predictions": at_once(19, total_ms=900.0),
}
"""Alert → its fault in one sample too few."""


def sound_store() -> Store:
    """Return a sound day in a store. Ingestion takes so many items at once."""
    store = stored()
    for batch in batched(sound_day(), 5_000, strict=False):
        send(store, batch)
    return store


def sound_day(each: timedelta = timedelta(seconds=10)) -> list[Item]:
    """Return a day of a sound service, with all that happens there: a few failures, refusals, wrong passwords, and at
    13:00 a stranger with 200 requests without a token."""
    count = int(timedelta(days=1) / each)
    return [
        *(item for i in range(count) for item in usual(i, NOON + i * each)),
        *with_requests(several(200, every=0.5, at=after(3_600), **REFUSED)),
    ]


def usual(i: int, at: datetime) -> list[Item]:
    """Return the items of the i-th ten seconds."""
    kinds: Sequence[tuple[int, Callable[[], list[Item]]]] = (
        (150, lambda: with_requests([invocation(at=at, status=503, outcome="features-unavailable")])),
        (100, lambda: with_requests([invocation(at=at, total_ms=900.0)])),
        (25, lambda: with_requests([invocation("token", at=at, login="ben", network="198.51.100.0/24", **WRONG)])),
        (20, lambda: with_requests([invocation(at=at, status=422, outcome="invalid-instances")])),
        (5, lambda: with_requests([invocation("token", at=at, login="abi", network="192.0.2.0/24")])),
        (3, lambda: with_requests([invocation("health_ready", at=at, user="")])),
        (1, lambda: prediction(at, pulled=i % 60 != 4)),
    )
    return next(make() for every, make in kinds if i % every == 0)


def prediction(at: datetime, *, pulled: bool) -> list[Item]:
    """Return a prediction with features from the store, which may have failed once, and the challenger's score."""
    one = invocation(at=at)
    return [*with_requests([one]), fetch(one, success=pulled), challenged(one)]
