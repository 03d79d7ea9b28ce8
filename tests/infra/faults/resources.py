"""Faults in the app, its storage and its sizes."""

from tests.infra.faults.fault import APP, IDENTITY, MAIN, MODULES, Fault

SETTINGS = "test_every_app_setting_has_the_value_of_its_source"
FLEX = "test_the_app_is_on_flex_consumption"
ENCRYPTED = "test_the_app_accepts_encrypted_requests_only"
PACKAGE = "test_the_package_is_in_the_account_s_container_which_the_identity_reads"
ACCOUNT = "test_the_account_has_no_keys_and_nothing_public"
SCALE = "test_the_app_scales_as_its_size_says"

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
    Fault(APP, "CHALLENGER_SHARE: challengerShare", "CHALLENGER_SHARE: '0'", "test_parameters_become_settings"),
    Fault(MAIN, "challengerShare: challengerShare", "challengerShare: '1'", "test_parameters_become_settings"),
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
