"""Readiness: a fixed list of reasons that give nothing away."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from shared import health
from shared.fitted import Fitted
from shared.model import LazyModel, Model
from shared.problems import FeaturesUnavailable, ModelCorrupt, ModelUnavailable, ModelVersionMismatch
from tests.models import Doubling, manifest


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, told: Callable[..., object], environ: Mapping[str, str]) -> None:
    told(**environ)
    monkeypatch.setattr(health, "_last", None)
    monkeypatch.setattr(health.model, "served", LazyModel(lambda: Model(manifest(), Fitted(manifest(), Doubling()))))


def ready() -> tuple[dict[str, Any], int]:
    body, status = health.answer(asyncio.run(health.ready()))
    return json.loads(body), status


def test_live_says_so() -> None:
    assert health.answer(health.live()) == (b'{"status":"live"}', 200)


def test_with_sound_settings_and_a_model_the_service_is_ready() -> None:
    assert ready() == ({"status": "ready"}, 200)


def test_a_bad_setting_makes_it_unready_without_naming_it(told: Callable[..., object]) -> None:
    told(TOKEN_KEY="short")
    assert ready() == ({"status": "unready", "reasons": ["setting-invalid"]}, 503)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (ModelUnavailable(reason="/srv/m.joblib"), "model-missing"),
        (ModelCorrupt(reason="/srv/m.joblib"), "model-integrity"),
        (ModelVersionMismatch(reason="1.8"), "model-version"),
    ],
)
def test_a_model_that_cannot_be_served_makes_it_unready(
    monkeypatch: pytest.MonkeyPatch, problem: ModelUnavailable, reason: str
) -> None:
    def fails() -> Model:
        raise problem

    monkeypatch.setattr(health.model, "served", LazyModel(fails))
    assert ready() == ({"status": "unready", "reasons": [reason]}, 503)


def test_a_store_that_is_down_only_degrades_so_that_no_probe_takes_the_instance_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def store() -> Sequence[health.Reason]:
        return ["features-unreachable"]

    monkeypatch.setattr(health, "CHECKS", (*health.CHECKS, store))
    assert ready() == ({"status": "degraded", "reasons": ["features-unreachable"]}, 200)


def test_an_unreachable_users_table_degrades_the_service(
    told: Callable[..., object], environ: Mapping[str, str]
) -> None:
    nowhere = "AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a"
    told(**environ, USERS_TABLE="users", STORAGE_CONNECTION=nowhere)
    assert ready() == ({"status": "degraded", "reasons": ["users-unreachable"]}, 200)


def test_a_users_table_without_an_account_is_an_invalid_setting_and_nothing_else(
    told: Callable[..., object], environ: Mapping[str, str]
) -> None:
    told(**environ, USERS_TABLE="users")
    assert ready() == ({"status": "unready", "reasons": ["setting-invalid"]}, 503)


def test_an_unreachable_feature_store_degrades_the_service(
    monkeypatch: pytest.MonkeyPatch, told: Callable[..., object], environ: Mapping[str, str]
) -> None:
    async def ping() -> None:
        raise FeaturesUnavailable(reason="down")

    told(**environ, FEATURES_SOURCE="feast", FEATURES_URL="http://127.0.0.1:9")
    monkeypatch.setattr(health.features, "current", lambda: SimpleNamespace(ping=ping))
    assert ready() == ({"status": "degraded", "reasons": ["features-unreachable"]}, 200)


def test_a_feature_store_that_answers_leaves_it_ready(
    monkeypatch: pytest.MonkeyPatch, told: Callable[..., object], environ: Mapping[str, str]
) -> None:
    async def ping() -> None:
        return None

    told(**environ, FEATURES_SOURCE="feast", FEATURES_URL="http://127.0.0.1:9")
    monkeypatch.setattr(health.features, "current", lambda: SimpleNamespace(ping=ping))
    assert ready() == ({"status": "ready"}, 200)


def test_the_state_is_remembered_for_five_seconds(monkeypatch: pytest.MonkeyPatch, told: Callable[..., object]) -> None:
    assert ready()[1] == 200
    told()
    assert ready()[1] == 200
    later = time.monotonic() + health.REMEMBERED_SECONDS + 0.1
    monkeypatch.setattr(health.time, "monotonic", lambda: later)
    assert ready()[1] == 503
