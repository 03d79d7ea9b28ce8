"""Settings: read once, checked, and what is wrong is named but never quoted."""

import json

import bcrypt
import pytest

from shared import settings
from shared.problems import SettingInvalid
from shared.settings import DECLARED, DEMO_HASH, GROUPS, Settings

KEY = "k" * 32
GOOD = {"TOKEN_KEY": KEY, "AZURE_FUNCTIONS_ENVIRONMENT": "Development"}


def test_without_anything_only_the_token_key_is_missing() -> None:
    assert Settings.read({}).faults == {"TOKEN_KEY": "is not set"}


def test_defaults_hold_where_nothing_is_set() -> None:
    read = Settings.read(GOOD)
    assert (read.token_lifetime_seconds, read.model_manifest, dict(read.users)) == (900, "model/slr.json", {})


def test_an_empty_value_counts_as_absent() -> None:
    assert Settings.read({**GOOD, "TOKEN_LIFETIME_SECONDS": ""}).token_lifetime_seconds == 900


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN_KEY", "short"),
        ("TOKEN_KEY", "ü" * 15),
        ("TOKEN_LIFETIME_SECONDS", "ten"),
        ("TOKEN_LIFETIME_SECONDS", "59"),
        ("TOKEN_LIFETIME_SECONDS", "86401"),
        ("TOKEN_LIFETIME_SECONDS", "1e3"),
        ("USERS", "abi"),
        ("USERS", "[]"),
        ("USERS", '{"abi": 1}'),
        ("USERS", '{"abi": "not-a-hash"}'),
        ("MODEL_MANIFEST", "@Microsoft.KeyVault(SecretUri=https://vault/secrets/it)"),
    ],
)
def test_a_bad_value_is_named_and_not_quoted(name: str, value: str) -> None:
    read = Settings.read({**GOOD, name: value})
    assert list(read.faults) == [name]
    assert value not in read.faults[name]


@pytest.mark.parametrize("name", DECLARED)
def test_an_unresolved_key_vault_reference_is_refused_for_every_setting(name: str) -> None:
    reference = "@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/a-name-of-some-length)"
    assert "not resolved" in Settings.read({**GOOD, name: reference}).faults[name]


def test_a_key_of_32_bytes_is_enough() -> None:
    assert "TOKEN_KEY" not in Settings.read({"TOKEN_KEY": "ü" * 16}).faults


def test_the_demo_hash_is_the_demo_password_s() -> None:
    assert bcrypt.checkpw(b"password", DEMO_HASH.encode())


@pytest.mark.parametrize("environment", ["Production", "Staging", ""])
def test_the_demo_user_is_refused_outside_development(environment: str) -> None:
    users = json.dumps({"somebody": DEMO_HASH})
    read = Settings.read({"TOKEN_KEY": KEY, "USERS": users, "AZURE_FUNCTIONS_ENVIRONMENT": environment})
    assert list(read.faults) == ["USERS"]


def test_the_demo_user_works_in_development() -> None:
    assert Settings.read({**GOOD, "USERS": json.dumps({"abi": DEMO_HASH})}).faults == {}


def test_an_example_key_is_refused_outside_development() -> None:
    assert list(Settings.read({"TOKEN_KEY": "example-" + KEY}).faults) == ["TOKEN_KEY"]


def test_require_raises_for_a_fault_in_its_group_without_telling_the_client_which() -> None:
    with pytest.raises(SettingInvalid) as caught:
        Settings.read({}).require("tokens")
    assert "TOKEN_KEY" in caught.value.reason
    assert "TOKEN_KEY" not in caught.value.detail


def test_require_passes_over_faults_in_other_groups() -> None:
    read = Settings.read({})
    assert read.require("model", "users") is read


def test_secrets_do_not_stand_in_the_repr() -> None:
    read = Settings.read({**GOOD, "USERS": json.dumps({"abi": DEMO_HASH})})
    assert KEY not in repr(read)
    assert DEMO_HASH not in repr(read)


def test_every_setting_has_a_group_and_a_line_for_the_docs() -> None:
    assert all(each.metadata["doc"] and GROUPS[name] for name, each in DECLARED.items())


def test_the_process_reads_its_environment_once(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.current.cache_clear()
    monkeypatch.setenv("TOKEN_LIFETIME_SECONDS", "120")
    first = settings.current()
    monkeypatch.setenv("TOKEN_LIFETIME_SECONDS", "240")
    assert settings.current() is first
    settings.current.cache_clear()
