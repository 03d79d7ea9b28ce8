"""What no compiler checks of infra/: secrets, access, encryption, and names that the rest of the project knows too."""

import json
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.settings import DECLARED, Settings
from tools.insights import questions

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
BICEP = {path.name: path.read_text(encoding="utf-8") for path in sorted(INFRA.rglob("*.bicep"))}
EVERYTHING = "\n".join(BICEP.values())
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
# Flex Consumption refuses them, or they would undo what functionAppConfig says.
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
ALERT_WINDOWS = {timedelta(minutes=each) for each in (1, 5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880)}


def read_json(name: str) -> Any:
    return json.loads((INFRA / name).read_text(encoding="utf-8"))


def parameters(text: str) -> dict[str, tuple[str, str]]:
    """The parameters of a file: name → what is written above it, and its own line."""
    return {
        found["name"]: (found["above"], found["line"])
        for found in re.finditer(r"(?P<above>(?:^@.*\n)*)^(?P<line>param (?P<name>\w+) .*)$", text, re.MULTILINE)
    }


def app_settings() -> set[str]:
    found = re.search(r"resource appSettings 'config' = \{(.*?)\n  \}\n", BICEP["app.bicep"], re.DOTALL)
    assert found
    return set(re.findall(r"^ {8}(\w+): ", found[1], re.MULTILINE)) | set(re.findall(r"\{ (\w+): ", found[1]))


def test_every_role_is_the_one_that_its_name_says() -> None:
    assert read_json("roles.json") == BUILT_IN_ROLES


def test_roles_are_granted_by_name_and_every_name_is_granted() -> None:
    assert re.findall(GUID, EVERYTHING) == []
    granted = re.findall(r"roleDefinitions',\s*roles\['([^']+)'\]", EVERYTHING)
    assert set(granted) == set(BUILT_IN_ROLES)
    assert len(granted) == EVERYTHING.count("roleAssignments@")


def test_a_parameter_that_holds_a_secret_is_secure() -> None:
    holding = {
        (file, name): above
        for file, text in BICEP.items()
        for name, (above, line) in parameters(text).items()
        if re.search(r"key|secret|password|connectionString", name, re.IGNORECASE) and " bool" not in line
    }
    assert ("vault.bicep", "tokenKey") in holding
    assert [each for each, above in holding.items() if "@secure()" not in above] == []


def test_no_output_holds_a_secret() -> None:
    outputs = re.findall(r"^output (\w+) \w+ = (.*)$", EVERYTHING, re.MULTILINE)
    assert outputs
    assert [name for name, value in outputs if re.search(r"connectionstring|tokenkey|list\w*\(", value.lower())] == []


def test_the_token_key_is_never_made_or_read_by_a_deployment() -> None:
    assert "newGuid(" not in EVERYTHING
    assert "getSecret(" not in EVERYTHING
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
def test_what_keeps_strangers_out_is_said_and_never_unsaid(file: str, line: str) -> None:
    assert line in BICEP[file]
    name = line.partition(":")[0]
    assert re.findall(rf"\b{name}: .*", EVERYTHING) == [line]


def test_nothing_is_published_with_a_password() -> None:
    policies = re.findall(
        r"'basicPublishingCredentialsPolicies' = \{\s+name: '(\w+)'\s+.*?allow: (\w+)", EVERYTHING, re.S
    )
    assert sorted(policies) == [("ftp", "false"), ("scm", "false")]


def test_every_app_setting_is_declared_or_the_platform_s() -> None:
    assert app_settings() - set(DECLARED) - PLATFORM_SETTINGS == set()


@pytest.mark.parametrize("source", ["none", "table"])
def test_the_service_finds_no_fault_with_what_it_is_told(source: str) -> None:
    told = dict(re.findall(r"^ {8}(\w+): '([^'$]*)'$", BICEP["app.bicep"], re.MULTILINE))
    expressions = {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={UUID(int=1)};IngestionEndpoint=https://a.example/",
        "FEATURES_SOURCE": source,
        "STORAGE_CLIENT_ID": str(UUID(int=2)),
        "STORAGE_TABLE_URI": "https://st0000000000000.table.core.windows.net/",
        "TOKEN_KEY": "k" * 64,
        "TOKEN_KEY_PREVIOUS": "p" * 64,
    }
    assert app_settings() & set(DECLARED) == (set(told) | set(expressions)) & set(DECLARED)
    assert Settings.read(told | expressions).faults == {}


def test_what_flex_consumption_refuses_is_not_set() -> None:
    assert app_settings() & REFUSED_SETTINGS == set()


def test_there_is_one_python_version() -> None:
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["requires-python"].startswith(f">={version},")
    assert re.findall(r"name: 'python'\s+version: '([\d.]+)'", EVERYTHING) == [version]
    elsewhere = [ROOT / "Dockerfile", *ROOT.glob(".github/workflows/*.yml")]
    said = [
        found
        for path in elsewhere
        if path.exists()
        for found in re.findall(r"python(?:-version)?:?[ \"']*(?:4-python)?(3\.\d+)", path.read_text(encoding="utf-8"))
    ]
    assert set(said) <= {version}


def test_durations_are_iso_8601() -> None:
    given = re.findall(r"(?:evaluationFrequency|windowSize|muteActionsDuration): '([^']*)'", EVERYTHING)
    assert given
    assert [each for each in given if not re.fullmatch(r"P(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?)?", each)] == []


def test_every_alert_and_the_workbook_are_loaded_from_monitoring() -> None:
    loaded = set(re.findall(r"loadTextContent\('../../monitoring/([^']+)'\)", EVERYTHING))
    alerts = {f"alerts/{path.name}" for path in (ROOT / "monitoring/alerts").glob("*.kql")}
    assert loaded == alerts | {"workbook.json"}
    named = re.findall(r"name: '([\w-]+)', text: loadTextContent\('[^']*/([\w-]+)\.kql'", BICEP["alerts.bicep"])
    assert [pair for pair in named if pair[0] != pair[1]] == []


@pytest.mark.parametrize("alert", questions.alerts(), ids=lambda alert: alert.name)
def test_the_deployed_rule_says_what_its_file_says(alert: questions.Alert) -> None:
    # As alerts.bicep cuts a value out of the text.
    def says(name: str) -> str:
        return alert.text.split(f"/ {name}: ")[1].split("\n")[0]

    assert (says("title"), says("runbook")) == (alert.title, alert.runbook)
    assert (float(says("threshold")), int(says("minimum"))) == (alert.threshold, alert.minimum)
    assert int(says("severity")) == alert.severity
    assert alert.severity in range(5)
    assert alert.window in ALERT_WINDOWS
    assert alert.query == f"{alert.text.rstrip()}\n| where samples >= {says('minimum')}\n"


def test_azd_gives_parameters_that_main_bicep_has_and_all_that_it_needs() -> None:
    given = read_json("main.parameters.json")["parameters"]
    taken = parameters(BICEP["main.bicep"])
    assert set(given) <= set(taken)
    assert {name for name, (_, line) in taken.items() if " = " not in line} <= set(given)


def test_a_size_can_be_chosen_as_soon_as_it_is_described() -> None:
    above, _ = parameters(BICEP["main.bicep"])["size"]
    allowed = re.search(r"@allowed\(\[(.*)\]\)", above)
    assert allowed
    assert set(re.findall(r"'(\w+)'", allowed[1])) == set(read_json("sizes.json"))


@pytest.mark.parametrize("size", ["small", "large"])
def test_a_size_is_one_that_flex_consumption_has(size: str) -> None:
    chosen = read_json("sizes.json")[size]
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["extensions"]["http"]
    assert chosen["instanceMemoryMB"] in (512, 2048, 4096)
    assert 40 <= chosen["maximumInstanceCount"] <= 1000
    assert 1 <= chosen["perInstanceConcurrency"] <= host["maxConcurrentRequests"]
    assert chosen["alwaysReady"] <= chosen["maximumInstanceCount"]
    if chosen["zoneRedundant"]:
        assert chosen["alwaysReady"] >= 2
        assert chosen["storageSku"].endswith("ZRS")


def test_everything_that_is_taken_of_a_size_is_in_every_size() -> None:
    taken = set(re.findall(r"sizes\[size\]\.(\w+)|\bscale\.(\w+)", EVERYTHING))
    names = {first or second for first, second in taken}
    assert [names] * 2 == [set(each) for each in read_json("sizes.json").values()]
