"""The received items, in memory, in DuckDB. A full table loses its oldest rows."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import duckdb

from tools.insights.envelopes import Row
from tools.insights.tables import OWN, definition

MAX_ROWS = 500_000
"""Rows of a table, about 0.6 kB each: hours of a busy laptop."""
SHARE_LEFT = 0.9
"""Share of the rows that is left when a full table loses its oldest: deleting with every batch would be slow."""

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,  # queries read the tables, no files
    "autoinstall_known_extensions": False,  # and they download nothing
}


class Store:
    """All tables. Several threads may add and query rows at once."""

    def __init__(self, max_rows: int = MAX_ROWS) -> None:
        self.max_rows = max_rows
        self._connection = duckdb.connect(config=SETTINGS)
        self._connection.execute("CREATE SCHEMA stored")
        for table in OWN:
            self._connection.execute(definition(table))
        self._rows = dict.fromkeys(OWN, 0)
        self._lock = threading.Lock()  # the appender belongs to the one connection

    def add(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Store rows, by table."""
        with self._lock:
            for table, new in rows.items():
                appender = self._connection.appender(f"stored.{table}")
                appender.append_rows(new)
                appender.flush()
                self._rows[table] += len(new)
                if self._rows[table] > self.max_rows:
                    self._rows[table] -= self._delete_oldest(table)

    def count(self) -> int:
        """Return the number of rows in all tables."""
        return sum(self._rows.values())

    @contextmanager
    def between(self, since: datetime, until: datetime) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a separate connection that sees the rows from `since` on and before `until` (UTC, without a zone)."""
        with self._lock:
            cursor = self._connection.cursor()
        with cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            cursor.execute("SET VARIABLE since = ?", [since])
            cursor.execute("SET VARIABLE until = ?", [until])
            yield cursor

    def close(self) -> None:
        """Free the memory."""
        self._connection.close()

    def _delete_oldest(self, table: str) -> int:
        share = 1 - SHARE_LEFT * self.max_rows / self._rows[table]
        oldest = f'SELECT quantile_disc("timestamp", {share}) FROM stored."{table}"'  # noqa: S608 - a name from `OWN`
        deleted: tuple[Any, ...] | None = self._connection.execute(
            f'DELETE FROM stored."{table}" WHERE "timestamp" <= ({oldest})'  # noqa: S608
        ).fetchone()
        return int(deleted[0]) if deleted else 0
