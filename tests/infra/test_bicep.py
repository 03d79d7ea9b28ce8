"""Checks of infra/ that the Bicep compiler does not make: secrets, access, encryption, and names used elsewhere."""

import json
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.settings import DECLARED, Settings
from tests.conftest import KEY
from tools.insights import queries

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
BICEP = {path.name: path.read_text(encoding="utf-8") for path in sorted(INFRA.rglob("*.bicep"))}
ALL_BICEP = "\n".join(BICEP.values())
GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

# Azure's built-in roles: learn.microsoft.com/azure/role-based-access-control/built-in-roles
BUILT_IN_ROLES = {
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Website Contributor": "de139f84-1756-47ae-9be6-808fbbe84772",
}
PLATFORM_SETTINGS = {
    "APPLICATIONINSIGHTS_CONNECTION_STRING",  # the host reads it too
    "AzureWebJobsDisableHomepage",
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
}
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
# Microsoft.Insights/scheduledQueryRules
ALERT_WINDOWS = {
    timedelta(minutes=minutes) for minutes in (1, 5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880)
}


def read_json(name: str) -> Any:
    return json.loads((INFRA / name).read_text(encoding="utf-8"))


def parameters(text: str) -> dict[str, tuple[str, str]]:
    """Return the parameters of a file: name → the decorators above it, and its own line."""
    return {
        match["name"]: (match["above"], match["line"])
        for match in re.finditer(r"(?P<above>(?:^@.*\n)*)^(?P<line>param (?P<name>\w+) .*)$", text, re.MULTILINE)
    }


def app_settings() -> set[str]:
    match = re.search(r"resource appSettings 'config' = \{(.*?)\n  \}\n", BICEP["app.bicep"], re.DOTALL)
    assert match
    return set(re.findall(r"^ {8}(\w+): ", match[1], re.MULTILINE)) | set(re.findall(r"\{ (\w+): ", match[1]))


def test_every_role_has_the_id_of_its_name() -> None:
    assert read_json("roles.json") == BUILT_IN_ROLES


def test_roles_are_granted_by_name_and_every_role_is_granted() -> None:
    assert re.findall(GUID, ALL_BICEP) == []
    granted = re.findall(r"roleDefinitions',\s*roles\['([^']+)'\]", ALL_BICEP)
    assert set(granted) == set(BUILT_IN_ROLES)
    assert len(granted) == ALL_BICEP.count("roleAssignments@")


def test_a_parameter_that_holds_a_secret_is_secure() -> None:
    secrets = {
        (file, name): above
        for file, text in BICEP.items()
        for name, (above, line) in parameters(text).items()
        if re.search(r"key|secret|password|connectionString", name, re.IGNORECASE) and " bool" not in line
    }
    assert ("vault.bicep", "tokenKey") in secrets
    assert [name for name, above in secrets.items() if "@secure()" not in above] == []


def test_no_output_holds_a_secret() -> None:
    outputs = re.findall(r"^output (\w+) \w+ = (.*)$", ALL_BICEP, re.MULTILINE)
    assert outputs
    assert [name for name, value in outputs if re.search(r"connectionstring|tokenkey|list\w*\(", value.lower())] == []


def test_a_deployment_never_creates_or_reads_the_token_key() -> None:
    assert "newGuid(" not in ALL_BICEP
    assert "getSecret(" not in ALL_BICEP
    assert "tokenKey" not in BICEP["main.bicep"]
    assert "SecretName=token-key)" in BICEP["app.bicep"]


def test_key_vault_references_resolve_on_the_app_s_own_identity() -> None:
    assert re.search(r"keyVaultReferenceIdentity: identity\.id\n", BICEP["app.bicep"])
    assert "type: 'UserAssigned'" in BICEP["app.bicep"]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("storage.bicep", "allowBlobPublicAccess: false"),
        ("storage.bicep", "allowSharedKeyAccess: false"),
        ("storage.bicep", "minimumTlsVersion: 'TLS1_2'"),
        ("storage.bicep", "supportsHttpsTrafficOnly: true"),
        ("storage.bicep", "publicAccess: 'None'"),
        ("vault.bicep", "enableRbacAuthorization: true"),
        ("vault.bicep", "enablePurgeProtection: true"),
        ("app.bicep", "httpsOnly: true"),
        ("app.bicep", "minTlsVersion: '1.2'"),
        ("app.bicep", "scmMinTlsVersion: '1.2'"),
    ],
)
def test_access_is_restricted_in_every_place(file: str, line: str) -> None:
    assert line in BICEP[file]
    name = line.partition(":")[0]
    assert re.findall(rf"\b{name}: .*", ALL_BICEP) == [line]


def test_nothing_is_published_with_a_password() -> None:
    policies = re.findall(
        r"'basicPublishingCredentialsPolicies' = \{\s+name: '(\w+)'\s+.*?allow: (\w+)", ALL_BICEP, re.S
    )
    assert sorted(policies) == [("ftp", "false"), ("scm", "false")]


def test_the_platform_allows_the_origins_of_the_parameter_and_no_cookies() -> None:
    _, line = parameters(BICEP["main.bicep"])["allowedOrigins"]
    assert line == "param allowedOrigins string = ''"
    assert re.search(r"cors: \{\s+allowedOrigins: allowedOrigins\s+supportCredentials: false\s+\}", BICEP["app.bicep"])
    assert "allowedOrigins: empty(allowedOrigins) ? [] : " in BICEP["main.bicep"]
    assert read_json("main.parameters.json")["parameters"]["allowedOrigins"] == {"value": "${ALLOWED_ORIGINS=}"}


def test_every_app_setting_is_declared_or_the_platform_s() -> None:
    assert app_settings() - set(DECLARED) - PLATFORM_SETTINGS == set()


@pytest.mark.parametrize("source", ["none", "table"])
def test_the_service_accepts_the_deployed_settings(source: str) -> None:
    literals = dict(re.findall(r"^ {8}(\w+): '([^'$]*)'$", BICEP["app.bicep"], re.MULTILINE))
    expressions = {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={UUID(int=1)};IngestionEndpoint=https://a.example/",
        "FEATURES_SOURCE": source,
        "STORAGE_CLIENT_ID": str(UUID(int=2)),
        "STORAGE_TABLE_URI": "https://st0000000000000.table.core.windows.net/",
        "TOKEN_KEY": KEY,
        "TOKEN_KEY_PREVIOUS": KEY[::-1],
    }
    assert app_settings() & set(DECLARED) == (set(literals) | set(expressions)) & set(DECLARED)
    assert Settings.read(literals | expressions).errors == {}


def test_settings_that_flex_consumption_refuses_are_not_set() -> None:
    assert app_settings() & REFUSED_SETTINGS == set()


def test_there_is_one_python_version() -> None:
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["requires-python"].startswith(f">={version},")
    assert re.findall(r"name: 'python'\s+version: '([\d.]+)'", ALL_BICEP) == [version]
    files = [ROOT / "Dockerfile", *ROOT.glob(".github/workflows/*.yml")]
    versions = [
        match
        for path in files
        if path.exists()
        for match in re.findall(r"python(?:-version)?:?[ \"']*(?:4-python)?(3\.\d+)", path.read_text(encoding="utf-8"))
    ]
    assert set(versions) <= {version}


def test_durations_are_iso_8601() -> None:
    durations = re.findall(r"(?:evaluationFrequency|windowSize|muteActionsDuration): '([^']*)'", ALL_BICEP)
    assert durations
    assert [text for text in durations if not re.fullmatch(r"P(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?)?", text)] == []


def test_every_alert_and_the_workbook_are_loaded_from_monitoring() -> None:
    loaded = set(re.findall(r"loadTextContent\('../../monitoring/([^']+)'\)", ALL_BICEP))
    alerts = {f"alerts/{path.name}" for path in (ROOT / "monitoring/alerts").glob("*.kql")}
    assert loaded == alerts | {"workbook.json"}
    named = re.findall(r"name: '([\w-]+)', text: loadTextContent\('[^']*/([\w-]+)\.kql'", BICEP["alerts.bicep"])
    assert [pair for pair in named if pair[0] != pair[1]] == []


@pytest.mark.parametrize("alert", queries.alerts(), ids=lambda alert: alert.name)
def test_the_deployed_rule_has_the_values_of_its_file(alert: queries.Alert) -> None:
    # The same expression as in alerts.bicep.
    def value(name: str) -> str:
        return alert.text.split(f"/ {name}: ")[1].split("\n")[0]

    assert (value("title"), value("runbook")) == (alert.title, alert.runbook)
    assert (float(value("threshold")), int(value("minimum"))) == (alert.threshold, alert.minimum)
    assert int(value("severity")) == alert.severity
    assert alert.severity in range(5)
    assert alert.window in ALERT_WINDOWS
    assert alert.query == f"{alert.text.rstrip()}\n| where samples >= {value('minimum')}\n"


def test_azd_sets_parameters_of_main_bicep_and_all_required_ones() -> None:
    azd = read_json("main.parameters.json")["parameters"]
    declared = parameters(BICEP["main.bicep"])
    assert set(azd) <= set(declared)
    assert {name for name, (_, line) in declared.items() if " = " not in line} <= set(azd)


def test_every_size_is_allowed() -> None:
    above, _ = parameters(BICEP["main.bicep"])["size"]
    allowed = re.search(r"@allowed\(\[(.*)\]\)", above)
    assert allowed
    assert set(re.findall(r"'(\w+)'", allowed[1])) == set(read_json("sizes.json"))


@pytest.mark.parametrize("size", ["small", "large"])
def test_a_size_meets_the_limits_of_flex_consumption(size: str) -> None:
    values = read_json("sizes.json")[size]
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["extensions"]["http"]
    assert values["instanceMemoryMB"] in (512, 2048, 4096)
    assert 40 <= values["maximumInstanceCount"] <= 1000
    assert 1 <= values["perInstanceConcurrency"] <= host["maxConcurrentRequests"]
    assert values["alwaysReady"] <= values["maximumInstanceCount"]
    if values["zoneRedundant"]:
        assert values["alwaysReady"] >= 2
        assert values["storageSku"].endswith("ZRS")


def test_every_size_has_exactly_the_values_that_are_used() -> None:
    used = set(re.findall(r"sizes\[size\]\.(\w+)|\bscale\.(\w+)", ALL_BICEP))
    names = {first or second for first, second in used}
    assert [names] * 2 == [set(size) for size in read_json("sizes.json").values()]
