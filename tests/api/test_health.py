"""Readiness: a fixed list of reasons that reveal nothing; and the facts of the `started` event."""

import json
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from shared.api import health
from shared.api.health import HealthChecks, started
from shared.api.routes import Response
from shared.auth import Auth
from shared.features import Features
from shared.model.loader import LazyModel, Model
from shared.model.manifest_file import ManifestFile
from shared.problems import FeaturesUnavailable, ModelCorrupt, ModelUnavailable, ModelVersionMismatch, Problem
from shared.settings import Settings
from shared.threads import Threads
from tests.clock import Clock
from tests.conftest import NO_STORE
from tests.features.store import Store
from tests.loop import run
from tests.models import lazy_model

type Build = Callable[..., HealthChecks]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def build(environ: Mapping[str, str], threads: Threads, clock: Clock) -> Build:
    """Build checks for a service with these app settings; without others everything works."""

    def built(model: LazyModel | None = None, features: Features | None = None, **values: str) -> HealthChecks:
        settings = Settings.read({**environ, **values})
        lazy = model or lazy_model(threads.general)
        stored = features or Features.from_settings(settings, threads)
        return HealthChecks(settings, lazy, Auth(settings, threads), stored, clock)

    return built


def decoded(response: Response) -> tuple[dict[str, Any], int]:
    return json.loads(response.body), response.status


def ready(checks: HealthChecks) -> tuple[dict[str, Any], int]:
    """Return the state and its reasons, and the status of the response."""
    body, status = decoded(run(checks.ready()))
    return {name: body[name] for name in ("status", "reasons") if name in body}, status


def test_live_needs_no_check(build: Build) -> None:
    assert decoded(build(TOKEN_KEY="short").live()) == ({"status": "live"}, 200)


def test_with_valid_settings_and_a_model_the_service_is_ready(build: Build) -> None:
    assert ready(build()) == ({"status": "ready"}, 200)


def test_a_smoke_test_can_tell_which_deployment_responds(build: Build) -> None:
    body, _ = decoded(run(build(BUILD_ID="b42").ready()))
    assert (body["build"], body["model_version"]) == ("b42", "1")


def test_without_a_model_the_build_alone_is_named(build: Build, threads: Threads) -> None:
    def fail() -> Model:
        raise ModelUnavailable(reason="gone")

    body, _ = decoded(run(build(LazyModel(fail, threads.general), BUILD_ID="b42").ready()))
    assert body == {"status": "unready", "reasons": ["model-missing"], "build": "b42"}


def test_a_bad_setting_makes_it_unready_without_naming_it(build: Build) -> None:
    assert ready(build(TOKEN_KEY="short")) == ({"status": "unready", "reasons": ["setting-invalid"]}, 503)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (ModelUnavailable(reason="/srv/m.joblib"), "model-missing"),
        (ModelCorrupt(reason="/srv/m.joblib"), "model-integrity"),
        (ModelVersionMismatch(reason="1.8"), "model-version"),
    ],
)
def test_a_model_that_cannot_be_served_makes_it_unready(
    build: Build, threads: Threads, problem: Problem, reason: str
) -> None:
    def fail() -> Model:
        raise problem

    checks = build(LazyModel(fail, threads.general))
    assert ready(checks) == ({"status": "unready", "reasons": [reason]}, 503)


def test_an_unreachable_users_table_only_degrades_so_that_no_probe_removes_the_instance(build: Build) -> None:
    checks = build(USERS_TABLE="users", STORAGE_CONNECTION=NO_STORE)
    assert ready(checks) == ({"status": "degraded", "reasons": ["users-unreachable"]}, 200)


def test_a_users_table_without_an_account_is_an_invalid_setting_and_nothing_else(build: Build) -> None:
    assert ready(build(USERS_TABLE="users")) == ({"status": "unready", "reasons": ["setting-invalid"]}, 503)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (FeaturesUnavailable(reason="down"), {"status": "degraded", "reasons": ["features-unreachable"]}),
        (None, {"status": "ready"}),
    ],
)
def test_an_unreachable_feature_store_degrades_the_service(
    build: Build, error: FeaturesUnavailable | None, status: dict[str, Any]
) -> None:
    store = Store()
    store.error = error
    checks = build(features=Features("feast", lambda: store, 1.0), FEATURES_SOURCE="feast", FEATURES_URL="http://x")
    assert ready(checks) == (status, 200)


def test_two_reasons_are_both_listed(build: Build) -> None:
    reasons = ready(build(TOKEN_KEY="short", USERS_TABLE="users", STORAGE_CONNECTION=NO_STORE))[0]["reasons"]
    assert reasons == ["setting-invalid", "users-unreachable"]


def test_the_state_is_cached_for_five_seconds(build: Build, clock: Clock) -> None:
    store = Store()
    checks = build(features=Features("feast", lambda: store, 1.0), FEATURES_SOURCE="feast", FEATURES_URL="http://x")
    assert ready(checks)[0]["status"] == "ready"
    store.error = FeaturesUnavailable()
    clock.time += health.CACHE_SECONDS - 0.1
    assert ready(checks)[0]["status"] == "ready"
    clock.time += 0.1
    assert ready(checks)[0]["status"] == "degraded"


MANIFEST = {
    "name": "houses",
    "version": "7",
    "kind": "classifier",
    "features": [
        {"kind": "number", "name": "area", "range": [20, 400]},
        {"kind": "category", "name": "heating", "values": ["gas", "none"]},
    ],
    "output": {"name": "price", "classes": ["low", "high"]},
    "artifact": {"file": "m.joblib", "sha256": "0" * 64, "estimator": "Tree", "scikit_learn": "1.9.1"},
    "training": {"data": "houses.csv", "rows": 100},
    "statistics": {
        "quantiles": {"area": [20, 30, 60, 90, 120, 250, 400]},
        "shares": {"heating": {"gas": 0.75, "none": 0.25}},
        "prediction_quantiles": [1, 2, 3, 4, 5, 6, 7],
    },
    "examples": [{"instance": {"area": 90, "heating": "gas"}, "prediction": "low"}],
}


@pytest.fixture
def facts(tmp_path: Path) -> Callable[..., Mapping[str, str]]:
    """Return the facts of a service with the manifest above and these app settings."""
    path = tmp_path / "m.json"
    path.write_text(json.dumps(MANIFEST), encoding="utf-8")

    def of_settings(**values: str) -> Mapping[str, str]:
        settings = Settings.read({"MODEL_MANIFEST": str(path), **values})
        return started(settings, ManifestFile(settings))

    return of_settings


def test_the_started_event_has_versions_and_the_build(facts: Callable[..., Mapping[str, str]]) -> None:
    event = facts(BUILD_ID="b42")
    assert event["build"] == "b42"
    assert event["python"].startswith("3.13")
    assert all(event[name].count(".") >= 1 for name in ("numpy", "onnxruntime", "scikit_learn"))


def test_the_started_event_has_only_the_libraries_that_the_package_has(
    facts: Callable[..., Mapping[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        if name == "numpy":
            return "2.5.0"
        raise PackageNotFoundError(name)

    monkeypatch.setattr(health, "version", version)
    assert {"numpy", "onnxruntime", "scikit_learn"} & set(facts()) == {"numpy"}


def test_the_started_event_has_the_training_data_s_statistics(facts: Callable[..., Mapping[str, str]]) -> None:
    event = facts()
    assert (event["model_name"], event["model_version"], event["model_kind"]) == ("houses", "7", "classifier")
    assert json.loads(event["range_area"]) == [20, 400]
    assert json.loads(event["quantiles_area"]) == [20, 30, 60, 90, 120, 250, 400]
    assert json.loads(event["shares_heating"]) == {"gas": 0.75, "none": 0.25}
    assert json.loads(event["prediction_quantiles"]) == [1, 2, 3, 4, 5, 6, 7]
    assert "prediction_shares" not in event


def test_the_started_event_has_the_statistics_of_at_most_50_features(tmp_path: Path) -> None:
    names = [f"x{i}" for i in range(60)]
    features = [{"kind": "number", "name": name, "range": [0, 1]} for name in names]
    quantiles = {name: [0, 0, 0, 0.5, 1, 1, 1] for name in names}
    example = {"instance": dict.fromkeys(names, 0.5), "prediction": "low"}
    wide = {**MANIFEST, "features": features, "statistics": {"quantiles": quantiles}, "examples": [example]}
    (tmp_path / "m.json").write_text(json.dumps(wide), encoding="utf-8")
    settings = Settings.read({"MODEL_MANIFEST": str(tmp_path / "m.json")})

    event = started(settings, ManifestFile(settings))

    assert {"range_x49", "quantiles_x49"} <= set(event)
    assert not {"range_x50", "quantiles_x50"} & set(event)


def test_the_started_event_has_the_lengths_of_free_text_and_the_shares_of_booleans(tmp_path: Path) -> None:
    features = [{"kind": "text", "name": "note"}, {"kind": "boolean", "name": "new"}]
    statistics = {"lengths": {"note": [1, 2, 3, 4, 5, 6, 7]}, "shares": {"new": {"false": 0.75, "true": 0.25}}}
    example = {"instance": {"note": "an example text", "new": True}, "prediction": "low"}
    texts = {**MANIFEST, "features": features, "statistics": statistics, "examples": [example]}
    (tmp_path / "m.json").write_text(json.dumps(texts), encoding="utf-8")
    settings = Settings.read({"MODEL_MANIFEST": str(tmp_path / "m.json")})

    event = started(settings, ManifestFile(settings))

    assert json.loads(event["quantiles_note"]) == [1, 2, 3, 4, 5, 6, 7]
    assert json.loads(event["shares_new"]) == {"false": 0.75, "true": 0.25}
    assert not {"range_note", "range_new"} & set(event)


def test_without_a_manifest_the_other_facts_are_there(facts: Callable[..., Mapping[str, str]]) -> None:
    libraries = {"numpy", "onnxruntime", "scikit_learn"}
    assert set(facts(MODEL_MANIFEST="nowhere.json")) == {"build", "python", "settings_hash", *libraries}


def test_the_started_event_has_the_challenger_s_version_and_share(
    facts: Callable[..., Mapping[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "c.json").write_text(json.dumps({**MANIFEST, "version": "8"}), encoding="utf-8")
    event = facts(CHALLENGER_MANIFEST=str(tmp_path / "c.json"), CHALLENGER_SHARE="0.25")
    assert (event["challenger_version"], event["challenger_share"]) == ("8", "0.25")
    assert event["model_version"] == "7"
    assert not {"challenger_version", "challenger_share", "challenger_error"} & set(facts())


@pytest.mark.parametrize(
    ("share", "expected"), [("1", "the manifest cannot be read"), ("often", "CHALLENGER_SHARE must be a number")]
)
def test_the_started_event_has_the_reason_why_there_is_no_challenger(
    facts: Callable[..., Mapping[str, str]], share: str, expected: str
) -> None:
    event = facts(CHALLENGER_MANIFEST="gone.json", CHALLENGER_SHARE=share)
    assert expected in event["challenger_error"]
    assert "challenger_version" not in event


def test_another_setting_is_another_hash(facts: Callable[..., Mapping[str, str]]) -> None:
    assert facts()["settings_hash"] != facts(TOKEN_LIFETIME_SECONDS="60")["settings_hash"]
