"""The alert that pages people: it is decided by our wide events and the host's rows together."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.monitoring.alert_cases import REFUSED, at_once, with_requests
from tests.monitoring.rules import deployed
from tests.telemetry_samples import NOON, Item, after, invocation, lost_request, new_id, request, several, stored

RULE = deployed()["no-success"]
MISSING = {"status": 503, "outcome": "model-missing"}
UNREACHABLE = {"status": 503, "outcome": "users-unavailable", "user": ""}
BUSY = {"status": 503, "outcome": "logins-busy", "user": ""}


def fires(*items: Item) -> bool:
    return RULE.fires(stored(*items), NOON + timedelta(minutes=5))


def hosts(count: int, function: str = "predict", **members: Any) -> Sequence[Item]:
    """Return the host's rows of requests whose wide events are lost."""
    return [request(one) for one in several(count, function, **members)]


def test_it_pages() -> None:
    assert RULE.resource.properties["severity"] == 0


def test_it_fires_when_everything_fails_and_the_host_s_rows_are_missing() -> None:
    assert fires(*several(12, **MISSING))


def test_it_fires_when_everything_crashes_and_there_are_no_wide_events() -> None:
    assert fires(*(lost_request(at=after(i)) for i in range(12)))


def test_it_fires_on_the_host_s_5xx_without_wide_events() -> None:
    assert fires(*hosts(12, status=500))


def test_it_is_silent_when_only_our_telemetry_is_lost() -> None:
    assert not fires(*hosts(50))


def test_it_is_silent_when_wide_events_are_lost_except_those_of_a_few_failures() -> None:
    assert not fires(*at_once(12, **MISSING), *hosts(50))


def test_one_success_in_either_table_is_enough() -> None:
    assert not fires(*at_once(400, **MISSING), invocation(at=after(1)))
    assert not fires(*at_once(400, **MISSING), *hosts(1))


@pytest.mark.parametrize("status", [400, 401, 403, 413, 415, 422, 429])
def test_refused_requests_never_count(status: int) -> None:
    refused: dict[str, Any] = {"status": status, "outcome": "refused"}
    assert not fires(*at_once(200, **refused))
    assert not fires(*several(200, **refused))
    assert not fires(*hosts(200, **refused))
    assert not fires(*at_once(200, **refused), *at_once(9, **MISSING))


def test_strangers_do_not_hide_an_outage() -> None:
    assert fires(*at_once(500, **REFUSED), *at_once(10, **MISSING))


@pytest.mark.parametrize("function", ["predict", "predict_class"])
def test_both_functions_predict(function: str) -> None:
    assert fires(*at_once(10, function, **MISSING))


def test_logins_that_all_fail_are_an_outage_while_predictions_succeed() -> None:
    assert fires(*at_once(50), *at_once(10, "token", **UNREACHABLE))
    assert fires(*at_once(50), *(lost_request("token", at=after(i)) for i in range(10)))


def test_a_login_that_succeeded_or_was_checked_ends_the_doubt() -> None:
    for working in ({}, {"status": 401, "outcome": "invalid-grant"}, {"status": 429, "outcome": "too-many-logins"}):
        assert not fires(*at_once(50, "token", **UNREACHABLE), *at_once(1, "token", **working))


def test_a_malformed_login_shows_nothing() -> None:
    assert fires(*at_once(50, "token", status=400, outcome="invalid-request"), *at_once(10, "token", **UNREACHABLE))


def test_a_full_login_queue_is_no_outage() -> None:
    assert not fires(*at_once(500, "token", **BUSY))
    assert not fires(*several(500, "token", every=0.1, **BUSY))
    assert not fires(*hosts(500, "token", every=0.1, status=503))


def test_guesses_alone_are_no_outage() -> None:
    assert not fires(*at_once(500, "token", status=401, outcome="invalid-grant"))


def test_health_checks_are_no_predictions() -> None:
    assert not fires(*at_once(50, "health_ready"), *at_once(50, "health_ready", status=503))
    assert fires(*at_once(50, "health_ready"), *at_once(10, **MISSING))


def test_requests_of_one_trace_are_counted_each() -> None:
    trace = new_id(32)
    assert fires(*with_requests(several(10, operation_id=trace, **MISSING)))
