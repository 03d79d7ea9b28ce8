"""Faults in alerts, audit, the availability test and their queries."""

from tests.infra.faults.fault import MAIN, MODULES, Fault

AUDIT = "test_reads_of_secrets_and_changes_of_tables_are_audited"
RULES = "test_every_alert_reads_this_component_and_reaches_people"
VALUES = "test_every_alert_has_the_values_of_its_file"
READINESS = "test_the_service_s_readiness_is_requested_from_three_or_more_regions"
OUTAGE = "test_an_outage_pages_people"
TEN_MINUTES = "test_an_outage_of_an_idle_service_is_found_within_ten_minutes"
FIRES, BELOW = "test_it_fires_at_its_threshold", "test_it_is_silent_just_below_its_threshold"

OBSERVED = (
    Fault(
        f"{MODULES}/monitoring.bicep",
        "DisableLocalAuth: false",
        "DisableLocalAuth: true",
        "test_application_insights_stores_in_the_workspace_of_the_size",
    ),
    Fault(
        f"{MODULES}/monitoring.bicep",
        "WorkspaceResourceId: workspace.id",
        "WorkspaceResourceId: workspace.name",
        "test_application_insights_stores_in_the_workspace_of_the_size",
    ),
    Fault(
        f"{MODULES}/monitoring.bicep",
        "sourceId: insights.id",
        "sourceId: workspace.id",
        "test_the_workbook_is_the_generated_one_in_that_component",
    ),
    Fault(f"{MODULES}/audit.bicep", "scope: account::tableService", "scope: account", AUDIT),
    Fault(f"{MODULES}/audit.bicep", "category: 'StorageDelete'", "category: 'StorageRead'", AUDIT),
    Fault(f"{MODULES}/alerts.bicep", "scopes: [insights.id]", "scopes: [people.id]", RULES),
    Fault(f"{MODULES}/alerts.bicep", "        actionGroups: [people.id]\n", "        actionGroups: []\n", RULES),
    Fault(f"{MODULES}/alerts.bicep", "skipQueryValidation: true", "skipQueryValidation: false", RULES),
    Fault(
        f"{MODULES}/alerts.bicep",
        "name: 'no-success', text: loadTextContent('../../monitoring/alerts/no-success.kql')",
        "name: 'no-success', text: loadTextContent('../../monitoring/alerts/model-failures.kql')",
        "test_every_alert_s_file_is_deployed_under_its_name",
    ),
    Fault(f"{MODULES}/alerts.bicep", "windowSize: rule.header.window", "windowSize: 'PT1H'", VALUES),
    Fault(
        f"{MODULES}/alerts.bicep", "operator: 'GreaterThanOrEqual'", "operator: 'GreaterThan'", f"{FIRES} no-success"
    ),
    Fault(f"{MODULES}/alerts.bicep", "timeAggregation: 'Maximum'", "timeAggregation: 'Average'", VALUES),
    Fault(
        f"{MODULES}/alerts.bicep",
        "metricMeasureColumn: 'value'",
        "metricMeasureColumn: 'samples'",
        f"{BELOW} model-failures",
    ),
    Fault(
        f"{MODULES}/alerts.bicep",
        "numberOfEvaluationPeriods: 1\n              minFailingPeriodsToAlert: 1",
        "numberOfEvaluationPeriods: 2\n              minFailingPeriodsToAlert: 2",
        VALUES,
    ),
    Fault(
        f"{MODULES}/alerts.bicep",
        "\\n| where samples >= ${rule.header.minimum}",
        "",
        "test_it_is_silent_with_one_sample_too_few no-success",
    ),
    Fault(
        f"{MODULES}/alerts.bicep",
        "evaluationFrequency: 'PT5M'",
        "evaluationFrequency: 'PT1H'",
        "test_no_moment_is_between_two_windows_of_an_alert",
    ),
    Fault(
        f"{MODULES}/alerts.bicep",
        "emailAddress: email",
        "emailAddress: insightsName",
        "test_alerts_go_to_the_address_or_to_nobody",
    ),
    Fault(f"{MODULES}/availability.bicep", "/health/ready'", "/health/live'", READINESS),
    Fault(f"{MODULES}/availability.bicep", "ExpectedHttpStatusCode: 200", "ExpectedHttpStatusCode: 0", READINESS),
    Fault(f"{MODULES}/availability.bicep", "Frequency: 300", "Frequency: 900", TEN_MINUTES),
    Fault(f"{MODULES}/availability.bicep", "Timeout: 30", "Timeout: 120", TEN_MINUTES),
    Fault(f"{MODULES}/availability.bicep", "failedLocationCount: 3", "failedLocationCount: 5", TEN_MINUTES),
    Fault(f"{MODULES}/availability.bicep", "severity: 0", "severity: 3", OUTAGE),
    Fault(f"{MODULES}/availability.bicep", "webTestId: test.id", "webTestId: insights.id", OUTAGE),
    Fault(
        MAIN,
        "url: empty(publicUrl) ? app.outputs.url : publicUrl",
        "url: app.outputs.url",
        "test_the_availability_test_follows_a_proxy_and_can_be_left_out",
    ),
)

QUERIES = (
    Fault(
        "monitoring/alerts/no-success.kql",
        '"POST predict" or',
        '"GET predict" or',
        "test_a_host_in_opentelemetry_mode_names_and_refuses_otherwise",
    ),
    Fault(
        "monitoring/alerts/no-success.kql",
        "| where isempty(operation)\n",
        "",
        "test_it_is_silent_with_one_sample_too_few no-success",
    ),
    Fault(
        "monitoring/alerts/no-success.kql",
        '| extend refused = resultCode startswith "4",',
        "| extend refused = false,",
        "test_strangers_do_not_hide_an_outage",
    ),
    Fault(
        "monitoring/alerts/no-success.kql",
        '| where outcome != "logins-busy"\n',
        "",
        "test_a_full_login_queue_is_no_outage",
    ),
    Fault(
        "monitoring/alerts/no-success.kql",
        ", hosts\n",
        "\n",
        "test_it_fires_when_everything_crashes_and_there_are_no_wide_events",
    ),
    Fault(
        "monitoring/alerts/no-success.kql",
        " by part\n",
        ' by part = "all"\n',
        "test_logins_that_all_fail_are_an_outage_while_predictions_succeed",
    ),
    Fault(
        "monitoring/alerts/model-failures.kql", "// threshold: 5\n", "// threshold: 4.7\n", f"{BELOW} model-failures"
    ),
    Fault(
        "monitoring/alerts/slow-predictions.kql",
        "percentile(duration, 95)",
        "percentile(duration, 99)",
        "test_it_is_silent_on_every_window_of_a_sound_day slow-predictions",
    ),
    Fault("monitoring/alerts/lost-telemetry.kql", "newest - 5m", "newest - 5d", f"{FIRES} lost-telemetry"),
    Fault(
        "monitoring/alerts/login-failures.kql",
        '("401", "429")',
        '("401")',
        "test_throttled_and_queued_logins_count_and_are_shown",
    ),
)
