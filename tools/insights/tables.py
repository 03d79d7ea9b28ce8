"""The tables of Application Insights, with the portal's names for their columns.

What an item can fill is stored. The other columns that the portal has (a browser's city, a phone's model) are always
empty here, so they cost nothing but stand in the views, and a query that names one runs in both places.
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
"""What every table has, in the order in which it is stored; the table's own columns follow."""

EMPTY = (
    *("operation_SyntheticSource", "user_AccountId", "client_Type", "client_Model", "client_OS", "client_IP"),
    *("client_City", "client_StateOrProvince", "client_CountryOrRegion", "client_Browser", "appId", "appName"),
    *("itemId", "_ResourceId"),
)
"""What every table has and nothing here fills."""

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
    """What is stored of a table: the common columns, then its own."""
    return {**COMMON, **OWN[table]}


def visible(table: str) -> list[str]:
    """The columns that a query sees."""
    return [*stored(table), "itemType", *EMPTY]


def definition(table: str) -> str:
    """SQL that makes a table, and the view through which queries see it: between `since` and `until`.

    The two are variables of the connection, as the portal's time picker is of the session: no query names them.
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
