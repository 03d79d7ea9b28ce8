"""The hook that creates the token key, run with a fake `az`."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

INFRA = Path(__file__).parents[2] / "infra"
VAULT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"

# Responds according to the files in its folder, and records its command lines.
AZ = """#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/calls"
case "$1 $2" in
    "group exists") [ -e "$here/group" ] && echo true || echo false ;;
    "keyvault list") [ ! -e "$here/vault" ] || cat "$here/vault" ;;
    "rest --method")
        [ -e "$here/secret" ] && exit 0
        cat "$here/refusal" >&2
        exit 1
        ;;
    "deployment group") cat >"$here/key" ;;
esac
"""

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="Windows has another hook")


@pytest.fixture
def azure(tmp_path: Path) -> Path:
    """A folder with an `az` for an empty subscription."""
    (tmp_path / "az").write_text(AZ)
    (tmp_path / "az").chmod(0o755)
    (tmp_path / "refusal").write_text('ERROR: Not Found({"error":{"code":"SecretNotFound"}})')
    return tmp_path


def run(azure: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {"AZURE_RESOURCE_GROUP": "rg", "AZURE_LOCATION": "westeurope", **variables}
    return subprocess.run(
        ["sh", INFRA / "hooks/token-key.sh"],
        env={"PATH": f"{azure}{os.pathsep}{os.environ['PATH']}", **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


def calls(azure: Path) -> Sequence[str]:
    return (azure / "calls").read_text().splitlines()


def test_an_empty_subscription_gets_a_group_a_vault_and_a_key(azure: Path) -> None:
    result = run(azure)
    assert (result.returncode, result.stdout) == (0, "Created a token key.\n")
    assert [line.split(" --")[0] for line in calls(azure)] == [
        "group exists",
        "group create",
        "keyvault list",
        "deployment group create",
    ]
    assert "--template-file modules/vault.bicep" in calls(azure)[-1]


def test_a_key_is_long_random_and_on_no_command_line(azure: Path) -> None:
    run(azure)
    first = (azure / "key").read_text()
    run(azure)
    second = (azure / "key").read_text()
    assert len(first) == len(second) == 64
    assert first != second
    assert first.isalnum()
    assert first not in (azure / "calls").read_text()


def test_an_existing_key_stays(azure: Path) -> None:
    (azure / "group").touch()
    (azure / "vault").write_text(VAULT)
    (azure / "secret").touch()
    result = run(azure)
    assert (result.returncode, result.stdout) == (0, "The token key exists and stays.\n")
    assert not (azure / "key").exists()
    assert f"{VAULT}/secrets/token-key" in calls(azure)[-1]


def test_a_vault_without_a_key_gets_one(azure: Path) -> None:
    (azure / "group").touch()
    (azure / "vault").write_text(VAULT)
    assert run(azure).returncode == 0
    assert (azure / "key").exists()
    assert not any(line.startswith("group create") for line in calls(azure))


def test_no_key_is_created_when_the_check_for_one_fails(azure: Path) -> None:
    (azure / "vault").write_text(VAULT)
    (azure / "refusal").write_text("ERROR: Please run 'az login' to setup account.")
    result = run(azure)
    assert result.returncode == 1
    assert "cannot be searched for a token key: ERROR: Please run 'az login'" in result.stderr
    assert not (azure / "key").exists()


@pytest.mark.parametrize("name", ["AZURE_RESOURCE_GROUP", "AZURE_LOCATION"])
def test_a_variable_that_is_not_set_is_named_with_the_command_that_sets_it(azure: Path, name: str) -> None:
    result = run(azure, **{name: ""})
    assert result.returncode != 0
    assert f"{name}: is not set: azd env set {name}" in result.stderr
    assert not (azure / "calls").exists()


def test_everything_happens_in_azd_s_subscription(azure: Path) -> None:
    assert run(azure, AZURE_SUBSCRIPTION_ID="sub-2").returncode == 0
    assert [line for line in calls(azure) if not line.endswith(" --subscription sub-2")] == []
    assert len(calls(azure)) == 4


def test_without_azd_it_is_az_s_own_subscription(azure: Path) -> None:
    run(azure)
    assert "--subscription" not in (azure / "calls").read_text()


def test_both_hooks_call_azure_alike() -> None:
    shell, windows = ((INFRA / f"hooks/token-key.{suffix}").read_text(encoding="utf-8") for suffix in ("sh", "ps1"))
    for argument in (
        "group exists",
        "AZURE_SUBSCRIPTION_ID",
        "[?tags.holds=='token-key'].id",
        "api-version=2023-07-01",
        "tokenKey=@-",
    ):
        assert argument in shell
        assert argument in windows
