"""Generate monitoring/workbook.json: an Azure Workbook of the queries in monitoring/queries.

The format is that of the portal's editor (its schema is in github.com/microsoft/Application-Insights-Workbooks). The
`let` of a parameter becomes the workbook's parameter. Texts are escaped as JSON, which KQL reads too.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tools.errors import GenerateError
from tools.insights.queries import LET, TABS, Query, QueryFileError, queries

PATH = "monitoring/workbook.json"
SCHEMA = "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json"
RESOURCE = {"queryType": 0, "resourceType": "microsoft.insights/components"}
TIME_RANGE = {"timeContext": {"durationMs": 0}, "timeContextFromParameter": "TimeRange"}
MINUTES = (15, 60, 360, 1_440, 2_880, 10_080, 43_200)
DEFAULT_MINUTES = 1_440

PARAMETERS = {
    "function": "{Function:escapejson}",
    "user": "{User:escapejson}",
    "only": "{Only:escapejson}",
    "around": "{Around:escapejson}",
    "operation": "{Operation:escapejson}",
    "grain": "{TimeRange:grain}",
}
"""A file's parameter → the workbook's."""
CHARTS = {"lines": "linechart", "bars": "barchart", "compare": "unstackedbar"}
UNITS = {"%": 1, "ms": 23}
"""The editor's numbers for units; 0 means none."""
NUMBERS = {"style": "decimal", "useGrouping": True, "maximumSignificantDigits": 3}
ABOUT = """# EGL ML
What the service sends: docs/telemetry.md. What to do about it: docs/operate.md. `make generate` generates this workbook
from the queries in monitoring/queries."""

type Item = Mapping[str, Any]


def from_queries(root: Path) -> Mapping[str, str]:
    """Return the workbook. Raises GenerateError when a query file is invalid."""
    try:
        content = workbook(queries(root / "monitoring"))
    except QueryFileError as error:
        raise GenerateError(f"{PATH} cannot be generated: {error}") from None
    return {PATH: json.dumps(content, indent=2, ensure_ascii=False) + "\n"}


def workbook(queries: Sequence[Query]) -> Item:
    """Return the workbook: a description, the parameters, the tabs, and a group of queries for each tab."""
    tabs = [tab for tab in TABS if tab != "Choices"]
    groups = [group(tab, [query for query in queries if query.tab == tab]) for tab in tabs]
    return {
        "version": "Notebook/1.0",
        "items": [
            {"type": 1, "content": {"json": ABOUT}, "name": "about"},
            parameters({query.name: query for query in queries}),
            links(tabs),
            *groups,
        ],
        "fallbackResourceIds": [],
        "$schema": SCHEMA,
    }


def parameters(queries: Mapping[str, Query]) -> Item:
    """Return the parameters that the reader chooses, for all tabs."""
    ranges = [{"durationMs": minutes * 60_000} for minutes in MINUTES]
    time = parameter("TimeRange", "Time", 4, isRequired=True, value={"durationMs": DEFAULT_MINUTES * 60_000})
    return {
        "type": 9,
        "content": {
            "version": "KqlParameterItem/1.0",
            "parameters": [
                {**time, "typeSettings": {"selectableValues": ranges, "allowCustom": True}},
                choice("Function", "Function", queries["functions"]),
                choice("User", "User", queries["users"]),
                listed("Only", "Only", {"": "all requests", "failures": "failures"}),
                parameter("Around", "Around (UTC, ± 5 min)", 1, value=""),
                parameter("Operation", "Request id", 1, value=""),
            ],
            "style": "pills",
            **RESOURCE,
        },
        "name": "parameters",
    }


def parameter(name: str, label: str, kind: int, **members: Any) -> Item:
    """Return one parameter. Its id comes from its name, so that the file changes only with its content."""
    return {
        "id": str(uuid5(NAMESPACE_URL, f"{PATH}#{name}")),
        "version": "KqlParameterItem/1.0",
        "name": name,
        "label": label,
        "type": kind,
        **members,
    }


def choice(name: str, label: str, query: Query) -> Item:
    """Return a list with a query's result as values. Without a choice it is an empty text, which means all."""
    settings = {"additionalResourceOptions": [], "showDefault": False}
    return parameter(name, label, 2, query=query_text(query), typeSettings=settings, **TIME_RANGE, **RESOURCE)


def listed(name: str, label: str, choices: Mapping[str, str]) -> Item:
    """Return a list with fixed values and their texts."""
    data = json.dumps([{"value": value, "label": text} for value, text in choices.items()])
    return parameter(name, label, 2, jsonData=data, typeSettings={"showDefault": False}, value="")


def links(tabs: Iterable[str]) -> Item:
    """Return the tabs. A click on one sets the parameter `tab`."""
    link = {"cellValue": "tab", "linkTarget": "parameter", "style": "link"}
    return {
        "type": 11,
        "content": {
            "version": "LinkItem/1.0",
            "style": "tabs",
            "links": [
                {"id": str(uuid5(NAMESPACE_URL, f"{PATH}#{tab}")), **link, "linkLabel": tab, "subTarget": tab}
                for tab in tabs
            ],
        },
        "name": "tabs",
    }


def group(tab: str, queries: Iterable[Query]) -> Item:
    """Return the content of a tab."""
    return {
        "type": 12,
        "content": {
            "version": "NotebookGroup/1.0",
            "groupType": "editable",
            "items": [item(query) for query in queries],
        },
        "conditionalVisibility": {"parameterName": "tab", "comparison": "isEqualTo", "value": tab},
        "name": tab,
    }


def item(query: Query) -> Item:
    """Return a query with its chart or table."""
    is_chart = query.chart in CHARTS
    return {
        "type": 3,
        "content": {
            "version": "KqlItem/1.0",
            "query": query_text(query),
            "size": 0,
            "title": query.title,
            "noDataMessage": query.empty,
            **time_context(query),
            **RESOURCE,
            **(chart(query) if is_chart else table(query)),
        },
        **({"customWidth": "50"} if is_chart else {}),
        "name": query.name,
        "styleSettings": {"showBorder": True},
    }


def query_text(query: Query) -> str:
    """Return the file's text with the workbook's parameters."""
    return LET.sub(lambda let: f"let {let[1]} = {literal(let[1], let[2])};", query.text)


def literal(name: str, default: str) -> str:
    """Return a parameter of the workbook as a literal of KQL: a text or a time span, like the default."""
    return f'"{PARAMETERS[name]}"' if default.startswith('"') else PARAMETERS[name]


def time_context(query: Query) -> Item:
    """Return the reader's time range, or the query's own."""
    return {"timeContext": {"durationMs": int(query.span.total_seconds() * 1000)}} if query.span else TIME_RANGE


def chart(query: Query) -> Item:
    """Return the settings of a chart."""
    numbers = {"unit": UNITS.get(query.unit, 0), "options": NUMBERS}
    settings = {"showLegend": True, "ySettings": {"numberFormatSettings": numbers, "min": 0}}
    return {"visualization": CHARTS[query.chart], "chartSettings": settings}


def table(query: Query) -> Item:
    """Return the settings of a table, with a search box."""
    rows = 10_000 if query.chart == "story" else 250
    return {"visualization": "table", "gridSettings": {"filter": True, "rowLimit": rows}}
