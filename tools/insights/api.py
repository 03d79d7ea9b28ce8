"""The page's API below /api/: the queries, their results, and the alerts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tools.insights import alerts, queries
from tools.insights.kql import QueryResult, run_query
from tools.insights.queries import PARAMETERS
from tools.insights.store import Store


class NotFound(Exception):
    """The path does not exist."""


def get(store: Store, path: str, parameters: Mapping[str, str]) -> Any:
    """Return the result of a GET of `path` below /api/, ready to be encoded.

    The query files are read each time, so an edit shows at the page's next request. Raises NotFound, QueryError,
    QueryFileError, and msgspec.ValidationError for an invalid time.
    """
    kind, _, name = path.partition("/")
    if kind == "questions":
        return query(store, name, parameters) if name else listed()
    if kind == "alerts":
        now = datetime.now(UTC)
        return alert(store, name, now) if name else [alerts.state(store, each, now) for each in queries.alerts()]
    raise NotFound(path)


def alert(store: Store, name: str, now: datetime) -> dict[str, Any]:
    """Return an alert's state, its query with the result now, and the runbook's chapter. Raises the same as `get`."""
    found = next((each for each in queries.alerts() if each.name == name), None)
    if found is None:
        raise NotFound(name)
    return {
        "alert": alerts.state(store, found, now),
        "query": found.query,
        "result": run_query(store, found.query, now - found.window, now),
        "chapter": alerts.chapter(queries.MONITORING.parent, found),
    }


def listed() -> list[dict[str, Any]]:
    """Return all queries with their parameters. Raises QueryFileError."""
    return [{**msgspec.to_builtins(query), "parameters": query.parameters} for query in queries.queries()]


def query(store: Store, name: str, parameters: Mapping[str, str]) -> QueryResult:
    """Run a query over the time and with the values of the parameters. Raises the same as `get`."""
    text = next((query.text for query in queries.queries() if query.name == name), None)
    if text is None:
        raise NotFound(name)
    since, until = (msgspec.convert(parameters.get(end, ""), datetime) for end in ("since", "until"))
    values = {name: parameters[name] for name in PARAMETERS if name in parameters}
    return run_query(store, text, since, until, values)
