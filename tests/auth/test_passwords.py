"""Passwords: bcrypt as it should be used, on threads that step back."""

import asyncio
import os
import threading

import bcrypt
import pytest

from shared.auth import passwords

CHEAP = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()


def check(password: str, stored: str | None) -> bool:
    return asyncio.run(passwords.check(password, stored))


def test_the_right_password_is_right() -> None:
    assert check("right", CHEAP)


def test_a_wrong_password_is_wrong() -> None:
    assert not check("wrong", CHEAP)


def test_nobody_gets_in_with_the_password_behind_the_stand_in_hash() -> None:
    assert not check("nobody", None)
    assert not check("", None)


def test_hashes_have_cost_12() -> None:
    assert passwords.hashed("a password").startswith("$2b$12$")


def test_a_fresh_hash_fits_its_password() -> None:
    assert check("pässword", passwords.hashed("pässword"))


def test_64_characters_are_allowed() -> None:
    assert passwords.acceptable("a" * 64)


@pytest.mark.parametrize("password", ["a" * 72, "ü" * 36])
def test_72_bytes_are_allowed(password: str) -> None:
    assert passwords.acceptable(password)


@pytest.mark.parametrize("password", ["a" * 73, "ü" * 37, "with\0NUL", "", "\ud800"], ids=ascii)
def test_what_bcrypt_cannot_take_whole_is_refused_never_cut(password: str) -> None:
    with pytest.raises(ValueError, match="72 bytes"):
        passwords.hashed(password)
    assert not check(password, CHEAP)


def test_a_password_over_72_bytes_is_wrong_even_when_its_first_72_bytes_are_right() -> None:
    stored = bcrypt.hashpw(b"a" * 72, bcrypt.gensalt(4)).decode()
    assert check("a" * 72, stored)
    assert not check("a" * 73, stored)


@pytest.mark.parametrize("stored", ["", "not-a-hash", "$2b$12$short", "$2b$99$" + "a" * 53, "ü"])
def test_a_malformed_stored_hash_authenticates_nobody(stored: str) -> None:
    assert not check("right", stored)


@pytest.mark.parametrize(
    ("password", "stored"),
    [("right", CHEAP), ("wrong", CHEAP), ("any", None), ("a" * 100, CHEAP), ("a" * 100, None), ("a\0b", None)],
)
def test_every_login_costs_exactly_one_bcrypt_check(
    monkeypatch: pytest.MonkeyPatch, password: str, stored: str | None
) -> None:
    calls: list[bytes] = []
    real = bcrypt.checkpw
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda *given: calls.append(given[1]) or real(*given))
    check(password, stored)
    assert len(calls) == 1


def test_unknown_users_cost_as_much_as_known_ones() -> None:
    assert bcrypt.hashpw(b"x", passwords._NOBODY)[:7] == b"$2b$12$"


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="threads have no priority of their own here")
def test_bcrypt_runs_on_as_many_threads_as_cores_at_the_lowest_priority() -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert passwords._pool.submit(priority).result() == 19
    assert priority() == 0
    assert passwords._pool._max_workers == os.cpu_count()
