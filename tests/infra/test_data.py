"""What is stored, how it is protected, and what may change at a deployment."""

import json
import re

from tests.infra.azure import Azure


def test_the_account_has_no_keys_and_nothing_public(azure: Azure) -> None:
    account = azure.one("Storage/storageAccounts")
    assert account.body["kind"] == "StorageV2"
    assert account.properties == {
        "allowBlobPublicAccess": False,
        "allowCrossTenantReplication": False,
        "allowSharedKeyAccess": False,
        "defaultToOAuthAuthentication": True,
        "minimumTlsVersion": "TLS1_2",
        "publicNetworkAccess": "Enabled",
        "supportsHttpsTrafficOnly": True,
    }
    container = azure.one("Storage/storageAccounts/blobServices/containers")
    assert container.properties == {"publicAccess": "None"}


def test_deleted_packages_can_be_restored_for_a_week(azure: Azure) -> None:
    blobs = azure.one("Storage/storageAccounts/blobServices")
    assert blobs.properties["deleteRetentionPolicy"] == {"enabled": True, "days": 7}


def test_the_vault_is_opened_by_roles_and_cannot_be_purged(azure: Azure) -> None:
    vault = azure.one("KeyVault/vaults").properties
    assert (vault["enableRbacAuthorization"], vault["enablePurgeProtection"]) == (True, True)
    assert vault["softDeleteRetentionInDays"] == 90
    assert "accessPolicies" not in vault


def test_services_and_containers_have_the_names_that_azure_requires(azure: Azure) -> None:
    for type_ in ("blobServices", "tableServices"):
        assert azure.one(f"Storage/storageAccounts/{type_}").name == "default"
    assert re.fullmatch(r"[a-z0-9]{3,24}", azure.one("Storage/storageAccounts").name)
    assert re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]", azure.one("KeyVault/vaults").name)


def test_a_longest_environment_name_fits_every_resource(azure: Azure) -> None:
    longest = azure.given(environmentName="e" * 20)
    assert len(longest.one("Web/sites").name) <= 60
    assert len(longest.one("Web/serverfarms").name) <= 60
    assert len(longest.one("Insights/actionGroups").name) <= 260
    assert len(longest.one("Storage/storageAccounts").name) <= 24


def test_no_size_changes_what_a_deployment_cannot_convert(azure: Azure) -> None:
    sizes = json.loads(azure.files["infra/sizes.json"])
    deployments = [azure.given(size=size) for size in sizes]
    assert {d.one("Storage/storageAccounts").body["sku"]["name"] for d in deployments} == {"Standard_ZRS"}
    assert len({d.one("Storage/storageAccounts").id for d in deployments}) == 1
    assert len({json.dumps(d.one("KeyVault/vaults").body, default=str) for d in deployments}) == 1


def test_an_app_in_several_zones_has_its_storage_there(azure: Azure) -> None:
    def zones(size: str, sku: str) -> bool:
        deployment = azure.given(size=size, storageSku=sku)
        assert deployment.one("Storage/storageAccounts").body["sku"] == {"name": sku}
        return bool(deployment.one("Web/serverfarms").properties["zoneRedundant"])

    assert zones("large", "Standard_ZRS") is True
    assert zones("large", "Standard_LRS") is False
    assert zones("small", "Standard_ZRS") is False


def test_azd_finds_every_resource_by_its_tag(azure: Azure) -> None:
    tagged = [resource for resource in azure.template.resources if "location" in resource.body]
    assert len(tagged) >= 10
    assert [r.id for r in tagged if r.body["tags"].get("azd-env-name") != azure.parameters["environmentName"]] == []


def test_everything_that_has_a_region_is_in_the_group_s(azure: Azure) -> None:
    regions = {r.type: r.body["location"] for r in azure.template.resources if "location" in r.body}
    everywhere = {type_ for type_, region in regions.items() if region == "global"}
    assert everywhere == {"Microsoft.Insights/actionGroups", "Microsoft.Insights/metricAlerts"}
    assert set(regions.values()) == {"westeurope", "global"}
