"""The tables of Application Insights, with the portal's names for their columns.

Columns that an item can fill are stored. The portal's other columns (a browser's city, a phone's model) are always
empty here. They are only in the views, at no cost, so that a query that names one runs in both places.
"""

from collections.abc import Mapping

type Columns = Mapping[str, str]
"""Column → DuckDB type."""

COMMON: Columns = {
    "timestamp": "TIMESTAMP",
    "customDimensions": "JSON",
    "customMeasurements": "JSON",
    "operation_Name": "VARCHAR",
    "operation_Id": "VARCHAR",
    "operation_ParentId": "VARCHAR",
    "user_Id": "VARCHAR",
    "user_AuthenticatedId": "VARCHAR",
    "session_Id": "VARCHAR",
    "application_Version": "VARCHAR",
    "cloud_RoleName": "VARCHAR",
    "cloud_RoleInstance": "VARCHAR",
    "iKey": "VARCHAR",
    "sdkVersion": "VARCHAR",
    "itemCount": "INTEGER",
}
"""The stored columns of every table, in their order; the table's own columns follow."""

EMPTY = (
    *("operation_SyntheticSource", "user_AccountId", "client_Type", "client_Model", "client_OS", "client_IP"),
    *("client_City", "client_StateOrProvince", "client_CountryOrRegion", "client_Browser", "appId", "appName"),
    *("itemId", "_ResourceId"),
)
"""Columns of every table that are always empty here."""

OWN: Mapping[str, Columns] = {
    "requests": {
        "id": "VARCHAR",
        "source": "VARCHAR",
        "name": "VARCHAR",
        "url": "VARCHAR",
        "success": "VARCHAR",
        "resultCode": "VARCHAR",
        "duration": "DOUBLE",
    },
    "dependencies": {
        "id": "VARCHAR",
        "target": "VARCHAR",
        "type": "VARCHAR",
        "name": "VARCHAR",
        "data": "VARCHAR",
        "success": "VARCHAR",
        "resultCode": "VARCHAR",
        "duration": "DOUBLE",
    },
    "traces": {"message": "VARCHAR", "severityLevel": "INTEGER"},
    "exceptions": {
        "problemId": "VARCHAR",
        "type": "VARCHAR",
        "message": "VARCHAR",
        "method": "VARCHAR",
        "outerType": "VARCHAR",
        "outerMessage": "VARCHAR",
        "innermostType": "VARCHAR",
        "innermostMessage": "VARCHAR",
        "severityLevel": "INTEGER",
        "details": "JSON",
    },
    "customEvents": {"name": "VARCHAR"},
    "customMetrics": {
        "name": "VARCHAR",
        "value": "DOUBLE",
        "valueCount": "INTEGER",
        "valueSum": "DOUBLE",
        "valueMin": "DOUBLE",
        "valueMax": "DOUBLE",
        "valueStdDev": "DOUBLE",
    },
}
"""Table → the columns that only it has."""

ITEM_TYPES = {
    "requests": "request",
    "dependencies": "dependency",
    "traces": "trace",
    "exceptions": "exception",
    "customEvents": "customEvent",
    "customMetrics": "customMetric",
}


def stored(table: str) -> Columns:
    """Return the stored columns of a table: the common columns, then its own."""
    return {**COMMON, **OWN[table]}


def visible(table: str) -> list[str]:
    """Return the columns that a query sees."""
    return [*stored(table), "itemType", *EMPTY]


def definition(table: str) -> str:
    """Return the SQL that creates a table, and a view of its rows between `since` and `until` for the queries.

    Both are variables of the connection, so no query names them: the portal's time picker works the same way.
    """
    columns = ", ".join(f'"{name}" {type_}' for name, type_ in stored(table).items())
    empty = ", ".join(f"'' AS \"{name}\"" for name in EMPTY)
    return f"""
        CREATE TABLE stored."{table}" ({columns});
        CREATE VIEW main."{table}" AS
        SELECT *, '{ITEM_TYPES[table]}' AS "itemType", {empty}
        FROM stored."{table}"
        WHERE "timestamp" >= getvariable('since') AND "timestamp" < getvariable('until');
    """  # noqa: S608 - names from this file
