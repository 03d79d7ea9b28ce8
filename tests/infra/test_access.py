"""Who may do what on which resource, and where secrets are."""

from collections.abc import Mapping
from typing import Any

import yaml

from tests.infra.azure import ROOT, Azure
from tests.infra.bicep.functions import GROUP, TENANT
from tests.infra.bicep.template import Resource, deploy

# Azure's built-in roles: learn.microsoft.com/azure/role-based-access-control/built-in-roles
BUILT_IN_ROLES = {
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "de139f84-1756-47ae-9be6-808fbbe84772": "Website Contributor",
}
ASSIGNMENT = "Authorization/roleAssignments"


def identities(azure: Azure) -> Mapping[str, Resource]:
    """Return the identities by their purpose."""
    found = azure.all("ManagedIdentity/userAssignedIdentities")
    return {"publisher" if "publisher" in identity.name else "app": identity for identity in found}


def grants(azure: Azure) -> set[tuple[str, str, str, str]]:
    """Return all grants: role, kind of principal, principal, scope."""
    return {grant(resource) for resource in azure.all(ASSIGNMENT)}


def grant(resource: Resource) -> tuple[str, str, str, str]:
    given = resource.properties
    role = BUILT_IN_ROLES.get(given["roleDefinitionId"].rpartition("/")[2], "another")
    scope = resource.id.partition(f"/providers/{resource.type}")[0]
    return role, given["principalType"], str(given["principalId"]), scope


def principal(identity: Resource) -> str:
    return f"{identity.id}.properties.principalId"


def test_everybody_has_exactly_the_roles_that_are_needed_where_they_are_needed(azure: Azure) -> None:
    account, vault = azure.one("Storage/storageAccounts").id, azure.one("KeyVault/vaults").id
    app, publisher = (principal(identities(azure)[name]) for name in ("app", "publisher"))
    assert grants(azure) == {
        ("Storage Blob Data Owner", "ServicePrincipal", app, account),
        ("Storage Table Data Contributor", "ServicePrincipal", app, account),
        ("Key Vault Secrets User", "ServicePrincipal", app, vault),
        ("Storage Table Data Contributor", "User", azure.parameters["operatorId"], account),
        ("Website Contributor", "ServicePrincipal", publisher, GROUP),
    }


def test_an_operator_can_be_a_group_or_nobody(azure: Azure) -> None:
    group = azure.given(operatorId="g", operatorType="Group")
    assert [kind for _, kind, who, _ in grants(group) if who == "g"] == ["Group"]
    assert len(grants(azure.given(operatorId=""))) == len(grants(azure)) - 1


def test_a_role_assignment_has_a_name_of_its_scope_role_and_principal(azure: Azure) -> None:
    """Azure refuses a changed assignment under an old name."""
    names = [resource.name for resource in azure.all(ASSIGNMENT)]
    assert len(set(names)) == len(names)
    changed = {resource.name for resource in azure.given(operatorId="other").all(ASSIGNMENT)} - set(names)
    assert len(changed) == 1


def test_only_the_workflow_s_environment_of_that_repository_can_log_in(azure: Azure) -> None:
    credential = azure.one("ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials")
    workflow = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text(encoding="utf-8"))
    environment = workflow["jobs"]["deploy"]["environment"]["name"]
    assert credential.parent == identities(azure)["publisher"]
    assert credential.properties == {
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": f"repo:owner@12/name@34:environment:{environment}",
        "audiences": ["api://AzureADTokenExchange"],
    }


def test_without_a_repository_nobody_can_publish(azure: Azure) -> None:
    nobody = azure.given(githubSubjectPrefix="")
    assert set(identities(nobody)) == {"app"}
    assert nobody.template.outputs["AZURE_PUBLISHER_CLIENT_ID"] == ""


def test_the_outputs_are_names_and_addresses_and_no_secrets(azure: Azure) -> None:
    site, publisher = azure.one("Web/sites"), identities(azure)["publisher"]
    assert azure.template.outputs == {
        "AZURE_FUNCTION_APP_NAME": site.name,
        "AZURE_FUNCTION_APP_URL": f"https://{site.id}.properties.defaultHostName",
        "AZURE_KEY_VAULT_NAME": azure.one("KeyVault/vaults").name,
        "AZURE_PUBLISHER_CLIENT_ID": f"{publisher.id}.properties.clientId",
        "AZURE_PUBLISHER_TENANT_ID": TENANT,
        "STORAGE_TABLE_URI": f"{azure.one('Storage/storageAccounts').id}.properties.primaryEndpoints.table",
    }


def test_a_deployment_writes_no_token_key(azure: Azure) -> None:
    everything = azure.given(acceptPreviousTokenKey=True, size="large")
    assert everything.all("KeyVault/vaults/secrets") == []


def keyed(azure: Azure) -> Any:
    """Return what the hook deploys."""
    return deploy(azure.files, "infra/modules/vault.bicep", {"tokenKey": "a new key"})


def test_the_hook_s_secret_is_the_one_that_the_app_reads(azure: Azure) -> None:
    vault, secret = keyed(azure).resources
    assert (vault.id, vault.body["tags"].get("holds")) == (azure.one("KeyVault/vaults").id, "token-key")
    assert secret.properties["value"] == "a new key"
    reference = f"@Microsoft.KeyVault(VaultName={vault.name};SecretName={secret.name})"
    assert azure.settings["TOKEN_KEY"] == reference


def test_main_changes_nothing_that_the_hook_created(azure: Azure) -> None:
    vault, _ = keyed(azure).resources
    deployed = azure.one("KeyVault/vaults")
    assert deployed.properties == vault.properties
    assert deployed.body["tags"].items() >= vault.body["tags"].items()


def test_a_parameter_that_holds_a_secret_is_secure(azure: Azure) -> None:
    texts = [parameter for parameter in keyed(azure).parameters if parameter.type == "string"]
    secrets = {parameter.name: parameter.secure for parameter in texts if "key" in parameter.name.lower()}
    assert secrets == {"tokenKey": True}
    names = [parameter.name for parameter in azure.template.parameters if parameter.type == "string"]
    assert [name for name in names if "secret" in name.lower() or "password" in name.lower()] == []
