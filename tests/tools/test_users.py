"""The user tool: each command for either store, its output, and its exit codes."""

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import bcrypt
import pytest

from shared.auth.users import EmbeddedUsers, Store, User, UserTable
from shared.problems import UsersUnavailable
from shared.settings import Settings
from shared.tables import Account, Table
from shared.threads import Threads
from tools import users
from tools.users import UserCommands

ROOT = Path(__file__).parent.parent.parent
PASSWORD = "correct horse battery"
OTHER = "another horse battery"
NOWHERE = "AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a"
HASH = "$2b$12$" + "b" * 53
START = 1_800_000_000.25

type Run = Callable[..., tuple[int, str, str]]
"""Run a command with a password on standard input. Returns the exit code, stdout and stderr."""


class Clock:
    """A clock that only `sleep` moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["setting", "table"])
def store(request: pytest.FixtureRequest, threads: Threads) -> Store:
    """An empty store of either kind."""
    if request.param == "setting":
        return EmbeddedUsers({})
    account = Account(request.getfixturevalue("storage"))
    table = Table(request.getfixturevalue("table_name"), account, threads.tables, UsersUnavailable)
    asyncio.run(table.create())
    return UserTable(table)


@pytest.fixture
def run_on(clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[Store], Run]:
    """Return a function that runs commands on a store."""

    def for_store(store: Store) -> Run:
        commands = UserCommands(lambda: store, cheap_hash, clock, clock.sleep)

        def run(*arguments: str, password: str = "") -> tuple[int, str, str]:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(password.encode())))
            code = users.main(arguments, commands)
            return code, *capsys.readouterr()

        return run

    return for_store


@pytest.fixture
def run(run_on: Callable[[Store], Run], store: Store) -> Run:
    """Run commands on the store of the test."""
    return run_on(store)


def cheap_hash(password: str) -> str:
    """Return a hash of the lowest cost."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


def find(store: Store, name: str) -> User | None:
    async def call() -> User | None:
        return await store.find(name)

    return asyncio.run(call())


def existing(store: Store, name: str) -> User:
    user = find(store, name)
    assert user
    return user


def is_password_of(password: str, user: User) -> bool:
    return bcrypt.checkpw(password.encode(), user.password_hash.encode())


def test_a_user_is_added_with_the_password_and_the_time(run: Run, store: Store) -> None:
    code, _, errors = run("add", "renée", password=PASSWORD)
    assert (code, errors.splitlines()[0]) == (0, "renée is added.")
    user = existing(store, "renée")
    assert is_password_of(PASSWORD, user)
    assert user.created == int(START)
    assert not user.disabled


def test_tokens_of_an_earlier_user_of_that_name_are_revoked_and_a_login_succeeds_at_once(
    run: Run, store: Store
) -> None:
    run("add", "abi", password=PASSWORD)
    user = existing(store, "abi")
    assert user.tokens_not_before == user.created - 1


def test_a_taken_name_is_refused_before_the_password_is_read(run: Run, store: Store) -> None:
    run("add", "abi", password=PASSWORD)
    assert run("add", "abi") == (1, "", "The user abi exists already.\n")
    assert is_password_of(PASSWORD, existing(store, "abi"))


def test_a_removed_user_does_not_exist(run: Run, store: Store) -> None:
    run("add", "abi", password=PASSWORD)
    code, _, errors = run("remove", "abi")
    assert (code, errors.splitlines()[0]) == (0, "abi is removed.")
    assert find(store, "abi") is None


def test_a_new_password_revokes_the_tokens_and_the_command_ends_after_that_second(
    run: Run, store: Store, clock: Clock
) -> None:
    run("add", "abi", password=PASSWORD)
    code, _, errors = run("set-password", "abi", password=OTHER)
    user = existing(store, "abi")
    assert code == 0
    assert "abi has a new password" in errors
    assert is_password_of(OTHER, user)
    assert user.tokens_not_before == int(START) < int(clock())


def test_an_enabled_user_s_old_tokens_stay_revoked(run: Run, store: Store) -> None:
    run("add", "abi", password=PASSWORD)
    code, _, errors = run("disable", "abi")
    assert (code, errors.splitlines()[0]) == (0, "abi is disabled.")
    assert existing(store, "abi").disabled
    revoked = existing(store, "abi").tokens_not_before
    assert run("enable", "abi")[2].splitlines()[0] == "abi is enabled."
    user = existing(store, "abi")
    assert not user.disabled
    assert user.tokens_not_before == revoked >= user.created


def test_revoke_applies_to_the_tokens_issued_until_now(run: Run, store: Store, clock: Clock) -> None:
    run("add", "abi", password=PASSWORD)
    code, _, errors = run("revoke", "abi")
    assert code == 0
    assert "abi's tokens issued until 2027-01-15 08:00:00 UTC are revoked." in errors
    assert existing(store, "abi").tokens_not_before == int(START) < int(clock())
    assert is_password_of(PASSWORD, existing(store, "abi"))


def test_users_are_listed_with_tabs_in_between(run: Run) -> None:
    run("add", "zoë", password=PASSWORD)
    run("add", "abi smith", password=PASSWORD)
    run("disable", "zoë")
    code, out, errors = run("list")
    assert (code, errors) == (0, "")
    assert [line.split("\t")[:2] for line in out.splitlines()] == [["abi smith", "enabled"], ["zoë", "disabled"]]
    assert all(time.endswith("UTC") for line in out.splitlines() for time in line.split("\t")[2:])


@pytest.mark.parametrize("command", ["remove", "set-password", "disable", "enable", "revoke"])
def test_an_unknown_user_cannot_be_changed(run: Run, store: Store, command: str) -> None:
    run("add", "abi", password=PASSWORD)
    assert run(command, "eve", password=OTHER) == (1, "", "The user eve does not exist.\n")
    assert find(store, "eve") is None


@pytest.mark.parametrize("command", ["add", "set-password"])
def test_a_refused_password_changes_nothing(run: Run, store: Store, command: str) -> None:
    if command == "set-password":
        run("add", "abi", password=PASSWORD)
    before = find(store, "abi")
    assert run(command, "abi", password=OTHER[:5]) == (1, "", "The password has fewer than 8 characters.\n")
    assert find(store, "abi") == before


def test_only_the_setting_s_new_value_is_on_standard_output(run_on: Callable[[Store], Run]) -> None:
    store = EmbeddedUsers({"bea": {"password_hash": HASH}})
    code, out, errors = run_on(store)("add", "abi", password=PASSWORD)
    assert code == 0
    assert "Set USERS to this value" in errors
    assert set(Settings.read({"USERS": out}).users) == {"abi", "bea"}


def test_the_first_user_s_table_is_created_and_a_change_prints_one_line_on_standard_error(
    run_on: Callable[[Store], Run], threads: Threads, storage: str, table_name: str
) -> None:
    store = UserTable(Table(table_name, Account(storage), threads.tables, UsersUnavailable))
    assert run_on(store)("add", "abi", password=PASSWORD) == (0, "", "abi is added.\n")


@pytest.mark.parametrize("arguments", [["add", "abi"], ["list"], ["remove", "abi"]])
def test_an_unreachable_table_is_3(run_on: Callable[[Store], Run], threads: Threads, arguments: list[str]) -> None:
    run = run_on(UserTable(Table("users", Account(NOWHERE), threads.tables, UsersUnavailable)))
    code, _, errors = run(*arguments)
    assert code == 3
    assert errors == (
        "Users table unreachable: table users at http://127.0.0.1:9/a: ServiceRequestError. "
        "Is Azurite running? `./egl azurite` or `make run STORAGE=azurite` starts it.\n"
    )


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


def test_the_entry_is_valid_in_the_users_setting(run_on: Callable[[Store], Run]) -> None:
    code, out, errors = run_on(EmbeddedUsers({}))("hash", "renée", password=PASSWORD)
    assert (code, errors) == (0, "")
    stored = Settings.read({"USERS": out}).users["renée"]
    assert bcrypt.checkpw(PASSWORD.encode(), stored["password_hash"].encode())


def test_help_has_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        users.main(["--help"])
    assert "3 the table is unreachable" in " ".join(capsys.readouterr().out.split())


def test_the_tool_reads_local_settings_as_the_host_does(tmp_path: Path) -> None:
    settings = {"Values": {"USERS": json.dumps({"bea": HASH})}}
    (tmp_path / "local.settings.json").write_text(json.dumps(settings))
    result = list_users(tmp_path)
    assert (result.returncode, result.stdout) == (0, "bea\tenabled\t-\t-\n")


def test_invalid_settings_are_1_and_named(tmp_path: Path) -> None:
    result = list_users(tmp_path, USERS="nonsense")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("The settings are invalid: USERS must be")
    assert result.stderr.count("\n") == 1


def list_users(root: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command `list` for the project in `root`: the service reads its settings once per process."""
    script = (
        "import functools, pathlib, sys; from tools import users; "
        "store = functools.partial(users.open_store, pathlib.Path(sys.argv[1])); "
        "sys.exit(users.main(['list'], users.UserCommands(store)))"
    )
    command = [sys.executable, "-c", script, str(root)]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
