"""Login and guard: a password for a token, a token for a name."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import bcrypt
import pytest

from shared import auth
from shared.auth import passwords, tokens
from shared.problems import (
    GrantRefused,
    InvalidGrant,
    InvalidToken,
    SettingInvalid,
    TooManyLogins,
    Unauthorized,
    UsersUnavailable,
)

FORM = "application/x-www-form-urlencoded"
RIGHT = b"grant_type=password&username=abi&password=password"


@pytest.fixture(autouse=True)
def works(told: Callable[..., object], environ: Mapping[str, str]) -> None:
    told(**environ)


def login(body: bytes = RIGHT) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(asyncio.run(auth.login(body, FORM)))
    return answer


def guard(authorization: str | None) -> str:
    return asyncio.run(auth.guard(authorization))


def test_the_right_password_gets_a_bearer_token_that_the_guard_believes() -> None:
    answer = login()
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 900
    assert type(answer["expires_in"]) is int
    assert guard(f"Bearer {answer['access_token']}") == "abi"


@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=password&username=abi&password=wrong",
        b"grant_type=password&username=nobody&password=password",
        b"grant_type=password&username=abi&password=" + b"a" * 100,
        b"grant_type=password&username=abi&password=password%00",
    ],
)
def test_wrong_password_unknown_user_and_unusable_password_are_the_same_refusal(body: bytes) -> None:
    with pytest.raises(InvalidGrant) as caught:
        login(body)
    assert caught.value.headers == {"WWW-Authenticate": 'Bearer realm="egl-ml"'}
    assert caught.value.detail == "Wrong user name or password"


def test_unknown_users_and_wrong_passwords_cost_one_bcrypt_check_each(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bytes] = []
    real = bcrypt.checkpw
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda *given: calls.append(given[1][:7]) or real(*given))
    for name in ("abi", "nobody"):
        with pytest.raises(InvalidGrant):
            login(f"grant_type=password&username={name}&password=wrong".encode())
    assert calls == [b"$2b$12$", b"$2b$12$"]


def test_a_malformed_request_costs_no_bcrypt_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda *_: pytest.fail("checked"))
    with pytest.raises(GrantRefused):
        login(b"username=abi")


def test_a_malformed_stored_hash_stops_logins_and_is_no_crash(
    told: Callable[..., object], environ: Mapping[str, str]
) -> None:
    told(**{**environ, "USERS": '{"abi": "$2b$12$broken"}'})
    with pytest.raises(SettingInvalid):
        login()


def test_without_a_token_key_nobody_logs_in(told: Callable[..., object], environ: Mapping[str, str]) -> None:
    told(**{**environ, "TOKEN_KEY": ""})
    with pytest.raises(SettingInvalid):
        login()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_s_case_does_not_matter(scheme: str) -> None:
    assert guard(f"{scheme} {tokens.current().issue('abi')}") == "abi"


@pytest.mark.parametrize("authorization", [None, "", "Basic YWJpOnBhc3N3b3Jk", "Token x", "bearer:x"])
def test_without_bearer_credentials_the_caller_is_not_told_of_a_bad_token(authorization: str | None) -> None:
    with pytest.raises(Unauthorized) as caught:
        guard(authorization)
    assert not isinstance(caught.value, InvalidToken)


@pytest.mark.parametrize(
    "authorization", ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Bearer a.b.c, Bearer a.b.c"]
)
def test_a_bad_token_is_told_as_such(authorization: str) -> None:
    with pytest.raises(InvalidToken):
        guard(authorization)


def test_neither_passwords_nor_tokens_are_logged(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    token = login()["access_token"]
    with pytest.raises(InvalidGrant):
        login(b"grant_type=password&username=abi&password=a-wrong-one")
    with pytest.raises(InvalidToken):
        guard(f"Bearer {token}x")
    said = caplog.text + "".join(capfd.readouterr())
    for secret in ("a-wrong-one", token, "password=", tokens.settings.current().token_key):
        assert secret not in said


def wrong(times: int, name: str = "abi", forwarded_for: str = "203.0.113.7:1") -> None:
    body = f"grant_type=password&username={name}&password=wrong".encode()
    for _ in range(times):
        with pytest.raises(InvalidGrant):
            asyncio.run(auth.login(body, FORM, forwarded_for))


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Password checks that cost nothing: the right one is `password`. What was checked."""
    checked: list[str] = []

    def check(password: str, stored: str | None) -> bool:
        checked.append(password)
        return stored is not None and password == "password"

    monkeypatch.setattr(passwords, "_check", check)
    return checked


@pytest.mark.parametrize("name", ["abi", "nobody"])
def test_the_sixth_guess_is_refused_before_a_password_is_checked_also_for_unknown_names(
    free: list[str], name: str
) -> None:
    wrong(5, name)
    with pytest.raises(TooManyLogins) as caught:
        asyncio.run(auth.login(RIGHT.replace(b"abi", name.encode()), FORM, "10.0.0.1, 203.0.113.9:2"))
    assert free == ["wrong"] * 5
    assert (caught.value.status, caught.value.oauth_error) == (429, "slow_down")
    assert caught.value.headers == {"Retry-After": "1"}


def test_five_guesses_do_not_lock_another_network_out(free: list[str]) -> None:
    wrong(5)
    assert json.loads(asyncio.run(auth.login(RIGHT, FORM, "198.51.100.1:1")))["access_token"]


def test_a_disabled_user_is_refused_as_for_a_wrong_password_and_counted(
    free: list[str], told: Callable[..., object], environ: Mapping[str, str]
) -> None:
    stored = {"abi": {"password_hash": "$2b$12$" + "a" * 53, "disabled": True}}
    told(**{**environ, "USERS": json.dumps(stored)})
    for _ in range(5):
        with pytest.raises(InvalidGrant) as caught:
            login()
        assert caught.value.detail == "Wrong user name or password"
    with pytest.raises(TooManyLogins):
        login()
    assert free == ["password"] * 5


def test_a_success_failure_and_throttled_login_is_told_with_its_name(
    free: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    for level in ("info", "warning"):
        monkeypatch.setattr(auth._log, level, lambda text, *given: said.append(text % given))
    login()
    wrong(5)
    with pytest.raises(TooManyLogins):
        asyncio.run(auth.login(RIGHT, FORM, "203.0.113.7:1"))
    assert said == ["login succeeded for abi", *["login failed for abi"] * 5, "login throttled for abi"]


def test_a_store_that_is_down_is_no_wrong_password(
    free: list[str], told: Callable[..., object], environ: Mapping[str, str]
) -> None:
    nowhere = "AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a"
    told(**environ, USERS_TABLE="users", STORAGE_CONNECTION=nowhere)
    with pytest.raises(UsersUnavailable) as caught:
        login()
    assert (caught.value.status, caught.value.oauth_error) == (503, "temporarily_unavailable")
    assert free == []
