"""Passwords: bcrypt, never truncated, one check per login."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import bcrypt
import pytest

from shared.auth import passwords
from shared.auth.passwords import Checks
from shared.problems import LoginsBusy
from shared.threads import Pool
from tests.loop import run

CHEAP = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()


type Check = Callable[[str, str | None], bool]


@pytest.fixture(scope="module")
def check() -> Iterator[Check]:
    """Check a password on a thread of its own."""
    pool = Pool("passwords", 1)
    checks = Checks(pool, pool)
    yield lambda password, stored: run(checks.check(password, stored, arrived=checks.now()))
    pool.close()


def test_the_right_password_matches(check: Check) -> None:
    assert check("right", CHEAP)


def test_a_wrong_password_does_not_match(check: Check) -> None:
    assert not check("wrong", CHEAP)


def test_no_password_matches_for_an_unknown_user(check: Check) -> None:
    assert not check("nobody", None)
    assert not check("", None)


def test_hashes_have_cost_12() -> None:
    assert passwords.hash_password("a password").startswith("$2b$12$")


def test_a_new_hash_matches_its_password(check: Check) -> None:
    assert check("pässword", passwords.hash_password("pässword"))


def test_64_characters_are_allowed() -> None:
    assert passwords.acceptable("a" * 64)


@pytest.mark.parametrize("password", ["a" * 72, "ü" * 36])
def test_72_bytes_are_allowed(password: str) -> None:
    assert passwords.acceptable(password)


@pytest.mark.parametrize("password", ["a" * 73, "ü" * 37, "with\0NUL", "", "\ud800"], ids=ascii)
def test_a_password_that_bcrypt_would_truncate_is_refused(check: Check, password: str) -> None:
    with pytest.raises(ValueError, match="72 bytes"):
        passwords.hash_password(password)
    assert not check(password, CHEAP)


def test_a_password_over_72_bytes_is_wrong_even_when_its_first_72_bytes_are_right(check: Check) -> None:
    stored = bcrypt.hashpw(b"a" * 72, bcrypt.gensalt(4)).decode()
    assert check("a" * 72, stored)
    assert not check("a" * 73, stored)


BAD_SALT = "$2b$04$" + "z" * 53  # the form of a hash, with a salt that bcrypt refuses


@pytest.mark.parametrize("stored", ["", "not-a-hash", "$2b$12$short", "$2b$99$" + "a" * 53, "ü", BAD_SALT])
def test_a_malformed_stored_hash_authenticates_nobody(check: Check, stored: str) -> None:
    assert not check("right", stored)


DEAR = "$2b$13$" + CHEAP[7:]


@pytest.mark.parametrize(
    ("password", "stored"),
    [
        ("right", CHEAP),
        ("wrong", CHEAP),
        ("any", None),
        ("a" * 100, CHEAP),
        ("a" * 100, None),
        ("a\0b", None),
        ("right", DEAR),
        ("right", "not-a-hash"),
        ("right", "$2b$12$" + CHEAP[7:]),
    ],
    ids=["right", "wrong", "nobody", "long", "long-nobody", "nul-nobody", "dear", "malformed", "cost 12"],
)
def test_every_login_costs_as_much_as_one_check_of_cost_12(
    check: Check, monkeypatch: pytest.MonkeyPatch, password: str, stored: str | None
) -> None:
    costs: list[int] = []
    monkeypatch.setattr(bcrypt, "checkpw", lambda _, stored: bool(costs.append(int(stored[4:6]))))
    monkeypatch.setattr(bcrypt, "hashpw", lambda _, salt: costs.append(int(salt[4:6])))
    check(password, stored)
    assert sum(2**cost for cost in costs) == 2**12


def test_a_hash_with_a_bad_salt_takes_the_same_time(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[bytes] = []
    checkpw = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda *pair: checkpw(*pair) or bool(checked.append(pair[1])))
    assert not check("right", BAD_SALT)
    assert checked == [passwords._NOBODY]


def test_a_hash_that_costs_more_lets_nobody_in(check: Check) -> None:
    assert not check("right", bcrypt.hashpw(b"right", bcrypt.gensalt(13)).decode())


@pytest.fixture
def checks() -> Iterator[Checks]:
    """Checks with a thread for unknown and one for known networks."""
    pool, known = Pool("passwords", 1), Pool("known-passwords", 1)
    yield Checks(pool, known)
    pool.close()
    known.close()


def test_the_queue_has_a_limit_and_known_networks_have_their_own(checks: Checks) -> None:
    checks._queued[False] = passwords.MAX_QUEUED
    with pytest.raises(LoginsBusy) as caught:
        run(checks.check("right", CHEAP, arrived=checks.now()))
    assert caught.value.headers == {"Retry-After": "5"}
    assert run(checks.check("right", CHEAP, arrived=checks.now(), known=True))
    checks._queued[True] = passwords.MAX_QUEUED
    with pytest.raises(LoginsBusy):
        run(checks.check("right", CHEAP, arrived=checks.now(), known=True))


def test_guesses_that_wait_do_not_hold_up_a_known_network(checks: Checks, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = threading.Event()

    def check(password: bytes, stored: bytes) -> bool:
        return password == b"right" or blocked.wait(30)

    monkeypatch.setattr(bcrypt, "checkpw", check)

    async def log_in() -> bool:
        guesses = [asyncio.ensure_future(checks.check("guess", CHEAP, arrived=checks.now())) for _ in range(3)]
        result = await checks.check("right", CHEAP, arrived=checks.now(), known=True)
        assert not any(guess.done() for guess in guesses)
        blocked.set()
        await asyncio.gather(*guesses, return_exceptions=True)
        return result

    assert run(log_in())


def test_a_login_that_has_waited_too_long_is_not_checked(checks: Checks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: pytest.fail("checked"))
    with pytest.raises(LoginsBusy):
        run(checks.check("right", CHEAP, arrived=checks.now() - passwords.MAX_WAIT_SECONDS - 1))
    assert checks._queued == {False: 0, True: 0}


def test_unknown_users_cost_as_much_as_known_ones() -> None:
    assert bcrypt.hashpw(b"x", passwords._NOBODY)[:7] == b"$2b$12$"
