from datetime import timedelta
from typing import Any

import pytest

from tests.telemetry_samples import NOON, after, invocation, several, stored
from tools.insights import kql
from tools.insights.kql import QueryError, ask, declared, grain

HOUR = timedelta(hours=1)
COUNT = 'let user = "";\ndependencies | where user_AuthenticatedId == user | summarize n = count()'


def first(text: str, *items: Any, **parameters: str) -> Any:
    return ask(stored(*items), text, NOON - HOUR, NOON + HOUR, **parameters).rows[0][0]


def test_a_parameter_takes_the_place_of_its_let() -> None:
    people = [invocation(user="abi"), invocation(user="abi"), invocation(user="ben")]
    assert first(COUNT, *people, user="abi") == 2


@pytest.mark.parametrize("name", ['" or true or "', "' OR '1'='1", "\\", "a\nb", "$1", "{User}", "名前", "\u202e"])
def test_a_hostile_user_name_finds_that_user_and_nobody_else(name: str) -> None:
    assert first(COUNT, invocation(user=name), invocation(user="abi"), user=name) == 1


def test_without_a_value_a_file_s_own_default_counts() -> None:
    text = COUNT.replace('user = ""', 'user = "ben"')
    assert first(text, invocation(user="ben"), invocation(user="abi")) == 1


def test_parameters_that_a_query_does_not_have_are_ignored() -> None:
    assert first("dependencies | count", invocation(), user="abi", function="predict") == 1


def test_a_let_in_the_middle_of_a_line_is_not_a_parameter() -> None:
    text = 'print x = "let user = 1"'
    assert declared(text, "5m") == text


def test_points_are_as_wide_as_the_time_range_wants() -> None:
    text = "let grain = 5m;\ndependencies | summarize n = count() by bin(timestamp, grain)"
    store = stored(*several(60, every=1))
    short = ask(store, text, NOON, NOON + timedelta(minutes=10))
    long = ask(store, text, NOON - timedelta(days=1), NOON + timedelta(hours=2))
    assert (len(short.rows), len(long.rows)) == (6, 1)


@pytest.mark.parametrize(
    ("span", "width"),
    [
        (timedelta(minutes=5), "5s"),
        (timedelta(minutes=15), "10s"),
        (HOUR, "1m"),
        (HOUR * 6, "5m"),
        (HOUR * 24, "30m"),
        (HOUR * 24 * 7, "6h"),
    ],
)
def test_a_chart_has_about_a_hundred_points(span: timedelta, width: str) -> None:
    assert grain(span) == width


def test_columns_say_what_they_are() -> None:
    text = "dependencies | project timestamp, name, duration, customDimensions"
    answer = ask(stored(invocation(at=after(1))), text, NOON, NOON + HOUR)
    assert [kind for _, kind in answer.columns] == ["time", "text", "number", "dynamic"]
    assert answer.rows[0][0] == after(1)


def test_an_answer_with_too_many_rows_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kql, "MOST_ROWS", 3)
    answer = ask(stored(*several(4)), "dependencies", NOON, NOON + HOUR)
    assert (len(answer.rows), answer.cut) == (3, True)


@pytest.mark.parametrize(
    "text", ["dependencies | where", "nowhere | count", "dependencies | evaluate x()", ".drop table x"]
)
def test_a_query_that_cannot_be_answered_says_why(text: str) -> None:
    with pytest.raises(QueryError):
        ask(stored(), text, NOON, NOON + HOUR)


def test_columns_that_only_the_portal_fills_can_be_named() -> None:
    assert first("dependencies | project client_City", invocation()) == ""
