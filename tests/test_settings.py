"""Settings: validated, and errors name what is wrong but never quote it."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import bcrypt
import pytest

from shared.problems import SettingInvalid
from shared.settings import DECLARED, DEMO_HASH, GROUPS, Settings
from shared.validators import ingestion
from tools import scan

ROOT = Path(__file__).parent.parent
KEY = hashlib.sha256(b"settings").hexdigest()
GOOD = {"TOKEN_KEY": KEY, "AZURE_FUNCTIONS_ENVIRONMENT": "Development"}


def all_errors(environ: Mapping[str, str]) -> Mapping[str, str]:
    read = Settings.read(environ)
    return {**read.errors, **read.challenger_errors}


def test_without_any_setting_only_the_token_key_is_missing() -> None:
    assert Settings.read({}).errors == {"TOKEN_KEY": "is not set"}


def test_settings_have_defaults() -> None:
    read = Settings.read(GOOD)
    assert (read.token_lifetime_seconds, read.model_manifest, dict(read.users)) == (900, "model/slr.json", {})


def test_an_empty_value_counts_as_absent() -> None:
    assert Settings.read({**GOOD, "TOKEN_LIFETIME_SECONDS": ""}).token_lifetime_seconds == 900


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN_KEY", "short"),
        ("TOKEN_KEY", "ü" * 15),
        ("TOKEN_KEY", "-----BEGIN CERTIFICATE-----\n" + "A" * 64 + "\n-----END CERTIFICATE-----"),
        ("TOKEN_KEY", "ssh-ed25519 " + "A" * 64),
        ("TOKEN_KEY", '{"kty":"oct","k":"' + "A" * 64 + '"}'),
        ("TOKEN_LIFETIME_SECONDS", "ten"),
        ("TOKEN_LIFETIME_SECONDS", "59"),
        ("TOKEN_LIFETIME_SECONDS", "86401"),
        ("TOKEN_LIFETIME_SECONDS", "1e3"),
        ("USERS", "abi"),
        ("USERS", "[]"),
        ("USERS", '{"abi": 1}'),
        ("USERS", '{"abi": "not-a-hash"}'),
        ("LOCAL_TOKENS", "maybe"),
        ("OIDC_REQUIRED_SCOPE", 'a"b'),
        ("OIDC_REQUIRED_SCOPE", "a  b"),
        ("MODEL_MANIFEST", "@Microsoft.KeyVault(SecretUri=https://vault/secrets/it)"),
    ],
)
def test_a_bad_value_is_named_and_not_quoted(name: str, value: str) -> None:
    read = Settings.read({**GOOD, name: value})
    assert list(read.errors) == [name]
    assert value not in read.errors[name]


@pytest.mark.parametrize("name", DECLARED)
def test_an_unresolved_key_vault_reference_is_refused_for_every_setting(name: str) -> None:
    reference = "@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/a-name-of-some-length)"
    assert "not resolved" in all_errors({**GOOD, name: reference})[name]


@pytest.mark.parametrize("name", DECLARED)
def test_bytes_that_are_not_utf_8_are_refused_for_every_setting(name: str) -> None:
    assert all_errors({**GOOD, name: "\udcff" * 40})[name] == "is not UTF-8 text"


def test_a_key_of_32_bytes_is_enough() -> None:
    assert (
        "TOKEN_KEY" not in Settings.read({"TOKEN_KEY": "ü" * 16, "AZURE_FUNCTIONS_ENVIRONMENT": "Development"}).errors
    )


def test_the_demo_hash_is_that_of_the_demo_password() -> None:
    assert bcrypt.checkpw(b"password", DEMO_HASH.encode())


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only git knows which files are the project's")
def test_the_demo_hash_is_in_the_example_settings_and_where_it_is_refused_and_nowhere_else() -> None:
    holders = [name for name in scan.files(ROOT) if DEMO_HASH.encode() in (ROOT / name).read_bytes()]
    assert sorted(holders) == ["local.settings.json.example", "shared/settings.py"]


@pytest.mark.parametrize("environment", ["Production", "Staging", ""])
def test_the_demo_user_is_refused_outside_development(environment: str) -> None:
    users = json.dumps({"somebody": DEMO_HASH})
    read = Settings.read({"TOKEN_KEY": KEY, "USERS": users, "AZURE_FUNCTIONS_ENVIRONMENT": environment})
    assert list(read.errors) == ["USERS"]


def test_the_demo_user_works_in_development() -> None:
    assert Settings.read({**GOOD, "USERS": json.dumps({"abi": DEMO_HASH})}).errors == {}


def test_an_example_key_is_refused_outside_development() -> None:
    assert list(Settings.read({"TOKEN_KEY": "example-" + KEY}).errors) == ["TOKEN_KEY"]


ISSUER = {
    "OIDC_ISSUER": "https://issuer.example/tenant/v2.0",
    "OIDC_AUDIENCE": "api://egl-ml",
    "OIDC_REQUIRED_SCOPE": "predict",
}


@pytest.mark.parametrize(
    "url",
    [
        "login.example",
        "ftp://issuer.example",
        "HTTP://issuer.example",
        "https://user:secret@issuer.example",
        "https://issuer.example/?a=b",
        "https://issuer.example/#a",
        "https://issuer.example/ ",
        "https://issuer.example\n",
        "https:///tenant",
    ],
)
def test_an_issuer_that_is_not_a_plain_url_is_refused(url: str) -> None:
    read = Settings.read({**GOOD, **ISSUER, "OIDC_ISSUER": url})
    assert list(read.errors) == ["OIDC_ISSUER"]
    assert url not in read.errors["OIDC_ISSUER"]


def test_an_issuer_needs_an_audience_and_a_scope() -> None:
    assert Settings.read({**GOOD, **ISSUER}).errors == {}
    assert list(Settings.read({**GOOD, **ISSUER, "OIDC_AUDIENCE": ""}).errors) == ["OIDC_AUDIENCE"]
    assert list(Settings.read({**GOOD, **ISSUER, "OIDC_REQUIRED_SCOPE": ""}).errors) == ["OIDC_REQUIRED_SCOPE"]


def test_an_issuer_over_plain_http_works_in_development_only() -> None:
    plain = {**GOOD, **ISSUER, "OIDC_ISSUER": "http://127.0.0.1:8080/tenant"}
    assert Settings.read(plain).errors == {}
    assert list(Settings.read({**plain, "AZURE_FUNCTIONS_ENVIRONMENT": "Production"}).errors) == ["OIDC_ISSUER"]


def test_without_local_tokens_no_key_is_needed_but_an_issuer_is() -> None:
    assert Settings.read({"LOCAL_TOKENS": "false", **ISSUER}).errors == {}
    assert list(Settings.read({"LOCAL_TOKENS": "false"}).errors) == ["LOCAL_TOKENS"]


def test_require_raises_for_an_error_in_its_group_and_names_it_to_telemetry_only() -> None:
    with pytest.raises(SettingInvalid) as caught:
        Settings.read({}).require("tokens")
    assert "TOKEN_KEY" in caught.value.reason
    assert "TOKEN_KEY" not in caught.value.detail


def test_require_ignores_errors_in_other_groups() -> None:
    read = Settings.read({})
    assert read.require("model", "users") is read


def test_secrets_are_not_in_the_repr() -> None:
    read = Settings.read({**GOOD, "USERS": json.dumps({"abi": DEMO_HASH})})
    assert KEY not in repr(read)
    assert DEMO_HASH not in repr(read)


def test_every_setting_has_a_group_and_a_line_for_the_docs() -> None:
    assert all(declared.metadata["doc"] and GROUPS[name] for name, declared in DECLARED.items())


def test_a_table_of_features_needs_a_storage_account() -> None:
    assert list(Settings.read({**GOOD, "FEATURES_SOURCE": "table"}).errors) == ["FEATURES_SOURCE"]
    assert list(Settings.read({**GOOD, "FEATURES_SOURCE": "feast"}).errors) == ["FEATURES_URL"]
    assert list(Settings.read({**GOOD, "FEATURES_SOURCE": "http"}).errors) == ["FEATURES_URL"]


@pytest.mark.parametrize(
    ("url", "valid"),
    [
        ("http://feast:6566?view=patients&entity=patient_id", True),
        ("https://crm.example/patients/{entity_id}?fields={features}#/data/attributes", True),
        ("https://crm.example?id={entity_id}", True),
        ("https://{entity_id}.example/", False),
        ("https://crm.example{entity_id}", False),
        ("https://crm.example/{entity}", False),
        ("https://crm.example/a b", False),
        ("ftp://crm.example/{entity_id}", False),
        ("crm.example", False),
    ],
)
def test_a_feature_store_s_url_has_its_host_and_no_other_placeholders(url: str, valid: bool) -> None:
    errors = Settings.read({**GOOD, "FEATURES_SOURCE": "http", "FEATURES_URL": url}).errors
    assert list(errors) == ([] if valid else ["FEATURES_URL"])


def test_the_build_id_comes_from_the_package_and_the_environment_overrides_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "BUILD_ID").write_text("7f3c\n")
    monkeypatch.delenv("BUILD_ID", raising=False)
    assert Settings.from_environment(tmp_path / "BUILD_ID").build_id == "7f3c"
    assert Settings.from_environment(tmp_path / "none").build_id == "local"
    monkeypatch.setenv("BUILD_ID", "mine")
    assert Settings.from_environment(tmp_path / "BUILD_ID").build_id == "mine"


def test_a_user_is_a_hash_or_an_object_with_one() -> None:
    stored = {"abi": DEMO_HASH, "bea": {"password_hash": DEMO_HASH, "disabled": True, "tokens_not_before": 7}}
    read = Settings.read({**GOOD, "USERS": json.dumps(stored)})
    assert read.users == {**stored, "abi": {"password_hash": DEMO_HASH}}


INSTRUMENTATION_KEY = "10ca1000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("connection_string", "endpoint"),
    [
        (f"InstrumentationKey={INSTRUMENTATION_KEY}", "https://dc.services.visualstudio.com"),
        (f"instrumentationkey={INSTRUMENTATION_KEY.upper()};", "https://dc.services.visualstudio.com"),
        (
            f"InstrumentationKey={INSTRUMENTATION_KEY};IngestionEndpoint=https://westeurope-5.in.example/;"
            "LiveEndpoint=https://westeurope.live.example/;ApplicationId=5",
            "https://westeurope-5.in.example",
        ),
    ],
)
def test_a_connection_string_names_the_destination_of_telemetry(connection_string: str, endpoint: str) -> None:
    assert ingestion(connection_string) == (INSTRUMENTATION_KEY, endpoint)


@pytest.mark.parametrize(
    "bad",
    [
        "nonsense",
        "InstrumentationKey=",
        "InstrumentationKey=not-a-uuid",
        "IngestionEndpoint=https://in.example/",
        f"InstrumentationKey={INSTRUMENTATION_KEY};IngestionEndpoint=in.example",
    ],
)
def test_a_bad_connection_string_is_an_error_and_not_quoted(bad: str) -> None:
    read = Settings.read({**GOOD, "APPLICATIONINSIGHTS_CONNECTION_STRING": bad})
    assert list(read.errors) == ["APPLICATIONINSIGHTS_CONNECTION_STRING"]
    assert bad not in read.errors["APPLICATIONINSIGHTS_CONNECTION_STRING"]
    assert read.applicationinsights_connection_string == ""


@pytest.mark.parametrize(("given", "valid"), [("0", True), ("0.05", True), ("1", True), ("1.1", False), ("nan", False)])
def test_the_sample_of_values_is_a_share(given: str, valid: bool) -> None:
    read = Settings.read({**GOOD, "LOG_VALUES_SAMPLE": given})
    assert (read.errors == {}) is valid
    assert read.log_values_sample == (float(given) if valid else 0)


def test_the_fingerprint_changes_with_settings_but_not_with_secrets_or_the_instance() -> None:
    fingerprint = Settings.read(GOOD).fingerprint()
    assert Settings.read({**GOOD, "LOG_VALUES_SAMPLE": "0.5"}).fingerprint() != fingerprint
    for same in ({"TOKEN_KEY": "j" * 32}, {"WEBSITE_INSTANCE_ID": "two"}, {"BUILD_ID": "b42"}):
        assert Settings.read({**GOOD, **same}).fingerprint() == fingerprint


def test_a_developers_setting_that_was_copied_to_azure_switches_no_check_off() -> None:
    copied = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "WEBSITE_SITE_NAME": "app", "TOKEN_KEY": "example-" + KEY}
    assert not Settings.read(copied).development
    assert list(Settings.read(copied).errors) == ["TOKEN_KEY"]


@pytest.mark.parametrize(("cost", "valid"), [("04", True), ("12", True), ("13", False), ("03", False), ("31", False)])
def test_a_hash_in_users_has_a_cost_that_is_checked_in_the_same_time(cost: str, valid: bool) -> None:
    users = json.dumps({"abi": f"$2b${cost}$" + "a" * 53})
    assert ("USERS" not in Settings.read({"TOKEN_KEY": KEY, "USERS": users}).errors) is valid


@pytest.mark.parametrize("share", ["-0.1", "1.1", "all", "nan"])
def test_a_wrong_setting_of_the_challenger_stops_only_the_challenger(share: str) -> None:
    read = Settings.read({**GOOD, "CHALLENGER_MANIFEST": "model/challenger/slr.json", "CHALLENGER_SHARE": share})
    assert (dict(read.errors), list(read.challenger_errors)) == ({}, ["CHALLENGER_SHARE"])
    assert not read.has_challenger
    read.require("model", "challenger")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, False),
        ({"CHALLENGER_MANIFEST": "m.json"}, False),
        ({"CHALLENGER_SHARE": "1"}, False),
        ({"CHALLENGER_MANIFEST": "m.json", "CHALLENGER_SHARE": "0"}, False),
        ({"CHALLENGER_MANIFEST": "m.json", "CHALLENGER_SHARE": "0.01"}, True),
    ],
)
def test_a_challenger_needs_a_manifest_and_a_share(values: dict[str, str], expected: bool) -> None:
    assert Settings.read({**GOOD, **values}).has_challenger == expected
