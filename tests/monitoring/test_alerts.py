"""Every alert as it is deployed: the compiled rule on telemetry with its fault, at its edges, and on a sound day."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.monitoring.alert_cases import FAILED, FAULTS, FEW, REFUSED, at_once, sound_store, with_requests
from tests.monitoring.rules import deployed
from tests.telemetry_samples import NOON, Item, after, event, invocation, lost_request, request, several, stored
from tools.insights.alerts import state
from tools.insights.queries import alerts
from tools.insights.store import Store

ROOT = Path(__file__).parents[2]
ALERTS = {alert.name: alert for alert in alerts()}
RULES = deployed()
MOMENT = timedelta(milliseconds=1)


def fires(name: str, items: Sequence[Item], seconds: float = 400) -> bool:
    """Return true when a rule fires so many seconds after noon, or at the end of its window if that is earlier."""
    rule = RULES[name]
    return rule.fires(stored(*items), NOON + min(timedelta(seconds=seconds), rule.window))


@pytest.fixture(scope="module")
def day() -> Iterator[Store]:
    with closing(sound_store()) as store:
        yield store


def test_every_alert_is_deployed_and_has_its_cases_here() -> None:
    assert set(RULES) == set(ALERTS) == set(FAULTS) == {*FEW, "login-failures"}


@pytest.mark.parametrize("name", FAULTS)
def test_it_fires_at_its_threshold(name: str) -> None:
    assert fires(name, FAULTS[name][0])


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_silent_just_below_its_threshold(name: str) -> None:
    rule = RULES[name]
    assert not fires(name, FAULTS[name][1])
    assert rule.value(stored(*FAULTS[name][1]), NOON + min(timedelta(seconds=400), rule.window)) is not None


@pytest.mark.parametrize("name", FEW)
def test_it_is_silent_with_one_sample_too_few(name: str) -> None:
    assert not fires(name, FEW[name])


@pytest.mark.parametrize("name", FAULTS)
def test_its_window_begins_where_it_says_and_ends_now(name: str) -> None:
    rule, store = RULES[name], stored(*FAULTS[name][0])
    assert rule.window == ALERTS[name].window
    assert rule.fires(store, NOON + rule.window)
    assert not rule.fires(store, NOON + rule.window + 2 * MOMENT)
    assert not rule.fires(store, NOON)


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_silent_without_telemetry(name: str) -> None:
    assert not fires(name, [])


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_silent_on_every_window_of_a_sound_day(name: str, day: Store) -> None:
    rule = RULES[name]
    times = [NOON + rule.window * i for i in range(1, int(timedelta(days=1) / rule.window) + 1)]
    values = {time: rule.value(day, time) for time in times}
    assert [time for time, value in values.items() if rule.exceeds(value)] == []
    assert sum(value is not None for value in values.values()) > len(times) / 3  # not for lack of samples


@pytest.mark.parametrize("name", FAULTS)
def test_the_local_page_evaluates_the_same_rule(name: str) -> None:
    alert, rule = ALERTS[name], RULES[name]
    assert rule.criterion["query"].strip() == alert.query.strip()
    assert (rule.criterion["threshold"], rule.resource.properties["severity"]) == (alert.threshold, alert.severity)
    for items in FAULTS[name]:
        now = NOON + rule.window
        assert (state(stored(*items), alert, now).state == "firing") == rule.fires(stored(*items), now)


@pytest.mark.parametrize("name", FAULTS)
def test_a_first_deployment_into_an_empty_workspace_is_not_refused(name: str) -> None:
    assert RULES[name].resource.properties["skipQueryValidation"] is True


def test_predictions_without_a_wide_event_are_failures_when_the_host_failed() -> None:
    lost = [lost_request(at=after(i)) for i in range(10)]
    assert fires("model-failures", [*at_once(100), *lost])
    assert not fires("model-failures", [*at_once(100), *with_requests(several(10, **REFUSED))])


def test_a_host_in_opentelemetry_mode_names_and_refuses_otherwise() -> None:
    """There a request is `POST predict`, and one that was refused has no success."""
    crashed = [renamed(lost_request(at=after(i))) for i in range(20)]
    refused = [renamed(request(one), success=False) for one in several(20, **REFUSED)]
    assert fires("model-failures", crashed)
    assert fires("no-success", crashed)
    assert not fires("model-failures", refused)
    assert not fires("no-success", refused)


def renamed(item: Item, **members: bool) -> Item:
    assert isinstance(item, dict)
    item["data"]["baseData"].update(members, name=f"POST {item['data']['baseData']['name']}")
    return item


@pytest.mark.parametrize("name", FAULTS)
def test_its_runbook_has_a_chapter_with_a_meaning_a_query_first_steps_and_a_remedy(name: str) -> None:
    assert_runbook(ALERTS[name].runbook)


def test_the_availability_test_has_a_runbook_too() -> None:
    assert_runbook("docs/operate.md#the-service-is-down", parts=("Meaning", "First steps", "Remedy"))


def assert_runbook(runbook: str, parts: Sequence[str] = ("Meaning", "Query", "First steps", "Remedy")) -> None:
    file, _, anchor = runbook.partition("#")
    chapters = re.split(r"^#+ ", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    (chapter,) = [text for text in chapters if anchor == text.partition("\n")[0].lower().replace(" ", "-")]
    for part in parts:
        assert f"**{part}.**" in chapter


def test_lost_items_are_an_alert_also_when_the_service_reports_them_itself() -> None:
    dropped = event("dropped", reason="disk full")
    dropped.measurements = {"items": 10.0}
    assert fires("lost-telemetry", [*at_once(100), dropped])
    assert not fires("lost-telemetry", [*at_once(191), dropped])


def test_wide_events_without_the_host_s_rows_are_lost_telemetry_too() -> None:
    assert fires("lost-telemetry", [*several(20, every=0.0), *at_once(1, at=after(301))])


def test_what_is_still_on_its_way_is_not_lost() -> None:
    assert not fires("lost-telemetry", [*at_once(100), *(request(one) for one in several(200, at=after(10)))], 250)


def test_refused_requests_without_a_wide_event_are_not_lost_telemetry() -> None:
    strangers = [request(one) for one in several(100, every=0.0, **REFUSED)]
    assert not fires("lost-telemetry", [*strangers, *at_once(30), *at_once(1, at=after(301))])


def test_failed_predictions_are_no_lost_telemetry() -> None:
    crashed = [lost_request() for _ in range(30)]
    assert not fires("lost-telemetry", [*crashed, *at_once(30, **FAILED), *at_once(30), *at_once(1, at=after(301))])


def test_one_invocation_more_than_a_window_ago_does_not_matter() -> None:
    old = [invocation(at=after(-3_600), **FAILED) for _ in range(50)]
    assert not fires("model-failures", [*old, *at_once(30)])
