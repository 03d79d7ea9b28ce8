from datetime import timedelta
from typing import Any

import pytest

from tests.telemetry_samples import NOON, after, invocation, several, stored
from tools.insights.kql import QueryError, declare_parameters, fetch_result, grain, run_query

HOUR = timedelta(hours=1)
COUNT = 'let user = "";\ndependencies | where user_AuthenticatedId == user | summarize n = count()'


def first(text: str, *items: Any, **parameters: str) -> Any:
    return run_query(stored(*items), text, NOON - HOUR, NOON + HOUR, parameters).rows[0][0]


def test_a_parameter_replaces_its_let() -> None:
    invocations = [invocation(user="abi"), invocation(user="abi"), invocation(user="ben")]
    assert first(COUNT, *invocations, user="abi") == 2


@pytest.mark.parametrize("name", ['" or true or "', "' OR '1'='1", "\\", "a\nb", "$1", "{User}", "名前", "\u202e"])
def test_a_hostile_user_name_matches_only_that_user(name: str) -> None:
    assert first(COUNT, invocation(user=name), invocation(user="abi"), user=name) == 1


def test_without_a_value_the_default_of_the_file_applies() -> None:
    text = COUNT.replace('user = ""', 'user = "ben"')
    assert first(text, invocation(user="ben"), invocation(user="abi")) == 1


def test_parameters_that_a_query_does_not_have_are_ignored() -> None:
    assert first("dependencies | count", invocation(), user="abi", function="predict") == 1


def test_a_let_in_the_middle_of_a_line_is_not_a_parameter() -> None:
    text = 'print x = "let user = 1"'
    assert declare_parameters(text, "5m") == text


def test_the_width_of_points_depends_on_the_time_range() -> None:
    text = "let grain = 5m;\ndependencies | summarize n = count() by bin(timestamp, grain)"
    store = stored(*several(60, every=1))
    short = run_query(store, text, NOON, NOON + timedelta(minutes=10))
    long = run_query(store, text, NOON - timedelta(days=1), NOON + timedelta(hours=2))
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


def test_columns_have_their_kinds() -> None:
    text = "dependencies | project timestamp, name, duration, customDimensions"
    result = run_query(stored(invocation(at=after(1))), text, NOON, NOON + HOUR)
    assert [kind for _, kind in result.columns] == ["time", "text", "number", "dynamic"]
    assert result.rows[0][0] == after(1)


def test_a_result_with_too_many_rows_is_cut() -> None:
    with stored(*several(4)).between(NOON.replace(tzinfo=None), (NOON + HOUR).replace(tzinfo=None)) as connection:
        result = fetch_result(connection.execute("SELECT * FROM dependencies"), max_rows=3)
    assert (len(result.rows), result.cut) == (3, True)


@pytest.mark.parametrize(
    "text", ["dependencies | where", "nowhere | count", "dependencies | evaluate x()", ".drop table x"]
)
def test_an_invalid_query_is_an_error(text: str) -> None:
    with pytest.raises(QueryError):
        run_query(stored(), text, NOON, NOON + HOUR)


def test_columns_that_only_the_portal_fills_are_empty() -> None:
    assert first("dependencies | project client_City", invocation()) == ""
