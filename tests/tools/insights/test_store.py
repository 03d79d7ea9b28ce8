import threading
from datetime import timedelta

import duckdb
import pytest

from tests.telemetry_samples import NOON, after, event, invocation, send, several, stored
from tools.insights.store import Store

COUNT = "SELECT count(*) FROM dependencies"
PLAIN = NOON.replace(tzinfo=None)
HOUR = timedelta(hours=1)


def count(store: Store, since: timedelta, until: timedelta) -> int:
    with store.between(PLAIN + since, PLAIN + until) as connection:
        return int(connection.sql(COUNT).fetchall()[0][0])


def test_a_query_sees_the_rows_from_since_on_and_before_until() -> None:
    store = stored(*several(10, every=60))
    assert count(store, timedelta(minutes=2), timedelta(minutes=5)) == 3


def test_connections_with_different_times_are_independent() -> None:
    store = stored(*several(10, every=60))
    with store.between(PLAIN, PLAIN + HOUR) as long, store.between(PLAIN, PLAIN + timedelta(seconds=1)) as short:
        assert [connection.sql(COUNT).fetchall()[0][0] for connection in (long, short, long)] == [10, 1, 10]


def test_a_full_table_loses_its_oldest_rows_and_other_tables_lose_none() -> None:
    store = Store(max_rows=100)
    send(store, [event("started")])
    for start in range(0, 300, 50):
        send(store, several(50, at=after(start)))
    with store.between(PLAIN, PLAIN + HOUR) as connection:
        oldest, rows = connection.sql("SELECT min(timestamp), count(*) FROM dependencies").fetchall()[0]
        events = connection.sql("SELECT count(*) FROM customEvents").fetchall()[0][0]
    assert rows <= 100
    assert oldest > PLAIN + timedelta(seconds=150)
    assert events == 1
    assert store.count() == rows + 1


def test_rows_may_be_added_while_they_are_read() -> None:
    store, rounds = stored(), 20
    adding = threading.Thread(target=lambda: [send(store, several(5)) for _ in range(rounds)])
    adding.start()
    counts = [count(store, -HOUR, HOUR) for _ in range(rounds)]
    adding.join()
    assert counts == sorted(counts)
    assert count(store, -HOUR, HOUR) == 5 * rounds


def test_a_query_cannot_read_files() -> None:
    with stored(invocation()).between(PLAIN, PLAIN + HOUR) as connection, pytest.raises(duckdb.Error):
        connection.sql("SELECT * FROM read_text('/etc/hostname')").fetchall()
