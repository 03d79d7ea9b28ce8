"""The hook that makes the token key, run for real with a stand-in for `az`."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

INFRA = Path(__file__).parents[2] / "infra"
VAULT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"

# Answers by what stands in the folder beside it, and writes down what it was asked.
AZ = """#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/asked"
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

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="the hook for Windows is another")


@pytest.fixture
def azure(tmp_path: Path) -> Path:
    """A folder with an `az` that knows an empty subscription."""
    (tmp_path / "az").write_text(AZ)
    (tmp_path / "az").chmod(0o755)
    (tmp_path / "refusal").write_text('ERROR: Not Found({"error":{"code":"SecretNotFound"}})')
    return tmp_path


def run(azure: Path, **given: str) -> subprocess.CompletedProcess[str]:
    told = {"AZURE_RESOURCE_GROUP": "rg", "AZURE_LOCATION": "westeurope", **given}
    return subprocess.run(
        ["sh", INFRA / "hooks/token-key.sh"],
        env={"PATH": f"{azure}{os.pathsep}{os.environ['PATH']}", **told},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


def asked(azure: Path) -> Sequence[str]:
    return (azure / "asked").read_text().splitlines()


def test_an_empty_subscription_gets_a_group_a_vault_and_a_key(azure: Path) -> None:
    done = run(azure)
    assert (done.returncode, done.stdout) == (0, "Made a token key.\n")
    assert [line.split(" --")[0] for line in asked(azure)] == [
        "group exists",
        "group create",
        "keyvault list",
        "deployment group create",
    ]
    assert "--template-file modules/vault.bicep" in asked(azure)[-1]


def test_a_key_is_long_random_and_on_no_command_line(azure: Path) -> None:
    run(azure)
    first = (azure / "key").read_text()
    run(azure)
    second = (azure / "key").read_text()
    assert len(first) == len(second) == 64
    assert first != second
    assert first.isalnum()
    assert first not in (azure / "asked").read_text()


def test_a_key_that_is_there_stays(azure: Path) -> None:
    (azure / "group").touch()
    (azure / "vault").write_text(VAULT)
    (azure / "secret").touch()
    done = run(azure)
    assert (done.returncode, done.stdout) == (0, "The token key is there and stays.\n")
    assert not (azure / "key").exists()
    assert f"{VAULT}/secrets/token-key" in asked(azure)[-1]


def test_a_vault_without_a_key_gets_one(azure: Path) -> None:
    (azure / "group").touch()
    (azure / "vault").write_text(VAULT)
    assert run(azure).returncode == 0
    assert (azure / "key").exists()
    assert not any(line.startswith("group create") for line in asked(azure))


def test_no_key_is_made_when_it_cannot_be_told_whether_there_is_one(azure: Path) -> None:
    (azure / "vault").write_text(VAULT)
    (azure / "refusal").write_text("ERROR: Please run 'az login' to setup account.")
    done = run(azure)
    assert done.returncode == 1
    assert "cannot be told: ERROR: Please run 'az login'" in done.stderr
    assert not (azure / "key").exists()


@pytest.mark.parametrize("name", ["AZURE_RESOURCE_GROUP", "AZURE_LOCATION"])
def test_a_variable_that_is_not_set_is_named_with_the_command_that_sets_it(azure: Path, name: str) -> None:
    done = run(azure, **{name: ""})
    assert done.returncode != 0
    assert f"{name}: is not set: azd env set {name}" in done.stderr
    assert not (azure / "asked").exists()


def test_both_hooks_ask_azure_the_same() -> None:
    shell, windows = ((INFRA / f"hooks/token-key.{each}").read_text(encoding="utf-8") for each in ("sh", "ps1"))
    for question in ("az group exists", "[?tags.holds=='token-key'].id", "api-version=2023-07-01", "tokenKey=@-"):
        assert question in shell
        assert question in windows
