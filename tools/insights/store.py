"""The items, in DuckDB, in memory: what arrived since the start, and of a lot the newest."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import duckdb

from tools.insights.envelopes import Row
from tools.insights.tables import OWN, definition

MOST_ROWS = 500_000
"""Rows that a table keeps, about 0.6 kB each: hours of a busy laptop."""
KEPT = 0.9
"""Share of them that is left when a table is full and its oldest rows go: not with every batch, that would be slow."""

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,  # queries read the tables, no files
    "autoinstall_known_extensions": False,  # and nothing is fetched for them
}


class Store:
    """All tables. Rows may be added and asked for from several threads at once."""

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self.most_rows = most_rows
        self._connection = duckdb.connect(config=SETTINGS)
        self._connection.execute("CREATE SCHEMA stored")
        for table in OWN:
            self._connection.execute(definition(table))
        self._rows = dict.fromkeys(OWN, 0)
        self._lock = threading.Lock()  # the appender belongs to the one connection

    def add(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Store rows, given by table."""
        with self._lock:
            for table, new in rows.items():
                appender = self._connection.appender(f"stored.{table}")
                appender.append_rows(new)
                appender.flush()
                self._rows[table] += len(new)
                if self._rows[table] > self.most_rows:
                    self._rows[table] -= self._forget_oldest(table)

    def count(self) -> int:
        """How many rows there are, in all tables."""
        return sum(self._rows.values())

    @contextmanager
    def between(self, since: datetime, until: datetime) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own that sees the rows from `since` on and before `until` (UTC, without a zone)."""
        with self._lock:
            cursor = self._connection.cursor()
        with cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            cursor.execute("SET VARIABLE since = ?", [since])
            cursor.execute("SET VARIABLE until = ?", [until])
            yield cursor

    def close(self) -> None:
        """Give the memory back."""
        self._connection.close()

    def _forget_oldest(self, table: str) -> int:
        share = 1 - KEPT * self.most_rows / self._rows[table]
        oldest = f'SELECT quantile_disc("timestamp", {share}) FROM stored."{table}"'  # noqa: S608 - a name from `OWN`
        deleted: tuple[Any, ...] | None = self._connection.execute(
            f'DELETE FROM stored."{table}" WHERE "timestamp" <= ({oldest})'  # noqa: S608
        ).fetchone()
        return int(deleted[0]) if deleted else 0
