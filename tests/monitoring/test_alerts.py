"""Every alert fires on telemetry with its fault, and not on a healthy capture, nor on too little of anything."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.telemetry_samples import Item, after, fetch, invocation, lost_request, request, several, stored
from tools.insights.alerts import State, state
from tools.insights.questions import alerts

ROOT = Path(__file__).parents[2]
ALERTS = {each.name: each for each in alerts()}
NOW = 240.0
FAILED: dict[str, Any] = {"status": 500, "outcome": "internal"}


def evaluated(name: str, items: Sequence[Item], now: float = NOW) -> State:
    return state(stored(*items), ALERTS[name], after(now))


def healthy(count: int = 100) -> list[Item]:
    """Some minutes of a service that does well: nearly all is fine, a little is refused, one pull failed."""
    asked = [*several(count), *several(5, status=422, outcome="invalid-instances")]
    logins = [*several(5, "token", login="abi"), *several(2, "token", status=401, outcome="invalid-grant", user="")]
    pulls = [fetch(each, success=nth != 7) for nth, each in enumerate(asked)]
    return [*asked, *logins, *pulls, *(request(each) for each in (*asked, *logins))]


def slow(count: int) -> list[Item]:
    """Predictions of which one in ten takes very long."""
    return [invocation(at=after(nth), total_ms=600.0 if nth % 10 == 0 else 5.0) for nth in range(count)]


def told(asked: Sequence[Any]) -> list[Item]:
    """Invocations with the host's items."""
    return [*asked, *(request(each) for each in asked)]


FAULTS = {
    "model-failures": [*healthy(), *told(several(10, **FAILED))],
    "feature-errors": [*healthy(), *(fetch(each, success=False) for each in several(20))],
    "slow-predictions": slow(50),
    "no-success": told(several(12, status=503, outcome="model-missing")),
    "login-failures": [*healthy(), *several(40, "token", status=401, outcome="invalid-grant", user="", login="abi")],
}


def test_every_alert_has_its_fault_here() -> None:
    assert set(FAULTS) == set(ALERTS)


@pytest.mark.parametrize("name", FAULTS)
def test_it_fires_on_its_fault(name: str) -> None:
    assert evaluated(name, FAULTS[name]).state == "firing"


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_quiet_on_a_healthy_capture(name: str) -> None:
    found = evaluated(name, healthy())
    assert found.state in ("quiet", "idle" if name == "login-failures" else "quiet")


@pytest.mark.parametrize("name", FAULTS)
def test_it_says_nothing_when_nothing_happened(name: str) -> None:
    assert evaluated(name, []).state == "idle"


@pytest.mark.parametrize("name", FAULTS)
def test_it_forgets_what_is_older_than_its_window(name: str) -> None:
    window = ALERTS[name].window.total_seconds()
    assert evaluated(name, FAULTS[name], now=300 + window).state == "idle"


def test_failures_are_counted_also_when_the_process_never_told_them() -> None:
    lost = [lost_request(at=after(nth)) for nth in range(10)]
    assert evaluated("model-failures", [*healthy(), *lost]).state == "firing"


def test_a_service_that_crashes_on_every_request_has_no_success() -> None:
    found = evaluated("no-success", [lost_request(at=after(nth)) for nth in range(20)])
    assert (found.state, found.value, found.samples) == ("firing", 100, 20)


def test_one_success_among_many_failures_is_a_success() -> None:
    mostly = [*several(400, every=0.5, status=503, outcome="model-missing"), invocation(at=after(1))]
    assert evaluated("no-success", told(mostly)).state == "quiet"


def test_few_failures_among_few_requests_are_no_alert() -> None:
    assert evaluated("model-failures", told(several(5, **FAILED))).state == "idle"


@pytest.mark.parametrize("name", FAULTS)
def test_its_runbook_has_a_chapter_with_a_meaning_a_query_a_first_move_and_a_way_back(name: str) -> None:
    file, _, anchor = ALERTS[name].runbook.partition("#")
    chapters = re.split(r"^#+ ", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    (chapter,) = [each for each in chapters if anchor == each.partition("\n")[0].lower().replace(" ", "-")]
    for part in ("Meaning", "Query", "First move", "Way back"):
        assert f"**{part}.**" in chapter
