"""Readiness of the service, with reason codes that reveal no names or paths; and the facts of the `started` event.

Names, paths and values go to telemetry.
"""

import json
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import msgspec
from cachetools import TTLCache
from msgspec import Struct

from shared import telemetry
from shared.api.routes import Response
from shared.auth import Auth
from shared.features import Features
from shared.model.loader import LazyModel
from shared.model.manifest import Manifest, Number
from shared.model.manifest_file import ManifestFile
from shared.problems import FeaturesUnavailable, Problem, SettingInvalid, UsersUnavailable
from shared.settings import Settings

type Status = Literal["live", "ready", "degraded", "unready"]
type Reason = Literal[
    "model-missing", "model-integrity", "model-version", "setting-invalid", "users-unreachable", "features-unreachable"
]
DEGRADING = ("users-unreachable", "features-unreachable")  # predictions that need no store go on
CACHE_SECONDS = 5.0
MAX_FEATURES = 50  # with two properties each; Application Insights takes 200 in one event

_log = telemetry.get_logger("health")


class Health(Struct, frozen=True, omit_defaults=True):
    """`ready` and `degraded` take traffic, `unready` does not."""

    status: Status
    reasons: tuple[Reason, ...] = ()
    build: str = ""
    """The deployed build, and the loaded model's version: which deployment responds."""
    model_version: str = ""


class HealthChecks:
    """Checks of settings, model and stores."""

    def __init__(
        self,
        settings: Settings,
        model: LazyModel,
        auth: Auth,
        features: Features,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._model = model
        self._auth = auth
        self._features = features
        self._cache: TTLCache[str, Health] = TTLCache(1, CACHE_SECONDS, now)

    def live(self) -> Response:
        """Respond that the process is up."""
        return _response(Health("live"))

    async def ready(self) -> Response:
        """Respond with the service's state, at most 5 s old. Loads the model, if no request did so before."""
        health = self._cache.get("ready")
        if health is None:
            health = self._cache["ready"] = await self._check()
        return _response(health)

    async def _check(self) -> Health:
        checks = (
            self._settings_reason(),
            await self._model_reason(),
            await self._users(),
            await self._features_reason(),
        )
        reasons = tuple(reason for reason in checks if reason)
        unready = any(reason not in DEGRADING for reason in reasons)
        status: Status = "unready" if unready else "degraded" if reasons else "ready"
        version = self._model.loaded.manifest.version if self._model.loaded else ""
        return Health(status, reasons, self._settings.build_id, version)

    def _settings_reason(self) -> Reason | None:
        for name, error in self._settings.errors.items():
            _log.error("app setting %s %s", name, error)
        return "setting-invalid" if self._settings.errors else None

    async def _model_reason(self) -> Reason | None:
        try:
            await self._model.get()
        except Problem as problem:
            return problem.slug  # type: ignore[return-value]  # the slugs of ModelUnavailable are reasons
        return None

    async def _users(self) -> Reason | None:
        try:
            await self._auth.users.ping()
        except UsersUnavailable as problem:
            _log.warning("users table unreachable: %s", problem.reason)
            return "users-unreachable"
        except SettingInvalid:
            pass  # reported as setting-invalid
        return None

    async def _features_reason(self) -> Reason | None:
        if not self._settings.has_feature_store:
            return None
        try:
            await self._features.ping()
        except FeaturesUnavailable as problem:
            _log.warning("feature store unreachable: %s", problem.reason)
            return "features-unreachable"
        except SettingInvalid:
            pass  # reported as setting-invalid
        return None


def _response(health: Health) -> Response:
    """Return body and status: probes read the status."""
    return Response(msgspec.json.encode(health), 503 if health.status == "unready" else 200)


def started(settings: Settings, file: ManifestFile) -> Mapping[str, str]:
    """Return the properties of the `started` event: versions, settings, and statistics of the training data.

    With them the dashboards show what changed, and compare predictions with the training data. Takes milliseconds: not
    for the event loop.
    """
    return {
        "build": settings.build_id,
        "python": platform.python_version(),
        **_libraries(),
        "settings_hash": settings.fingerprint(),
        **_model_facts(file),
        **_challenger_facts(settings),
    }


def _libraries() -> Mapping[str, str]:
    """Return the versions of the runtimes that are installed: a package has only those that its model needs."""
    versions = {}
    for name in ("numpy", "onnxruntime", "scikit-learn"):
        with suppress(PackageNotFoundError):
            versions[name.replace("-", "_")] = version(name)
    return versions


def _model_facts(file: ManifestFile) -> Mapping[str, str]:
    """Return the manifest's facts; none when it cannot be read, which `/health/ready` reports."""
    try:
        manifest = file.manifest
    except Problem:
        return {}
    facts = {"model_name": manifest.name, "model_version": manifest.version, "model_kind": manifest.kind}
    return {**facts, "model_runtime": manifest.artifact.runtime, **dict(_statistics(manifest))}


def _challenger_facts(settings: Settings) -> Mapping[str, str]:
    """Return the challenger's version, or the error why there is none; none of both without one in the settings."""
    if settings.challenger_errors:
        return {"challenger_error": "; ".join(f"{name} {error}" for name, error in settings.challenger_errors.items())}
    if not settings.has_challenger:
        return {}
    try:
        manifest = ManifestFile(settings, settings.challenger_manifest).manifest
    except Problem as problem:
        return {"challenger_error": problem.reason}
    return {"challenger_version": manifest.version, "challenger_share": str(settings.challenger_share)}


def _statistics(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield a property per feature: one for all could be longer than a property may be. At most 50 features."""
    statistics = manifest.statistics
    for feature in manifest.features[:MAX_FEATURES]:
        if isinstance(feature, Number):
            yield f"range_{feature.name}", _json(feature.range)
        if quantiles := statistics.quantiles.get(feature.name) or statistics.lengths.get(feature.name):
            yield f"quantiles_{feature.name}", _json(quantiles)
        if feature.name in statistics.shares:
            yield f"shares_{feature.name}", _json(statistics.shares[feature.name])
    if statistics.prediction_quantiles:
        yield "prediction_quantiles", _json(statistics.prediction_quantiles)
    if statistics.prediction_shares:
        yield "prediction_shares", _json(statistics.prediction_shares)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
