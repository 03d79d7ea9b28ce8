"""monitoring/workbook.json: an Azure Workbook made of the questions in monitoring/queries, and of nothing else.

Its format is what the portal's editor saves (github.com/microsoft/Application-Insights-Workbooks has its schema). The
`let` of a parameter becomes the workbook's; texts are escaped as JSON, which is how KQL writes them too.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tools.generate.errors import GenerateError
from tools.insights.questions import LET, TABS, Question, QuestionError, questions

PATH = "monitoring/workbook.json"
SCHEMA = "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json"
RESOURCE = {"queryType": 0, "resourceType": "microsoft.insights/components"}
CHOSEN = {"timeContext": {"durationMs": 0}, "timeContextFromParameter": "TimeRange"}
MINUTES = (15, 60, 360, 1_440, 2_880, 10_080, 43_200)
FIRST = 1_440

PARAMETERS = {
    "function": "{Function:escapejson}",
    "user": "{User:escapejson}",
    "operation": "{Operation:escapejson}",
    "grain": "{TimeRange:grain}",
}
"""A file's parameter → the workbook's."""
CHARTS = {"lines": "linechart", "bars": "barchart", "compare": "unstackedbar"}
UNITS = {"%": 1, "ms": 23}
"""The editor's numbers for units; 0 is none."""
NUMBERS = {"style": "decimal", "useGrouping": True, "maximumSignificantDigits": 3}
ABOUT = """# EGL ML
What the service told: docs/telemetry.md. What to do about it: docs/operate.md. The queries are the files of
monitoring/queries; this workbook is made from them by `make generate`."""

type Item = Mapping[str, Any]


def from_queries(root: Path) -> Mapping[str, str]:
    """The workbook. Raises GenerateError when a file does not say what it must."""
    try:
        asked = questions(root / "monitoring")
    except QuestionError as error:
        raise GenerateError(f"{PATH} cannot be made: {error}") from None
    return {PATH: json.dumps(workbook(asked), indent=2, ensure_ascii=False) + "\n"}


def workbook(asked: Sequence[Question]) -> Item:
    """The whole of it: a word, the parameters, the tabs, and a group of questions for each tab."""
    tabs = [tab for tab in TABS if tab != "Choices"]
    groups = [group(tab, [each for each in asked if each.tab == tab]) for tab in tabs]
    return {
        "version": "Notebook/1.0",
        "items": [
            {"type": 1, "content": {"json": ABOUT}, "name": "about"},
            parameters({each.name: each for each in asked}),
            links(tabs),
            *groups,
        ],
        "fallbackResourceIds": [],
        "$schema": SCHEMA,
    }


def parameters(asked: Mapping[str, Question]) -> Item:
    """What the reader chooses, for all tabs."""
    ranges = [{"durationMs": minutes * 60_000} for minutes in MINUTES]
    time = parameter("TimeRange", "Time", 4, isRequired=True, value={"durationMs": FIRST * 60_000})
    return {
        "type": 9,
        "content": {
            "version": "KqlParameterItem/1.0",
            "parameters": [
                {**time, "typeSettings": {"selectableValues": ranges, "allowCustom": True}},
                choice("Function", "Function", asked["functions"]),
                choice("User", "User", asked["users"]),
                parameter("Operation", "Request id", 1, value=""),
            ],
            "style": "pills",
            **RESOURCE,
        },
        "name": "parameters",
    }


def parameter(name: str, label: str, kind: int, **more: Any) -> Item:
    """One parameter; its id is made of its name, so that the file changes only with its content."""
    return {
        "id": str(uuid5(NAMESPACE_URL, f"{PATH}#{name}")),
        "version": "KqlParameterItem/1.0",
        "name": name,
        "label": label,
        "type": kind,
        **more,
    }


def choice(name: str, label: str, question: Question) -> Item:
    """A list whose values are a question's answer. Nothing chosen is an empty text: all."""
    settings = {"additionalResourceOptions": [], "showDefault": False}
    return parameter(name, label, 2, query=query(question), typeSettings=settings, **CHOSEN, **RESOURCE)


def links(tabs: Iterable[str]) -> Item:
    """The tabs; choosing one sets the parameter `tab`."""
    each = {"cellValue": "tab", "linkTarget": "parameter", "style": "link"}
    return {
        "type": 11,
        "content": {
            "version": "LinkItem/1.0",
            "style": "tabs",
            "links": [
                {"id": str(uuid5(NAMESPACE_URL, f"{PATH}#{tab}")), **each, "linkLabel": tab, "subTarget": tab}
                for tab in tabs
            ],
        },
        "name": "tabs",
    }


def group(tab: str, asked: Iterable[Question]) -> Item:
    """What a tab shows."""
    return {
        "type": 12,
        "content": {
            "version": "NotebookGroup/1.0",
            "groupType": "editable",
            "items": [item(question) for question in asked],
        },
        "conditionalVisibility": {"parameterName": "tab", "comparison": "isEqualTo", "value": tab},
        "name": tab,
    }


def item(question: Question) -> Item:
    """A question with its chart or table."""
    narrow = question.chart in CHARTS
    return {
        "type": 3,
        "content": {
            "version": "KqlItem/1.0",
            "query": query(question),
            "size": 0,
            "title": question.title,
            "noDataMessage": question.empty,
            **time_context(question),
            **RESOURCE,
            **(chart(question) if narrow else table(question)),
        },
        **({"customWidth": "50"} if narrow else {}),
        "name": question.name,
        "styleSettings": {"showBorder": True},
    }


def query(question: Question) -> str:
    """The file's text with the workbook's parameters in their places."""
    return LET.sub(lambda found: f"let {found[1]} = {placed(found[1], found[2])};", question.text)


def placed(name: str, given: str) -> str:
    """A parameter of the workbook as KQL's literal: a text like the one that it replaces, or a time span."""
    return f'"{PARAMETERS[name]}"' if given.startswith('"') else PARAMETERS[name]


def time_context(question: Question) -> Item:
    """The reader's time range, or the question's own."""
    return {"timeContext": {"durationMs": int(question.span.total_seconds() * 1000)}} if question.span else CHOSEN


def chart(question: Question) -> Item:
    """How a chart looks."""
    numbers = {"unit": UNITS.get(question.unit, 0), "options": NUMBERS}
    settings = {"showLegend": True, "ySettings": {"numberFormatSettings": numbers, "min": 0}}
    return {"visualization": CHARTS[question.chart], "chartSettings": settings}


def table(question: Question) -> Item:
    """How a table looks: with a box to search it by."""
    rows = 10_000 if question.chart == "story" else 250
    return {"visualization": "table", "gridSettings": {"filter": True, "rowLimit": rows}}
