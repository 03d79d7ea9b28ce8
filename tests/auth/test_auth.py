"""Login and authorization: a password for a token, a token for a name."""

import json
import logging
import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import bcrypt
import pytest

from shared.auth import Auth
from shared.auth.users import EmbeddedUsers, User
from shared.problems import (
    GrantRefused,
    InvalidGrant,
    InvalidToken,
    SettingInvalid,
    TooManyLogins,
    Unauthorized,
    UsersUnavailable,
)
from shared.settings import DEMO_HASH
from tests.auth.conftest import BuildAuth
from tests.clock import Clock
from tests.conftest import KEY, NO_STORE
from tests.loop import run

FORM = "application/x-www-form-urlencoded"
VALID = b"grant_type=password&username=abi&password=password"
HOME = "203.0.113.7:1"


@pytest.fixture
def auth(build_auth: BuildAuth) -> Auth:
    return build_auth()


def login(auth: Auth, body: bytes = VALID, forwarded_for: str = "") -> dict[str, Any]:
    response: dict[str, Any] = json.loads(run(auth.login(body, FORM, forwarded_for)))
    return response


def authorize(auth: Auth, authorization: str | None) -> str:
    return run(auth.authorize(authorization))


def test_the_right_password_gets_a_valid_bearer_token(auth: Auth) -> None:
    response = login(auth)
    assert response["token_type"] == "Bearer"
    assert response["expires_in"] == 900
    assert type(response["expires_in"]) is int
    assert authorize(auth, f"Bearer {response['access_token']}") == "abi"


@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=password&username=abi&password=wrong",
        b"grant_type=password&username=nobody&password=password",
        b"grant_type=password&username=abi&password=" + b"a" * 100,
        b"grant_type=password&username=abi&password=password%00",
    ],
)
def test_wrong_password_unknown_user_and_unusable_password_are_the_same_refusal(auth: Auth, body: bytes) -> None:
    with pytest.raises(InvalidGrant) as caught:
        login(auth, body)
    assert caught.value.headers == {"WWW-Authenticate": 'Bearer realm="egl-ml"'}
    assert caught.value.detail == "Wrong user name or password"


def test_unknown_users_and_wrong_passwords_cost_one_bcrypt_check_each(
    auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[bytes] = []
    check = bcrypt.checkpw
    monkeypatch.setattr(
        bcrypt, "checkpw", lambda password, stored: checked.append(stored[:7]) or check(password, stored)
    )
    for name in ("abi", "nobody"):
        with pytest.raises(InvalidGrant):
            login(auth, f"grant_type=password&username={name}&password=wrong".encode())
    assert checked == [b"$2b$12$", b"$2b$12$"]


def test_a_malformed_request_costs_no_bcrypt_check(auth: Auth, quick_bcrypt: list[bytes]) -> None:
    with pytest.raises(GrantRefused):
        login(auth, b"username=abi")
    assert quick_bcrypt == []


def test_a_malformed_stored_hash_stops_logins_without_a_crash(build_auth: BuildAuth) -> None:
    with pytest.raises(SettingInvalid):
        login(build_auth(USERS='{"abi": "$2b$12$broken"}'))


def test_without_a_token_key_nobody_logs_in(build_auth: BuildAuth) -> None:
    with pytest.raises(SettingInvalid):
        login(build_auth(TOKEN_KEY=""))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_s_case_does_not_matter(auth: Auth, scheme: str) -> None:
    assert authorize(auth, f"{scheme} {auth.tokens.issue('abi')}") == "abi"


@pytest.mark.parametrize("authorization", [None, "", "Basic YWJpOnBhc3N3b3Jk", "Token x", "bearer:x"])
def test_without_bearer_credentials_the_response_names_no_bad_token(auth: Auth, authorization: str | None) -> None:
    with pytest.raises(Unauthorized) as caught:
        authorize(auth, authorization)
    assert not isinstance(caught.value, InvalidToken)


@pytest.mark.parametrize(
    "authorization", ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Bearer a.b.c, Bearer a.b.c"]
)
def test_a_bad_token_is_invalid(auth: Auth, authorization: str) -> None:
    with pytest.raises(InvalidToken):
        authorize(auth, authorization)


def test_neither_passwords_nor_tokens_are_logged(
    auth: Auth, log: list[logging.LogRecord], capfd: pytest.CaptureFixture[str]
) -> None:
    token = login(auth)["access_token"]
    with pytest.raises(InvalidGrant):
        login(auth, b"grant_type=password&username=abi&password=a-wrong-one")
    with pytest.raises(InvalidToken):
        authorize(auth, f"Bearer {token}x")
    output = "".join(record.getMessage() for record in log) + "".join(capfd.readouterr())
    assert "login failed for abi" in output
    for secret in ("a-wrong-one", token, "password=", KEY):
        assert secret not in output


def fail(auth: Auth, times: int, name: str = "abi") -> None:
    body = f"grant_type=password&username={name}&password=wrong".encode()
    for _ in range(times):
        with pytest.raises(InvalidGrant):
            login(auth, body, HOME)


@pytest.fixture
def quick_bcrypt(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Password checks that take no time; only `password` matches. Returns the checked passwords."""
    checked: list[bytes] = []

    def check(password: bytes, stored: bytes) -> bool:
        checked.append(password)
        return password == b"password"

    monkeypatch.setattr(bcrypt, "checkpw", check)
    monkeypatch.setattr(bcrypt, "hashpw", lambda *_: b"")
    return checked


@pytest.mark.parametrize(("name", "candidate"), [("abi", b"wrong"), ("nobody", b"nobody")])
def test_the_sixth_guess_is_refused_before_a_password_is_checked_even_for_unknown_names(
    auth: Auth, quick_bcrypt: list[bytes], name: str, candidate: bytes
) -> None:
    fail(auth, 5, name)
    with pytest.raises(TooManyLogins) as caught:
        login(auth, VALID.replace(b"abi", name.encode()), "10.0.0.1, 203.0.113.9:2")
    assert quick_bcrypt == [candidate] * 5
    assert (caught.value.status, caught.value.oauth_error) == (429, "slow_down")
    assert caught.value.headers == {"Retry-After": "1"}


def test_five_guesses_do_not_lock_another_network_out(auth: Auth, quick_bcrypt: list[bytes]) -> None:
    fail(auth, 5)
    assert login(auth, VALID, "198.51.100.1:1")["access_token"]


def test_a_disabled_user_is_refused_like_a_wrong_password_and_counted(
    build_auth: BuildAuth, quick_bcrypt: list[bytes]
) -> None:
    auth = build_auth(USERS=json.dumps({"abi": {"password_hash": "$2b$12$" + "a" * 53, "disabled": True}}))
    for _ in range(5):
        with pytest.raises(InvalidGrant) as caught:
            login(auth)
        assert caught.value.detail == "Wrong user name or password"
    with pytest.raises(TooManyLogins):
        login(auth)
    assert quick_bcrypt == [b"password"] * 5


def test_successful_failed_and_throttled_logins_are_logged_with_the_name(
    auth: Auth, quick_bcrypt: list[bytes], log: list[logging.LogRecord]
) -> None:
    login(auth)
    fail(auth, 5)
    with pytest.raises(TooManyLogins):
        login(auth, VALID, HOME)
    assert [record.getMessage() for record in log] == [
        "login succeeded for abi",
        *["login failed for abi"] * 5,
        "login throttled for abi",
    ]


def test_a_store_that_is_down_is_not_a_wrong_password(build_auth: BuildAuth, quick_bcrypt: list[bytes]) -> None:
    with pytest.raises(UsersUnavailable) as caught:
        login(build_auth(USERS_TABLE="users", STORAGE_CONNECTION=NO_STORE))
    assert (caught.value.status, caught.value.oauth_error) == (503, "temporarily_unavailable")
    assert quick_bcrypt == []


@pytest.mark.parametrize("table", [False, True])
def test_failures_are_counted_where_the_users_are(
    build_auth: BuildAuth, storage: str, table_name: str, table: bool
) -> None:
    values = {"USERS_TABLE": table_name, "STORAGE_CONNECTION": storage} if table else {}
    auth = build_auth(**values)
    assert type(auth.throttle._counts).__name__ == ("TableCounts" if table else "MemoryCounts")


def test_the_demo_user_cannot_log_in_outside_development_whatever_its_hash(
    build_auth: BuildAuth, log: list[logging.LogRecord]
) -> None:
    other = bcrypt.hashpw(b"password", bcrypt.gensalt(4, b"2a")).decode()
    auth = build_auth(USERS=json.dumps({"abi": other}), AZURE_FUNCTIONS_ENVIRONMENT="Production")
    with pytest.raises(InvalidGrant):
        login(auth)
    assert "the demo user's password was used outside Development" in [record.getMessage() for record in log]


class ChangingUsers(EmbeddedUsers):
    """Users whose account changes while a password is checked."""

    def __init__(self, *lookups: User | None) -> None:
        super().__init__({})
        self.lookups = list(lookups)

    async def find(self, name: str) -> User | None:
        return self.lookups.pop(0)


ABI = User("abi", DEMO_HASH)


@pytest.mark.parametrize(
    "changed",
    [None, replace(ABI, disabled=True), replace(ABI, password_hash="$2b$12$" + "a" * 53)],
    ids=["removed", "disabled", "another password"],
)
def test_an_account_that_changes_during_the_check_gets_no_token(auth: Auth, changed: User | None) -> None:
    auth.users.store = ChangingUsers(ABI, changed)
    with pytest.raises(InvalidGrant):
        login(auth)


def test_tokens_that_are_revoked_after_the_second_read_are_revoked(auth: Auth, clock: Clock) -> None:
    auth.users.store = ChangingUsers(ABI, ABI, replace(ABI, tokens_not_before=int(time.time()) + 3_600))
    token = login(auth)["access_token"]
    with pytest.raises(InvalidToken):
        authorize(auth, f"Bearer {token}")


NFC, NFD = "Zoë", "Zoe\u0308"


@pytest.mark.parametrize(("stored", "typed"), [(NFC, NFC), (NFC, NFD), (NFD, NFD)], ids=["both", "typed", "stored"])
def test_composed_and_decomposed_names_and_passwords_are_the_same(
    build_auth: BuildAuth, stored: str, typed: str
) -> None:
    users = {stored: bcrypt.hashpw(stored.encode(), bcrypt.gensalt(4)).decode()}
    auth = build_auth(USERS=json.dumps(users))
    body = urlencode({"grant_type": "password", "username": typed, "password": typed}).encode()
    token = login(auth, body)["access_token"]
    assert authorize(auth, f"Bearer {token}") == stored


def test_the_network_is_that_of_the_client_before_the_trusted_proxies(
    build_auth: BuildAuth, quick_bcrypt: list[bytes]
) -> None:
    auth = build_auth(TRUSTED_PROXIES="2")
    for _ in range(5):
        with pytest.raises(InvalidGrant):
            login(auth, VALID.replace(b"word=password", b"word=no"), "203.0.113.7, 10.0.0.1:5")
    assert login(auth, VALID, "198.51.100.1, 10.0.0.1:5")["access_token"]
    with pytest.raises(TooManyLogins):
        login(auth, VALID, "203.0.113.8, 10.0.0.2:5")
