"""Asking the store in KQL, with the very text that the portal runs: translated by duckdb-kql, executed by DuckDB."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import duckdb
import duckdb_kql
from msgspec import Struct

from tools.insights.questions import LET
from tools.insights.store import Store
from tools.insights.tables import OWN, visible

GRAINS = {
    timedelta(minutes=5): "5s",
    timedelta(minutes=15): "10s",
    timedelta(hours=2): "1m",
    timedelta(hours=12): "5m",
    timedelta(days=2): "30m",
}
"""The longest time range → the width of a chart's point in it: about a hundred points."""
WIDEST_GRAIN = "6h"
MOST_ROWS = 5_000
"""Rows of an answer: as many as anybody reads, and a tenth of a second for a browser."""
SCHEMA = {table: visible(table) for table in OWN}


class QueryError(Exception):
    """The query cannot be answered; the text says why."""


class Answer(Struct):
    """A table: its columns with their kinds, and its rows."""

    columns: Sequence[tuple[str, str]]
    """Name and kind: `time`, `number`, `text` or `dynamic`."""
    rows: Sequence[Sequence[Any]]
    cut: bool = False
    """Whether there were more rows than `MOST_ROWS`."""

    def records(self) -> Sequence[Mapping[str, Any]]:
        """The rows as mappings from column to value."""
        names = [name for name, _ in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


def ask(store: Store, text: str, since: datetime, until: datetime, **parameters: str) -> Answer:
    """Run a query over what happened from `since` on and before `until`, with these values for its parameters.

    A value is bound to the statement and never part of its text. Parameters that the query does not have are ignored.
    Raises QueryError.
    """
    try:
        statement = translated(declared(text, grain(until - since)))
        bound = {
            each.slot: parameters.get(each.name, each.default)
            for each in statement.declarations
            if each.slot in statement.slots
        }
        with store.between(_plain(since), _plain(until)) as connection:
            found = connection.execute(str(statement), bound or None)
            columns = [(name, kind(str(type_))) for name, type_, *_ in found.description or ()]
            rows = [_row(row) for row in found.fetchmany(MOST_ROWS + 1)]
            return Answer(columns, rows[:MOST_ROWS], cut=len(rows) > MOST_ROWS)
    except (duckdb_kql.KqlError, duckdb.Error) as error:
        raise QueryError(str(error)) from error


@lru_cache(256)
def translated(text: str) -> duckdb_kql.TranslationResult:
    """A query as DuckDB's SQL. The first takes 0.2 s, hence the cache. Raises KqlError."""
    return duckdb_kql.to_sql(text, schema=SCHEMA, allow_write=False)


def declared(text: str, width: str) -> str:
    """A file's text with its parameters declared, so that values can be bound to them; only `grain` is filled in."""
    defaults = {found[1]: found[2] for found in LET.finditer(text)}
    body = LET.sub(lambda found: f"let grain = {width};" if found[1] == "grain" else "", text)
    texts = ", ".join(f"{name}:string = {default}" for name, default in defaults.items() if name != "grain")
    return f"declare query_parameters({texts});\n{body}" if texts else body


def grain(span: timedelta) -> str:
    """The width of a chart's point for a time range that long."""
    return next((width for longest, width in GRAINS.items() if span <= longest), WIDEST_GRAIN)


def kind(type_: str) -> str:
    """What a DuckDB type is to someone who shows it."""
    if type_.startswith("TIMESTAMP"):
        return "time"
    if type_ in ("VARCHAR", "BOOLEAN"):
        return "text"
    return "dynamic" if type_ == "JSON" or type_.endswith("[]") else "number"


def _plain(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _row(row: Sequence[Any]) -> Sequence[Any]:
    return [each.replace(tzinfo=UTC) if isinstance(each, datetime) else each for each in row]
