"""Telemetry, audit, alerts and the availability test: where they go, and what they read."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.infra.azure import Azure
from tests.infra.bicep.template import Resource
from tests.monitoring.rules import deployed, duration

# Microsoft.Insights/scheduledQueryRules
WINDOWS = {timedelta(minutes=m) for m in (1, 5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880)}
TRIES, SECONDS_BETWEEN_TRIES = 3, 20


def insights(azure: Azure) -> Resource:
    return azure.one("Insights/components")


def test_application_insights_stores_in_the_workspace_of_the_size(azure: Azure) -> None:
    workspace = azure.one("OperationalInsights/workspaces")
    assert insights(azure).properties == {
        "Application_Type": "web",
        "WorkspaceResourceId": workspace.id,
        "DisableLocalAuth": False,  # the exporter sends no Entra token
    }
    for size, days, gigabytes in (("small", 30, 1), ("large", 90, -1)):
        given = azure.given(size=size).one("OperationalInsights/workspaces").properties
        assert (given["retentionInDays"], given["workspaceCapping"]) == (days, {"dailyQuotaGb": gigabytes})


def test_the_workbook_is_the_generated_one_in_that_component(azure: Azure) -> None:
    workbook = azure.one("Insights/workbooks")
    assert workbook.properties["serializedData"] == azure.files["monitoring/workbook.json"]
    assert workbook.properties["sourceId"] == insights(azure).id
    assert (workbook.properties["category"], workbook.body["kind"]) == ("workbook", "shared")


def test_reads_of_secrets_and_changes_of_tables_are_audited(azure: Azure) -> None:
    workspace = azure.one("OperationalInsights/workspaces").id
    logs: dict[str, list[Mapping[str, Any]]] = {}
    for setting in azure.all("Insights/diagnosticSettings"):
        assert setting.properties["workspaceId"] == workspace
        logs[setting.id.partition("/providers/Microsoft.Insights")[0]] = setting.properties["logs"]
    assert logs == {
        azure.one("KeyVault/vaults").id: [{"categoryGroup": "audit", "enabled": True}],
        azure.one("Storage/storageAccounts/tableServices").id: [
            {"category": "StorageWrite", "enabled": True},
            {"category": "StorageDelete", "enabled": True},
        ],
        azure.one("Web/sites").id: [{"category": "FunctionAppLogs", "enabled": True}],
    }


def test_every_alert_s_file_is_deployed_under_its_name(azure: Azure) -> None:
    files = {path: text for path, text in azure.files.items() if path.startswith("monitoring/alerts/")}
    rules = deployed(azure)
    assert {f"monitoring/alerts/{name}.kql" for name in rules} == set(files)
    for name, rule in rules.items():
        assert rule.criterion["query"].startswith(files[f"monitoring/alerts/{name}.kql"].strip())


def test_every_alert_reads_this_component_and_reaches_people(azure: Azure) -> None:
    group = azure.one("Insights/actionGroups")
    for rule in deployed(azure).values():
        given = rule.resource.properties
        assert (given["enabled"], given["scopes"], rule.resource.body["kind"]) == (
            True,
            [insights(azure).id],
            "LogAlert",
        )
        assert given["actions"] == {"actionGroups": [group.id]}
        assert (given["autoMitigate"], given["skipQueryValidation"]) == (True, True)


def test_every_alert_has_the_values_of_its_file(azure: Azure) -> None:
    for name, rule in deployed(azure).items():
        lines = azure.files[f"monitoring/alerts/{name}.kql"].partition("//\n")[0].splitlines()
        header = dict(line.removeprefix("// ").split(": ", 1) for line in lines)
        given = rule.resource.properties
        assert rule.criterion["query"].endswith(f"\n| where samples >= {header['minimum']}")
        assert (given["displayName"], given["severity"]) == (header["title"], int(header["severity"]))
        assert given["description"].endswith(header["runbook"])
        assert given["severity"] in range(5)
        assert (given["windowSize"], rule.criterion["threshold"]) == (header["window"], float(header["threshold"]))
        assert rule.criterion["metricMeasureColumn"] == "value"
        assert (rule.criterion["timeAggregation"], rule.criterion["operator"]) == ("Maximum", "GreaterThanOrEqual")
        assert rule.criterion["failingPeriods"] == {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}


def test_no_moment_is_between_two_windows_of_an_alert(azure: Azure) -> None:
    for rule in deployed(azure).values():
        assert rule.window in WINDOWS
        assert rule.frequency == timedelta(minutes=5) <= rule.window


def test_alerts_go_to_the_address_or_to_nobody(azure: Azure) -> None:
    group = azure.one("Insights/actionGroups").properties
    assert group["enabled"] is True
    assert len(group["groupShortName"]) <= 12
    (receiver,) = group["emailReceivers"]
    assert receiver["emailAddress"] == azure.parameters["alertEmail"]
    assert azure.given(alertEmail="").one("Insights/actionGroups").properties["emailReceivers"] == []


def test_the_service_s_readiness_is_requested_from_three_or_more_regions(azure: Azure) -> None:
    test = azure.one("Insights/webtests")
    given = test.properties
    assert (test.body["kind"], given["Kind"], given["Enabled"]) == ("standard", "standard", True)
    assert len({location["Id"] for location in given["Locations"]}) == len(given["Locations"]) >= 3
    assert (
        given["Request"]["RequestUrl"] == f"https://{azure.one('Web/sites').id}.properties.defaultHostName/health/ready"
    )
    assert given["Request"]["HttpVerb"] == "GET"
    assert (given["ValidationRules"]["ExpectedHttpStatusCode"], given["ValidationRules"]["SSLCheck"]) == (200, True)
    assert test.body["tags"][f"hidden-link:{insights(azure).id}"] == "Resource"
    assert given["SyntheticMonitorId"] == test.name


def test_an_outage_pages_people(azure: Azure) -> None:
    alert, test = azure.one("Insights/metricAlerts"), azure.one("Insights/webtests")
    given = alert.properties
    assert (given["severity"], given["enabled"], alert.body["location"]) == (0, True, "global")
    assert given["scopes"] == [test.id, insights(azure).id]
    criteria = given["criteria"]
    assert criteria["odata.type"] == "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria"
    assert (criteria["webTestId"], criteria["componentId"]) == (test.id, insights(azure).id)
    assert given["actions"] == [{"actionGroupId": azure.one("Insights/actionGroups").id}]
    assert alert.body["tags"][f"hidden-link:{insights(azure).id}"] == "Resource"


def test_an_outage_of_an_idle_service_is_found_within_ten_minutes(azure: Azure) -> None:
    test, alert = azure.one("Insights/webtests").properties, azure.one("Insights/metricAlerts").properties
    failed = TRIES * test["Timeout"] + (TRIES - 1) * SECONDS_BETWEEN_TRIES if test["RetryEnabled"] else test["Timeout"]
    frequency = duration(alert["evaluationFrequency"]).total_seconds()
    assert test["Frequency"] + failed + frequency <= 540  # a minute is left for the result to arrive
    assert duration(alert["windowSize"]).total_seconds() >= test["Frequency"]
    assert 2 <= alert["criteria"]["failedLocationCount"] <= len(test["Locations"]) - 2


def test_the_availability_test_follows_a_proxy_and_can_be_left_out(azure: Azure) -> None:
    proxied = azure.given(publicUrl="https://ml.example").one("Insights/webtests").properties
    assert proxied["Request"]["RequestUrl"] == "https://ml.example/health/ready"
    without = azure.given(availabilityTest=False)
    assert (without.all("Insights/webtests"), without.all("Insights/metricAlerts")) == ([], [])
