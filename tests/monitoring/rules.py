"""Alert rules as Azure runs them: the deployed resource, evaluated on stored telemetry."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tests.infra.azure import Azure, committed
from tests.infra.bicep.template import Resource
from tools.insights.kql import run_query
from tools.insights.store import Store

AGGREGATIONS = {"Maximum": max, "Minimum": min, "Total": sum, "Average": lambda values: sum(values) / len(values)}
OPERATORS = {
    "GreaterThan": lambda value, threshold: value > threshold,
    "GreaterThanOrEqual": lambda value, threshold: value >= threshold,
    "LessThan": lambda value, threshold: value < threshold,
    "LessThanOrEqual": lambda value, threshold: value <= threshold,
    "Equals": lambda value, threshold: value == threshold,
}


def duration(text: str) -> timedelta:
    """Return an ISO 8601 duration."""
    return msgspec.convert(text, timedelta, strict=False)


class Rule:
    """A deployed rule of type scheduledQueryRules."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.name = resource.name.removeprefix("alert-")
        (self.criterion,) = resource.properties["criteria"]["allOf"]
        self.window = duration(resource.properties["windowSize"])
        self.frequency = duration(resource.properties["evaluationFrequency"])

    def fires(self, store: Store, now: datetime) -> bool:
        """Return true when enough of the evaluations up to `now` fail."""
        periods = self.criterion["failingPeriods"]
        times = [now - self.frequency * i for i in range(periods["numberOfEvaluationPeriods"])]
        return sum(self.exceeds(self.value(store, time)) for time in times) >= periods["minFailingPeriodsToAlert"]

    def value(self, store: Store, now: datetime) -> float | None:
        """Return the value that is compared with the threshold, or None when the query has no row."""
        column = self.criterion["metricMeasureColumn"]
        values = [float(row[column]) for row in self.rows(store, now) if row[column] is not None]
        return AGGREGATIONS[self.criterion["timeAggregation"]](values) if values else None

    def rows(self, store: Store, now: datetime) -> Sequence[Mapping[str, Any]]:
        """Return the query's rows for the window that ends at `now`."""
        return run_query(store, self.criterion["query"], now - self.window, now).records()

    def exceeds(self, value: float | None) -> bool:
        """Return true when one evaluation with this value fails."""
        return value is not None and OPERATORS[self.criterion["operator"]](value, self.criterion["threshold"])


def deployed(azure: Azure | None = None) -> Mapping[str, Rule]:
    """Return the rules of a deployment, by the names of their files."""
    rules = map(Rule, (azure or Azure(committed())).all("Insights/scheduledQueryRules"))
    return {rule.name: rule for rule in rules}
