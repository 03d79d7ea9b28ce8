"""The function app: its plan, identity, package, scale, and the source of every app setting."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import yaml

from shared.settings import DECLARED, Settings
from tests.conftest import KEY
from tests.infra.azure import ROOT, Azure
from tests.infra.bicep.template import Resource
from tests.infra.test_access import identities

# Flex Consumption refuses them, or they would override functionAppConfig.
REFUSED_SETTINGS = {
    "AzureWebJobsStorage",
    "ENABLE_ORYX_BUILD",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_RUNTIME",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_RUN_FROM_PACKAGE",
}


def site(azure: Azure) -> Resource:
    return azure.one("Web/sites")


def config(azure: Azure) -> Mapping[str, Any]:
    return site(azure).properties["functionAppConfig"]


def account(azure: Azure) -> Resource:
    return azure.one("Storage/storageAccounts")


def test_the_app_is_on_flex_consumption(azure: Azure) -> None:
    plan = azure.one("Web/serverfarms")
    assert (plan.body["kind"], plan.properties["reserved"]) == ("functionapp", True)  # reserved: Linux
    assert plan.body["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    assert site(azure).body["kind"] == "functionapp,linux"
    assert site(azure).properties["serverFarmId"] == plan.id


def test_the_app_has_one_identity_which_reads_the_vault_too(azure: Azure) -> None:
    identity = identities(azure)["app"]
    assert site(azure).body["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {identity.id: {}}}
    assert site(azure).properties.get("keyVaultReferenceIdentity") == identity.id


def test_the_app_accepts_encrypted_requests_only(azure: Azure) -> None:
    given = site(azure).properties
    assert given["httpsOnly"] is True
    assert (given["siteConfig"]["minTlsVersion"], given["siteConfig"]["scmMinTlsVersion"]) == ("1.2", "1.2")


def test_requests_of_a_client_may_go_to_any_instance(azure: Azure) -> None:
    assert site(azure).properties["clientAffinityEnabled"] is False


def test_the_platform_allows_the_origins_of_the_parameter_and_no_cookies(azure: Azure) -> None:
    def cors(origins: str) -> Any:
        return site(azure.given(allowedOrigins=origins)).properties["siteConfig"]["cors"]

    assert cors("") == {"allowedOrigins": [], "supportCredentials": False}
    assert cors("https://a.example, https://b.example")["allowedOrigins"] == ["https://a.example", "https://b.example"]


def test_nothing_is_published_with_a_password(azure: Azure) -> None:
    policies = azure.all("Web/sites/basicPublishingCredentialsPolicies")
    assert {policy.name: policy.properties for policy in policies} == {"ftp": {"allow": False}, "scm": {"allow": False}}


def test_the_package_is_in_the_account_s_container_which_the_identity_reads(azure: Azure) -> None:
    container = azure.one("Storage/storageAccounts/blobServices/containers")
    assert config(azure)["deployment"]["storage"] == {
        "type": "blobContainer",
        "value": f"{account(azure).id}.properties.primaryEndpoints.blob{container.name}",
        "authentication": {
            "type": "UserAssignedIdentity",
            "userAssignedIdentityResourceId": identities(azure)["app"].id,
        },
    }


def test_there_is_one_python_version(azure: Azure) -> None:
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert config(azure)["runtime"] == {"name": "python", "version": version}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["requires-python"].startswith(f">={version},")
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
        given = [step.get("with", {}) for job in jobs for step in job["steps"]]
        assert {with_.get("python-version", version) for with_ in given} == {version}


def test_the_app_starts_after_its_roles_are_granted(azure: Azure) -> None:
    assert azure.template.dependencies.get("app") == ["access"]


def test_every_app_setting_has_the_value_of_its_source(azure: Azure) -> None:
    storage, client = account(azure), f"{identities(azure)['app'].id}.properties.clientId"
    assert azure.settings == {
        "AzureWebJobsStorage__accountName": storage.name,
        "AzureWebJobsStorage__credential": "managedidentity",
        "AzureWebJobsStorage__clientId": client,
        "AzureWebJobsDisableHomepage": "true",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": f"{azure.one('Insights/components').id}.properties.ConnectionString",
        "TOKEN_KEY": f"@Microsoft.KeyVault(VaultName={azure.one('KeyVault/vaults').name};SecretName=token-key)",
        "USERS_TABLE": "users",
        "STORAGE_TABLE_URI": f"{storage.id}.properties.primaryEndpoints.table",
        "STORAGE_CLIENT_ID": client,
        "FEATURES_SOURCE": "none",
        "FEATURES_TABLE": "features",
    }


def test_the_tables_of_the_settings_exist(azure: Azure) -> None:
    tables = {table.name for table in azure.all("Storage/storageAccounts/tableServices/tables")}
    assert tables == {azure.settings["USERS_TABLE"], azure.settings["FEATURES_TABLE"]}


def test_parameters_become_settings(azure: Azure) -> None:
    assert azure.given(featuresSource="table").settings["FEATURES_SOURCE"] == "table"
    challenger = azure.given(challengerManifest="model/challenger/slr.json", challengerShare="0.25").settings
    assert (challenger["CHALLENGER_MANIFEST"], challenger["CHALLENGER_SHARE"]) == ("model/challenger/slr.json", "0.25")
    more = azure.given(appSettings={"TRUSTED_PROXIES": "2", "USERS_TABLE": "mine"}).settings
    assert (more["TRUSTED_PROXIES"], more["USERS_TABLE"]) == ("2", "mine")
    previous = azure.given(acceptPreviousTokenKey=True).settings
    vault = azure.one("KeyVault/vaults").name
    assert previous["TOKEN_KEY_PREVIOUS"] == f"@Microsoft.KeyVault(VaultName={vault};SecretName=token-key-previous)"


def test_settings_are_known_and_none_is_refused_by_flex_consumption(azure: Azure) -> None:
    platform = {name for name in azure.settings if name.startswith("AzureWebJobs")}
    assert set(azure.settings) - platform <= set(DECLARED)
    assert set(azure.settings) & REFUSED_SETTINGS == set()


def test_the_service_accepts_the_deployed_settings(azure: Azure) -> None:
    resolved = {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={UUID(int=1)};IngestionEndpoint=https://a.example/",
        "STORAGE_CLIENT_ID": str(UUID(int=2)),
        "STORAGE_TABLE_URI": "https://st0000000000000.table.core.windows.net/",
        "TOKEN_KEY": KEY,
        "TOKEN_KEY_PREVIOUS": KEY[::-1],
    }
    for source in ("none", "table"):
        given = azure.given(featuresSource=source, acceptPreviousTokenKey=True).settings
        assert set(resolved) <= set(given)
        assert Settings.read({**given, **resolved}).errors == {}


def test_the_app_scales_as_its_size_says(azure: Azure) -> None:
    for size, row in json.loads(azure.files["infra/sizes.json"]).items():
        ready = [{"name": "http", "instanceCount": row["alwaysReady"]}] if row["alwaysReady"] else []
        assert config(azure.given(size=size))["scaleAndConcurrency"] == {
            "instanceMemoryMB": row["instanceMemoryMB"],
            "maximumInstanceCount": row["maximumInstanceCount"],
            "alwaysReady": ready,
            "triggers": {"http": {"perInstanceConcurrency": row["perInstanceConcurrency"]}},
        }
