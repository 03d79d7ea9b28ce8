"""Faults in who may do what, and in secrets."""

from tests.infra.faults.fault import ACCESS, APP, IDENTITY, MAIN, MODULES, Fault

GRANTS = "test_everybody_has_exactly_the_roles_that_are_needed_where_they_are_needed"
VAULT = "test_the_vault_is_opened_by_roles_and_cannot_be_purged"
HOOK = "test_the_hook_s_secret_is_the_one_that_the_app_reads"
SUBJECT = "test_only_the_workflow_s_environment_of_that_repository_can_log_in"

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
