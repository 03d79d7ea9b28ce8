"""Whether the service can do its work, and if not why: a fixed list of reason codes that give nothing away.

Names, paths and values go to telemetry.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from shared import features, model, settings, telemetry
from shared.auth import users
from shared.problems import FeaturesUnavailable, Problem, SettingInvalid, UsersUnavailable

type Reason = Literal[
    "model-missing", "model-integrity", "model-version", "setting-invalid", "users-unreachable", "features-unreachable"
]
DEGRADING = ("users-unreachable", "features-unreachable")  # predictions that need no store go on
REMEMBERED_SECONDS = 5.0

_log = telemetry.get_logger("health")


class Health(Struct, frozen=True, omit_defaults=True):
    """`ready` and `degraded` take traffic, `unready` does not."""

    status: Literal["live", "ready", "degraded", "unready"]
    reasons: tuple[Reason, ...] = ()


type Check = Callable[[], Awaitable[Sequence[Reason]]]


async def _settings() -> Sequence[Reason]:
    faults = settings.current().faults
    for name, fault in faults.items():
        _log.error("app setting %s %s", name, fault)
    return ["setting-invalid"] if faults else []


async def _model() -> Sequence[Reason]:
    try:
        await model.served.get()
    except Problem as problem:
        return [problem.slug]  # type: ignore[list-item]  # the slugs of ModelUnavailable are reasons
    return []


async def _users() -> Sequence[Reason]:
    try:
        await users.reach()
    except UsersUnavailable as problem:
        _log.warning("the users are unreachable: %s", problem.reason)
        return ["users-unreachable"]
    except SettingInvalid:
        return []  # told by `_settings`
    return []


async def _features() -> Sequence[Reason]:
    if settings.current().features_source == "none":
        return []
    try:
        await features.current().ping()
    except FeaturesUnavailable as problem:
        _log.warning("the feature store is unreachable: %s", problem.reason)
        return ["features-unreachable"]
    except SettingInvalid:
        return []  # told by `_settings`
    return []


CHECKS: tuple[Check, ...] = (_settings, _model, _users, _features)
_last: tuple[float, Health] | None = None


async def ready() -> Health:
    """The service's state, at most 5 s old. Loads the model when nobody did yet."""
    global _last  # noqa: PLW0603
    if _last is None or time.monotonic() - _last[0] > REMEMBERED_SECONDS:
        reasons = tuple([reason for check in CHECKS for reason in await check()])
        bad = any(reason not in DEGRADING for reason in reasons)
        _last = time.monotonic(), Health("unready" if bad else "degraded" if reasons else "ready", reasons)
    return _last[1]


def live() -> Health:
    """The process is up."""
    return Health("live")


def answer(health: Health) -> tuple[bytes, int]:
    """Body and HTTP status: probes read the status."""
    return msgspec.json.encode(health), 503 if health.status == "unready" else 200
