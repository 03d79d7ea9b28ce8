"""Faults, each with the test that sees it: what somebody could change in infra/ or monitoring/ by mistake."""

from collections.abc import Sequence
from typing import NamedTuple


class Fault(NamedTuple):
    """A change of a file, which must occur there exactly once, and the test that fails then."""

    file: str
    old: str
    new: str
    seen_by: str
    """The test's name, and after a space its parameter."""


MAIN, MODULES, K8S = "infra/main.bicep", "infra/modules", "infra/k8s"
ACCESS, APP = f"{MODULES}/access.bicep", f"{MODULES}/app.bicep"
GRANTS = "test_everybody_has_exactly_the_roles_that_are_needed_where_they_are_needed"
SETTINGS = "test_every_app_setting_has_the_value_of_its_source"
FLEX = "test_the_app_is_on_flex_consumption"
IDENTITY = "test_the_app_has_one_identity_which_reads_the_vault_too"
ENCRYPTED = "test_the_app_accepts_encrypted_requests_only"
PACKAGE = "test_the_package_is_in_the_account_s_container_which_the_identity_reads"
ACCOUNT = "test_the_account_has_no_keys_and_nothing_public"
VAULT = "test_the_vault_is_opened_by_roles_and_cannot_be_purged"
HOOK = "test_the_hook_s_secret_is_the_one_that_the_app_reads"
AUDIT = "test_reads_of_secrets_and_changes_of_tables_are_audited"
RULES = "test_every_alert_reads_this_component_and_reaches_people"
VALUES = "test_every_alert_has_the_values_of_its_file"
READINESS = "test_the_service_s_readiness_is_requested_from_three_or_more_regions"
OUTAGE = "test_an_outage_pages_people"
TEN_MINUTES = "test_an_outage_of_an_idle_service_is_found_within_ten_minutes"
SUBJECT = "test_only_the_workflow_s_environment_of_that_repository_can_log_in"
SCALE = "test_the_app_scales_as_its_size_says"
FIRES, BELOW = "test_it_fires_at_its_threshold", "test_it_is_silent_just_below_its_threshold"

ROLES = (
    Fault("infra/roles.json", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa4", GRANTS),
    Fault(
        ACCESS,
        "guid(account.id, appPrincipalId, roles['Storage Blob Data Owner'])\n  scope: account",
        "guid(account.id, appPrincipalId, roles['Storage Blob Data Owner'])\n  scope: vault",
        GRANTS,
    ),
    Fault(ACCESS, "  scope: vault\n", "", GRANTS),
    Fault(ACCESS, "    principalId: operatorId\n", "    principalId: appPrincipalId\n", GRANTS),
    Fault(
        ACCESS,
        "    principalType: operatorType\n",
        "    principalType: 'User'\n",
        "test_an_operator_can_be_a_group_or_nobody",
    ),
    Fault(ACCESS, " = if (!empty(operatorId)) {", " = {", "test_an_operator_can_be_a_group_or_nobody"),
    Fault(
        ACCESS,
        "guid(account.id, operatorId, roles['Storage Table Data Contributor'])",
        "guid(account.id, appPrincipalId, roles['Storage Table Data Contributor'])",
        "test_a_role_assignment_has_a_name_of_its_scope_role_and_principal",
    ),
    Fault(
        MAIN, "appPrincipalId: identity.properties.principalId", "appPrincipalId: identity.properties.clientId", GRANTS
    ),
    Fault(
        f"{MODULES}/publisher.bicep",
        "roles['Website Contributor'])\n  }",
        "roles['Storage Blob Data Owner'])\n  }",
        GRANTS,
    ),
    Fault(f"{MODULES}/publisher.bicep", ":environment:${environment}", ":ref:refs/heads/main", SUBJECT),
    Fault(f"{MODULES}/publisher.bicep", "'${subjectPrefix}:", "'repo:${subjectPrefix}:", SUBJECT),
    Fault(f"{MODULES}/publisher.bicep", "api://AzureADTokenExchange", "api://AzureADTokenExchanges", SUBJECT),
    Fault(MAIN, "param githubEnvironment string = 'production'", "param githubEnvironment string = 'smoke'", SUBJECT),
    Fault(MAIN, "= if (!empty(githubSubjectPrefix)) {", "= {", "test_without_a_repository_nobody_can_publish"),
    Fault(
        MAIN,
        "output STORAGE_TABLE_URI string = storage.outputs.tableUri",
        "output STORAGE_TABLE_URI string = storage.outputs.name",
        "test_the_outputs_are_names_and_addresses_and_no_secrets",
    ),
)
SECRETS = (
    Fault(f"{MODULES}/vault.bicep", "@secure()\n", "", "test_a_parameter_that_holds_a_secret_is_secure"),
    Fault(f"{MODULES}/vault.bicep", "    name: 'token-key'\n", "    name: 'tokenkey'\n", HOOK),
    Fault(f"{MODULES}/vault.bicep", "union(tags, { holds: 'token-key' })", "tags", HOOK),
    Fault(f"{MODULES}/vault.bicep", " = if (!empty(tokenKey)) {", " = {", "test_a_deployment_writes_no_token_key"),
    Fault(
        MAIN,
        "    location: location\n    tags: tags\n  }\n}\n\nmodule storage",
        "    name: 'kv-${environmentName}'\n    location: location\n    tags: tags\n  }\n}\n\nmodule storage",
        HOOK,
    ),
    Fault(f"{MODULES}/vault.bicep", "enableRbacAuthorization: true", "enableRbacAuthorization: false", VAULT),
    Fault(f"{MODULES}/vault.bicep", "enablePurgeProtection: true", "enablePurgeProtection: false", VAULT),
    Fault(APP, "SecretName=token-key)", "SecretName=token_key)", HOOK),
    Fault(APP, "    keyVaultReferenceIdentity: identity.id\n", "", IDENTITY),
)
APPLICATION = (
    Fault(APP, "name: 'FC1'", "name: 'Y1'", FLEX),
    Fault(APP, "reserved: true", "reserved: false", FLEX),
    Fault(APP, "kind: 'functionapp,linux'", "kind: 'functionapp'", FLEX),
    Fault(APP, "type: 'UserAssigned'\n", "type: 'SystemAssigned'\n", IDENTITY),
    Fault(APP, "httpsOnly: true", "httpsOnly: false", ENCRYPTED),
    Fault(APP, "      minTlsVersion: '1.2'", "      minTlsVersion: '1.0'", ENCRYPTED),
    Fault(
        APP,
        "supportCredentials: false",
        "supportCredentials: true",
        "test_the_platform_allows_the_origins_of_the_parameter_and_no_cookies",
    ),
    Fault(
        MAIN,
        "origin => trim(origin)",
        "origin => origin",
        "test_the_platform_allows_the_origins_of_the_parameter_and_no_cookies",
    ),
    Fault(
        APP,
        "    name: 'scm'\n    properties: {\n      allow: false",
        "    name: 'scm'\n    properties: {\n      allow: true",
        "test_nothing_is_published_with_a_password",
    ),
    Fault(APP, "}packages'", "}package'", PACKAGE),
    Fault(f"{MODULES}/storage.bicep", "name: 'packages'", "name: 'releases'", PACKAGE),
    Fault(APP, "type: 'UserAssignedIdentity'", "type: 'StorageAccountConnectionString'", PACKAGE),
    Fault(APP, "version: '3.13'", "version: '3.12'", "test_there_is_one_python_version"),
    Fault(MAIN, "  dependsOn: [access]\n", "", "test_the_app_starts_after_its_roles_are_granted"),
    Fault(
        APP,
        "AzureWebJobsStorage__clientId: identity.properties.clientId",
        "AzureWebJobsStorage__clientId: identity.properties.principalId",
        SETTINGS,
    ),
    Fault(
        APP,
        "STORAGE_TABLE_URI: account.properties.primaryEndpoints.table",
        "STORAGE_TABLE_URI: account.properties.primaryEndpoints.blob",
        SETTINGS,
    ),
    Fault(APP, "        AzureWebJobsStorage__credential: 'managedidentity'\n", "", SETTINGS),
    Fault(APP, "insights.properties.ConnectionString", "insights.properties.InstrumentationKey", SETTINGS),
    Fault(APP, "USERS_TABLE: 'users'", "USERS_TABLE: 'user'", "test_the_tables_of_the_settings_exist"),
    Fault(f"{MODULES}/storage.bicep", "name: 'features'", "name: 'feature'", "test_the_tables_of_the_settings_exist"),
    Fault(APP, "FEATURES_SOURCE: featuresSource", "FEATURES_SOURCE: 'none'", "test_parameters_become_settings"),
    Fault(APP, "SecretName=token-key-previous)", "SecretName=token-key)", "test_parameters_become_settings"),
    Fault(
        APP,
        "        FEATURES_TABLE: 'features'\n",
        "        FEATURES_TABLE: 'features'\n        FUNCTIONS_WORKER_RUNTIME: 'python'\n",
        "test_settings_are_known_and_none_is_refused_by_flex_consumption",
    ),
    Fault(APP, "perInstanceConcurrency: scale.perInstanceConcurrency", "perInstanceConcurrency: 1", SCALE),
    Fault(APP, "name: 'http'\n                instanceCount", "name: 'https'\n                instanceCount", SCALE),
    Fault(
        APP, "maximumInstanceCount: scale.maximumInstanceCount", "maximumInstanceCount: scale.instanceMemoryMB", SCALE
    ),
)
DATA = (
    Fault(f"{MODULES}/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", ACCOUNT),
    Fault(f"{MODULES}/storage.bicep", "allowBlobPublicAccess: false", "allowBlobPublicAccess: true", ACCOUNT),
    Fault(f"{MODULES}/storage.bicep", "publicAccess: 'None'", "publicAccess: 'Blob'", ACCOUNT),
    Fault(
        f"{MODULES}/storage.bicep",
        "        enabled: true\n",
        "        enabled: false\n",
        "test_deleted_packages_can_be_restored_for_a_week",
    ),
    Fault(
        f"{MODULES}/storage.bicep",
        "resource tableService 'tableServices' = {\n    name: 'default'",
        "resource tableService 'tableServices' = {\n    name: 'main'",
        "test_services_and_containers_have_the_names_that_azure_requires",
    ),
    Fault(
        MAIN,
        "name: 'st${suffix}'",
        "name: 'st-${suffix}'",
        "test_services_and_containers_have_the_names_that_azure_requires",
    ),
    Fault(
        MAIN,
        "name: 'st${suffix}'",
        "name: 'st${environmentName}${suffix}'",
        "test_a_longest_environment_name_fits_every_resource",
    ),
    Fault(
        MAIN,
        "    sku: storageSku\n",
        "    sku: size == 'small' ? 'Standard_LRS' : 'Standard_ZRS'\n",
        "test_no_size_changes_what_a_deployment_cannot_convert",
    ),
    Fault(
        MAIN,
        "zoneRedundant: sizes[size].zoneRedundant && storageSku == 'Standard_ZRS'",
        "zoneRedundant: sizes[size].zoneRedundant",
        "test_an_app_in_several_zones_has_its_storage_there",
    ),
    Fault(
        "infra/sizes.json",
        '"maximumInstanceCount": 40',
        '"maximumInstanceCount": 39',
        "test_a_size_meets_the_limits_of_flex_consumption",
    ),
    Fault(
        "infra/sizes.json",
        '"perInstanceConcurrency": 32',
        '"perInstanceConcurrency": 320',
        "test_a_size_meets_the_limits_of_flex_consumption",
    ),
    Fault(
        "infra/sizes.json", '"alwaysReady": 2', '"alwaysReady": 1', "test_a_size_meets_the_limits_of_flex_consumption"
    ),
    Fault(MAIN, "@allowed(['small', 'large'])", "@allowed(['small'])", "test_every_size_is_allowed_and_no_other"),
    Fault(
        "infra/main.parameters.json",
        '"storageSku"',
        '"storageSKU"',
        "test_azd_sets_parameters_of_main_and_all_required_ones",
    ),
    Fault(
        "infra/main.parameters.json",
        "${AVAILABILITY_TEST=true}",
        "${AVAILABILITY_TEST=false}",
        "test_azd_s_defaults_are_those_of_main",
    ),
    Fault(
        MAIN,
        "var tags = { 'azd-env-name': environmentName }",
        "var tags = { 'azd-env': environmentName }",
        "test_azd_finds_every_resource_by_its_tag",
    ),
)
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
CLUSTER = (
    Fault(
        f"{K8S}/base/service.yaml",
        "  selector:\n    app.kubernetes.io/name: egl-ml",
        "  selector:\n    app: egl-ml",
        "test_service_policy_budget_and_spread_select_the_deployment_s_pods",
    ),
    Fault(f"{K8S}/base/service.yaml", "targetPort: http", "targetPort: web", "test_the_port_is_the_same_all_the_way"),
    Fault(f"{K8S}/base/network-policy.yaml", "port: 8080", "port: 80", "test_the_port_is_the_same_all_the_way"),
    Fault(
        f"{K8S}/base/network-policy.yaml",
        "kubernetes.io/metadata.name: keda",
        "kubernetes.io/metadata.name: default",
        "test_only_keda_reaches_the_pods_and_they_reach_dns_and_tls",
    ),
    Fault(
        f"{K8S}/base/deployment.yaml",
        "path: /health/ready",
        "path: /health/live",
        "test_probes_call_the_health_functions",
    ),
    Fault(
        f"{K8S}/base/deployment.yaml",
        "            - secretRef:\n                name: egl-ml",
        "            - secretRef:\n                name: egl",
        "test_the_settings_come_from_the_config_map_and_the_secret",
    ),
    Fault(
        f"{K8S}/base/deployment.yaml",
        "runAsNonRoot: true",
        "runAsNonRoot: false",
        "test_the_pod_is_not_root_and_cannot_become_root",
    ),
    Fault(
        f"{K8S}/base/deployment.yaml",
        "readOnlyRootFilesystem: true",
        "readOnlyRootFilesystem: false",
        "test_the_root_is_read_only_and_scratch_space_is_limited",
    ),
    Fault(
        f"{K8S}/base/deployment.yaml",
        "failureThreshold: 60",
        "failureThreshold: 5",
        "test_a_slow_start_is_not_treated_as_a_dead_process",
    ),
    Fault(
        f"{K8S}/base/deployment.yaml",
        "maxUnavailable: 0",
        "maxUnavailable: 1",
        "test_requests_under_way_can_end_before_the_pod_does",
    ),
    Fault(
        f"{K8S}/base/scaled-object.yaml",
        "interceptorRoute: egl-ml",
        "interceptorRoute: egl",
        "test_keda_scales_this_deployment_by_this_route",
    ),
    Fault(
        f"{K8S}/overlays/large/scaled-object.yaml",
        "minReplicaCount: 6",
        "minReplicaCount: 0",
        "test_keda_scales_this_deployment_by_this_route",
    ),
    Fault(
        f"{K8S}/overlays/large/deployment.yaml",
        "memory: 2Gi",
        "memory: 2G",
        "test_a_pod_has_the_memory_it_requests_and_no_limit_of_cpu",
    ),
    Fault(f"{K8S}/overlays/small/kustomization.yaml", 'newTag: "1"', "newTag: latest", "test_the_image_has_a_version"),
    Fault(
        f"{K8S}/base/kustomization.yaml",
        "  - network-policy.yaml\n",
        "",
        "test_every_object_is_rendered_into_one_namespace",
    ),
    Fault(
        f"{K8S}/components/azure/secret-provider-class.yaml",
        "secretName: egl-ml",
        "secretName: vault",
        "test_on_aks_the_driver_makes_the_secret_that_the_pod_reads",
    ),
    Fault(
        f"{K8S}/components/azure/secret-provider-class.yaml",
        "objectName: token-key\n          objectType",
        "objectName: tokenkey\n          objectType",
        "test_on_aks_the_driver_makes_the_secret_that_the_pod_reads",
    ),
    Fault(
        f"{K8S}/components/azure/deployment.yaml",
        "secretProviderClass: egl-ml",
        "secretProviderClass: egl",
        "test_on_aks_the_secret_is_mounted_because_that_creates_it",
    ),
    Fault(
        f"{K8S}/components/azure/service-account.yaml",
        "client-id: 0",
        "client-id: 1",
        "test_on_aks_pods_are_one_identity_everywhere",
    ),
)
IN_AZURE: Sequence[Fault] = (*ROLES, *SECRETS, *APPLICATION, *DATA, *OBSERVED, *QUERIES)
