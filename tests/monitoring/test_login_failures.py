"""The alert on failed logins: by network, by name, and over all."""

from datetime import timedelta
from typing import Any

import pytest

from tests.monitoring.rules import deployed
from tests.telemetry_samples import NOON, Item, after, invocation, records, stored

RULE = deployed()["login-failures"]
WRONG = (401, "invalid-grant")
THROTTLED = (429, "too-many-logins")
BUSY = (503, "logins-busy")


def login(i: int, name: str, network: str, answer: tuple[int, str] = WRONG) -> Item:
    status, outcome = answer
    return invocation("token", at=after(i / 10), user="", status=status, outcome=outcome, login=name, network=network)


def evaluated(items: list[Item]) -> tuple[bool, Any]:
    """Return the rule's decision, and the part with most failed logins."""
    store, now = stored(*items), NOON + timedelta(minutes=1)
    rows = sorted(RULE.rows(store, now), key=lambda row: -row["value"])
    return RULE.fires(store, now), rows[0] if rows else None


def test_it_is_a_warning() -> None:
    assert RULE.resource.properties["severity"] == 2


def test_many_names_from_one_network_fire() -> None:
    fires, worst = evaluated([login(i, f"user{i}", "192.0.2.0/24") for i in range(30)])
    assert (fires, worst["part"]) == (True, "network 192.0.2.0/24")


def test_one_name_from_many_networks_fires() -> None:
    fires, worst = evaluated([login(i, "abi", f"192.0.{i}.0/24") for i in range(30)])
    assert (fires, worst["part"]) == (True, "name abi")


def test_as_many_typing_errors_of_many_people_are_silent() -> None:
    assert evaluated([login(i, f"user{i}", f"192.0.{i}.0/24") for i in range(100)])[0] is False


def test_many_names_from_many_networks_fire_at_ten_times_as_many() -> None:
    guesses = [login(i, f"user{i}", f"10.{i // 250}.{i % 250}.0/24") for i in range(300)]
    fires, worst = evaluated(guesses)
    assert (fires, worst["part"]) == (True, "all")
    assert evaluated(guesses[1:])[0] is False


@pytest.mark.parametrize(("answer", "column"), [(THROTTLED, "throttled"), (BUSY, "queue_full")])
def test_throttled_and_queued_logins_count_and_are_shown(answer: tuple[int, str], column: str) -> None:
    fires, worst = evaluated([login(i, "abi", "192.0.2.0/24", answer if i < 20 else WRONG) for i in range(30)])
    assert (fires, worst[column]) == (True, 20)


def test_other_failures_are_no_guesses() -> None:
    assert evaluated([login(i, "abi", "192.0.2.0/24", (503, "users-unavailable")) for i in range(90)])[0] is False
    assert evaluated([login(i, "abi", "192.0.2.0/24", (200, "ok")) for i in range(90)])[0] is False


def test_where_no_address_is_known_all_share_no_network() -> None:
    assert evaluated([login(i, f"user{i}", "unknown") for i in range(100)])[0] is False


def test_the_dashboard_lists_networks_and_names() -> None:
    items = [login(0, "abi", "n1"), login(1, "abi", "n2", THROTTLED), login(2, "ben", "n2", BUSY)]
    rows = records(stored(*items, login(3, "abi", "n1", (200, "ok"))), "failed-logins")
    table = {
        row["part"]: (row["logins"], row["wrong"], row["throttled"], row["queue_full"], row["different"])
        for row in rows
    }
    assert table == {
        "name abi": (2, 1, 1, 0, 2),
        "network n2": (2, 0, 1, 1, 2),
        "name ben": (1, 0, 0, 1, 1),
        "network n1": (1, 1, 0, 0, 1),
    }
