"""Every alert fires on telemetry with its fault, and stays quiet on healthy telemetry and on too few samples."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.telemetry_samples import Item, after, fetch, invocation, lost_request, request, several, stored
from tools.insights.alerts import State, state
from tools.insights.queries import alerts

ROOT = Path(__file__).parents[2]
ALERTS = {alert.name: alert for alert in alerts()}
NOW = 240.0
FAILED: dict[str, Any] = {"status": 500, "outcome": "internal"}


def evaluate(name: str, items: Sequence[Item], now: float = NOW) -> State:
    return state(stored(*items), ALERTS[name], after(now))


def healthy(count: int = 100) -> list[Item]:
    """Return minutes of a healthy service: nearly all requests succeed, a few are refused, one feature call failed."""
    predictions = [*several(count), *several(5, status=422, outcome="invalid-instances")]
    logins = [*several(5, "token", login="abi"), *several(2, "token", status=401, outcome="invalid-grant", user="")]
    fetches = [fetch(prediction, success=i != 7) for i, prediction in enumerate(predictions)]
    return [*with_requests([*predictions, *logins]), *fetches]


def slow(count: int) -> list[Item]:
    """Return predictions of which one in ten is very slow."""
    return [invocation(at=after(i), total_ms=600.0 if i % 10 == 0 else 5.0) for i in range(count)]


def with_requests(invocations: Sequence[Any]) -> list[Item]:
    """Return invocations with the host's items."""
    return [*invocations, *(request(invocation) for invocation in invocations)]


FAULTS = {
    "model-failures": [*healthy(), *with_requests(several(10, **FAILED))],
    "feature-errors": [*healthy(), *(fetch(parent, success=False) for parent in several(20))],
    "slow-predictions": slow(50),
    "no-success": with_requests(several(12, status=503, outcome="model-missing")),
    "login-failures": [*healthy(), *several(40, "token", status=401, outcome="invalid-grant", user="", login="abi")],
}


def test_every_alert_has_a_fault_here() -> None:
    assert set(FAULTS) == set(ALERTS)


@pytest.mark.parametrize("name", FAULTS)
def test_it_fires_on_its_fault(name: str) -> None:
    assert evaluate(name, FAULTS[name]).state == "firing"


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_quiet_on_healthy_telemetry(name: str) -> None:
    state = evaluate(name, healthy()).state
    assert state in ("quiet", "idle" if name == "login-failures" else "quiet")


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_idle_without_telemetry(name: str) -> None:
    assert evaluate(name, []).state == "idle"


@pytest.mark.parametrize("name", FAULTS)
def test_it_ignores_items_that_are_older_than_its_window(name: str) -> None:
    window = ALERTS[name].window.total_seconds()
    assert evaluate(name, FAULTS[name], now=300 + window).state == "idle"


def test_failures_without_an_invocation_are_counted() -> None:
    lost = [lost_request(at=after(i)) for i in range(10)]
    assert evaluate("model-failures", [*healthy(), *lost]).state == "firing"


def test_a_service_that_crashes_on_every_request_has_no_success() -> None:
    result = evaluate("no-success", [lost_request(at=after(i)) for i in range(20)])
    assert (result.state, result.value, result.samples) == ("firing", 100, 20)


def test_one_success_among_many_failures_is_quiet() -> None:
    items = [*several(400, every=0.5, status=503, outcome="model-missing"), invocation(at=after(1))]
    assert evaluate("no-success", with_requests(items)).state == "quiet"


def test_few_failures_among_few_requests_are_idle() -> None:
    assert evaluate("model-failures", with_requests(several(5, **FAILED))).state == "idle"


@pytest.mark.parametrize("name", FAULTS)
def test_its_runbook_has_a_chapter_with_a_meaning_a_query_first_steps_and_a_remedy(name: str) -> None:
    file, _, anchor = ALERTS[name].runbook.partition("#")
    chapters = re.split(r"^#+ ", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    (chapter,) = [text for text in chapters if anchor == text.partition("\n")[0].lower().replace(" ", "-")]
    for part in ("Meaning", "Query", "First steps", "Remedy"):
        assert f"**{part}.**" in chapter
