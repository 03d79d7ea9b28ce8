"""The user tool: each command for either store, what it says, and the exit codes that scripts use."""

import asyncio
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import bcrypt
import pytest

from shared.auth import passwords
from shared.auth import users as store
from shared.auth.users import User, UserTable
from shared.settings import Settings
from tools import users

ROOT = Path(__file__).parent.parent.parent
PASSWORD = "correct horse battery"
OTHER = "another horse battery"
NOWHERE = "AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a"

type Tool = Callable[..., tuple[int, str, str]]
"""Runs a command with a password on standard input. Returns the exit code, and what was printed where."""
type Find = Callable[[str], User | None]


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of the lowest cost, and nothing of this machine's settings."""
    monkeypatch.setattr(passwords, "COST", 4)
    monkeypatch.setattr(users, "load_local_settings", lambda folder: None)


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tool:
    def run(*arguments: str, password: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(password.encode())))
        code = users.main(arguments)
        return code, *capsys.readouterr()

    return run


@pytest.fixture(params=["setting", "table"])
def changed(request: pytest.FixtureRequest, told: Callable[..., Settings], tool: Tool) -> Tool:
    """The tool with an empty store of either kind; the USERS that it prints is set before the next command."""
    if request.param == "table":
        account = request.getfixturevalue("storage")
        told(USERS_TABLE=request.getfixturevalue("table_name"), STORAGE_CONNECTION=account)
        opened = store.current()
        assert isinstance(opened, UserTable)
        asyncio.run(opened.table.create())
        return tool
    told(USERS="{}")

    def run(*arguments: str, password: str = "") -> tuple[int, str, str]:
        code, out, err = tool(*arguments, password=password)
        if code == 0 and arguments[0] != "list":
            told(USERS=out)
        return code, out, err

    return run


def found(name: str) -> User | None:
    return asyncio.run(store.find(name))


def known(name: str) -> User:
    user = found(name)
    assert user
    return user


def fits(password: str, user: User) -> bool:
    return bcrypt.checkpw(password.encode(), user.password_hash.encode())


def test_a_user_is_added_with_the_password_and_the_time(changed: Tool) -> None:
    before = int(time.time())
    code, _, err = changed("add", "renée", password=PASSWORD)
    assert (code, err.splitlines()[0]) == (0, "renée is added.")
    user = known("renée")
    assert fits(PASSWORD, user)
    assert before <= user.created <= time.time()
    assert not user.disabled


def test_tokens_of_an_earlier_user_of_that_name_die_and_a_login_at_once_is_good(changed: Tool) -> None:
    changed("add", "abi", password=PASSWORD)
    user = known("abi")
    assert user.tokens_not_before == user.created - 1


def test_a_name_that_is_taken_is_refused_before_a_password_is_asked_for(changed: Tool) -> None:
    changed("add", "abi", password=PASSWORD)
    assert changed("add", "abi") == (1, "", "There is a user abi already.\n")
    assert fits(PASSWORD, known("abi"))


def test_a_removed_user_is_gone(changed: Tool) -> None:
    changed("add", "abi", password=PASSWORD)
    code, _, err = changed("remove", "abi")
    assert (code, err.splitlines()[0]) == (0, "abi is removed.")
    assert found("abi") is None


def test_another_password_ends_the_tokens_and_the_second_is_over_when_the_tool_is(changed: Tool) -> None:
    changed("add", "abi", password=PASSWORD)
    code, _, err = changed("set-password", "abi", password=OTHER)
    user = known("abi")
    assert code == 0
    assert "abi has a new password" in err
    assert fits(OTHER, user)
    assert user.created - 1 < user.tokens_not_before < int(time.time())


def test_a_disabled_user_is_enabled_again_and_the_old_tokens_are_not(changed: Tool) -> None:
    changed("add", "abi", password=PASSWORD)
    code, _, err = changed("disable", "abi")
    assert (code, err.splitlines()[0]) == (0, "abi is disabled.")
    assert known("abi").disabled
    ended = known("abi").tokens_not_before
    assert changed("enable", "abi")[2].splitlines()[0] == "abi is enabled."
    user = known("abi")
    assert not user.disabled
    assert user.tokens_not_before == ended >= user.created


def test_revoked_tokens_are_those_issued_until_now(changed: Tool) -> None:
    changed("add", "abi", password=PASSWORD)
    before = int(time.time())
    code, _, err = changed("revoke", "abi")
    assert code == 0
    assert "abi's tokens issued until 20" in err
    assert before <= known("abi").tokens_not_before < int(time.time())
    assert fits(PASSWORD, known("abi"))


def test_users_are_listed_with_tabs_in_between(changed: Tool) -> None:
    changed("add", "zoë", password=PASSWORD)
    changed("add", "abi smith", password=PASSWORD)
    changed("disable", "zoë")
    code, out, err = changed("list")
    assert (code, err) == (0, "")
    assert [line.split("\t")[:2] for line in out.splitlines()] == [["abi smith", "enabled"], ["zoë", "disabled"]]
    assert all(each.endswith("UTC") for line in out.splitlines() for each in line.split("\t")[2:])


@pytest.mark.parametrize("command", ["remove", "set-password", "disable", "enable", "revoke"])
def test_nobody_is_changed_who_is_not_there(changed: Tool, command: str) -> None:
    changed("add", "abi", password=PASSWORD)
    assert changed(command, "eve", password=OTHER) == (1, "", "There is no user eve.\n")
    assert found("eve") is None


@pytest.mark.parametrize("command", ["add", "set-password"])
def test_a_password_that_breaks_a_rule_changes_nothing(changed: Tool, command: str) -> None:
    if command == "set-password":
        changed("add", "abi", password=PASSWORD)
    before = found("abi")
    code, out, err = changed(command, "abi", password="short")
    assert (code, out, err) == (1, "", "The password has under 8 characters.\n")
    assert found("abi") == before


def test_the_setting_s_new_value_is_all_that_is_printed_on_standard_output(
    told: Callable[..., Settings], tool: Tool
) -> None:
    told(USERS=json.dumps({"bea": "$2b$12$" + "b" * 53}))
    code, out, err = tool("add", "abi", password=PASSWORD)
    assert code == 0
    assert "Set USERS to this" in err
    assert set(Settings.read({"USERS": out}).users) == {"abi", "bea"}


def test_the_first_user_s_table_is_made_and_a_change_prints_one_line_on_standard_error_only(
    told: Callable[..., Settings], tool: Tool, storage: str, table_name: str
) -> None:
    told(USERS_TABLE=table_name, STORAGE_CONNECTION=storage)
    assert tool("add", "abi", password=PASSWORD) == (0, "", "abi is added.\n")


@pytest.mark.parametrize("arguments", [["add", "abi"], ["list"], ["remove", "abi"]])
def test_a_table_that_cannot_be_reached_is_3(told: Callable[..., Settings], tool: Tool, arguments: list[str]) -> None:
    told(USERS_TABLE="users", STORAGE_CONNECTION=NOWHERE)
    code, out, err = tool(*arguments)
    assert (code, out) == (3, "")
    assert err == "The users cannot be reached: table users: ServiceRequestError.\n"


def test_settings_that_are_wrong_are_1_and_named(told: Callable[..., Settings], tool: Tool) -> None:
    told(USERS="nonsense")
    code, out, err = tool("list")
    assert (code, out) == (1, "")
    assert err.startswith("The settings are wrong: USERS must be")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["hash"],
        ["hash", "abi", PASSWORD],
        ["add", "abi", PASSWORD],
        ["set-password", "abi", PASSWORD],
        ["add", ""],
        ["add", " "],
        ["add", "a\nb"],
        ["add", "oidc:abi"],
        ["add", "x" * 257],
        ["list", "abi"],
        ["rename", "abi"],
    ],
)
def test_a_wrong_command_line_is_2_and_a_password_is_never_an_argument(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        users.main(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().out == ""


def test_the_entry_is_one_that_the_service_takes(tool: Tool) -> None:
    code, out, err = tool("hash", "renée", password=PASSWORD)
    assert (code, err) == (0, "")
    stored = Settings.read({"USERS": out}).users["renée"]
    assert bcrypt.checkpw(PASSWORD.encode(), stored["password_hash"].encode())


def test_help_tells_the_exit_codes(tool: Tool, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        users.main(["--help"])
    assert "3 the table cannot be reached" in " ".join(capsys.readouterr().out.split())


def test_the_store_is_read_from_local_settings_as_the_host_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: Mapping[str, object] = {"Values": {"USERS": json.dumps({"bea": "$2b$12$" + "b" * 53})}}
    (tmp_path / "local.settings.json").write_text(json.dumps(told))
    script = (
        f"from pathlib import Path; from tools import users; users.ROOT = Path({str(tmp_path)!r}); users.main(['list'])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={}, capture_output=True, text=True, check=True)
    assert done.stdout == "bea\tenabled\t-\t-\n"
