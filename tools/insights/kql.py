"""Run KQL queries over the store, unchanged from the portal: duckdb-kql translates them, DuckDB executes them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import duckdb
import duckdb_kql
from msgspec import Struct

from tools.insights.queries import LET
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
MAX_ROWS = 5_000
"""Rows of a result: more than anybody reads, and a tenth of a second for a browser."""
NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})
SCHEMA = {table: visible(table) for table in OWN}


class QueryError(Exception):
    """The query cannot run; the text is the reason."""


class QueryResult(Struct):
    """A table: its columns with their kinds, and its rows."""

    columns: Sequence[tuple[str, str]]
    """Name and kind: `time`, `number`, `text` or `dynamic`."""
    rows: Sequence[Sequence[Any]]
    cut: bool = False
    """True when there were more rows than the maximum."""

    def records(self) -> Sequence[Mapping[str, Any]]:
        """Return the rows as mappings from column to value."""
        names = [name for name, _ in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


def run_query(
    store: Store, text: str, since: datetime, until: datetime, parameters: Mapping[str, str] = NO_PARAMETERS
) -> QueryResult:
    """Run a query over the items from `since` on and before `until`, with these values for its parameters.

    A value is bound to the statement and never part of its text. Parameters that the query does not have are ignored.
    Raises QueryError.
    """
    try:
        statement = translate(declare_parameters(text, grain(until - since)))
        values = {
            declaration.slot: parameters.get(declaration.name, declaration.default)
            for declaration in statement.declarations
            if declaration.slot in statement.slots
        }
        with store.between(_without_zone(since), _without_zone(until)) as connection:
            return fetch_result(connection.execute(str(statement), values or None))
    except (duckdb_kql.KqlError, duckdb.Error) as error:
        raise QueryError(str(error)) from error


def fetch_result(cursor: duckdb.DuckDBPyConnection, max_rows: int = MAX_ROWS) -> QueryResult:
    """Return the result of an executed statement, with at most `max_rows` rows."""
    columns = [(name, kind(str(type_))) for name, type_, *_ in cursor.description or ()]
    rows = [_with_zone(row) for row in cursor.fetchmany(max_rows + 1)]
    return QueryResult(columns, rows[:max_rows], cut=len(rows) > max_rows)


@lru_cache(256)
def translate(text: str) -> duckdb_kql.TranslationResult:
    """Translate a query to DuckDB's SQL. Cached: the first translation takes 0.2 s. Raises KqlError."""
    return duckdb_kql.to_sql(text, schema=SCHEMA, allow_write=False)


def declare_parameters(text: str, width: str) -> str:
    """Return a query with its parameters declared, so that values can be bound to them; only `grain` is filled in."""
    defaults = {let[1]: let[2] for let in LET.finditer(text)}
    body = LET.sub(lambda let: f"let grain = {width};" if let[1] == "grain" else "", text)
    declarations = ", ".join(f"{name}:string = {default}" for name, default in defaults.items() if name != "grain")
    return f"declare query_parameters({declarations});\n{body}" if declarations else body


def grain(span: timedelta) -> str:
    """Return the width of a chart's point for a time range of this length."""
    return next((width for longest, width in GRAINS.items() if span <= longest), WIDEST_GRAIN)


def kind(type_: str) -> str:
    """Return the page's kind for a DuckDB type."""
    if type_.startswith("TIMESTAMP"):
        return "time"
    if type_ in ("VARCHAR", "BOOLEAN"):
        return "text"
    return "dynamic" if type_ == "JSON" or type_.endswith("[]") else "number"


def _without_zone(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None)


def _with_zone(row: Sequence[Any]) -> Sequence[Any]:
    return [value.replace(tzinfo=UTC) if isinstance(value, datetime) else value for value in row]
