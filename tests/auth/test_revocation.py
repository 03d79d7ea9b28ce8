"""Revocation of valid tokens: how soon it counts, and what counts while the table is down."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.auth.revocation import FRESH_SECONDS, RETRY_SECONDS, Revocation, UserCache
from shared.auth.tokens import Claims
from shared.auth.users import EmbeddedUsers, Store, User, Users, UserTable
from shared.problems import InvalidToken, UsersUnavailable
from tests.auth.conftest import BuildAuth
from tests.clock import Clock
from tests.conftest import NO_STORE
from tests.loop import run

HASH = "$2b$12$" + "a" * 53
ISSUED = 1_800_000_000


class SlowStore(EmbeddedUsers):
    """A store that takes a moment, can be down, and records its calls."""

    def __init__(self, *names: str) -> None:
        super().__init__({name: {"password_hash": HASH} for name in names})
        self.calls: list[str] = []
        self.down = False

    async def find(self, name: str) -> User | None:
        self.calls.append(name)
        await asyncio.sleep(0.001)
        if self.down:
            raise UsersUnavailable(reason="down")
        return await super().find(name)


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000.0)


@pytest.fixture
def slow() -> SlowStore:
    return SlowStore("abi", "bea", "cem")


@pytest.fixture
def cache(slow: SlowStore, clock: Clock) -> UserCache:
    return UserCache(Users(slow, development=True), clock)


@pytest.fixture(params=["setting", "table"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty store of either kind."""
    return EmbeddedUsers({}) if request.param == "setting" else UserTable(request.getfixturevalue("table"))


def check(store: Store, issued_at: float = ISSUED) -> None:
    """Check a token of abi, with an empty cache."""
    claims = Claims("abi", float(issued_at), issued_at + 900.0)
    run(Revocation(Users(store, development=True)).check(claims))


def test_a_token_of_a_user_counts(store: Store) -> None:
    run(store.add(User("abi", HASH)))
    check(store)


@pytest.mark.parametrize("user", [None, User("abi", HASH, disabled=True)], ids=["removed", "disabled"])
def test_a_token_of_a_removed_or_disabled_user_is_refused(store: Store, user: User | None) -> None:
    if user:
        run(store.add(user))
    with pytest.raises(InvalidToken) as caught:
        check(store)
    assert caught.value.status == 401
    assert 'error="invalid_token"' in caught.value.headers["WWW-Authenticate"]


def test_tokens_issued_before_the_revocation_or_in_its_second_are_refused_and_later_ones_count(store: Store) -> None:
    run(store.add(User("abi", HASH, tokens_not_before=ISSUED)))
    for issued_at in (ISSUED - 900, ISSUED - 1, ISSUED):
        with pytest.raises(InvalidToken):
            check(store, issued_at)
    check(store, ISSUED + 1)


def test_a_revoked_token_is_refused_after_it_was_accepted(build_auth: BuildAuth) -> None:
    auth = build_auth()
    bearer = f"Bearer {auth.tokens.issue('abi')}"
    assert run(auth.authorize(bearer)) == "abi"
    run(auth.users.store.change("abi", disabled=True))
    with pytest.raises(InvalidToken):
        run(auth.authorize(bearer))


def test_a_user_in_a_table_is_looked_up_once_in_thirty_seconds(cache: UserCache, slow: SlowStore, clock: Clock) -> None:
    for _ in range(3):
        run(cache.find("abi"))
        run(cache.find("bea"))
    clock.time += FRESH_SECONDS - 0.1
    run(cache.find("abi"))
    assert slow.calls == ["abi", "bea"]
    clock.time += 0.1
    run(cache.find("abi"))
    assert slow.calls == ["abi", "bea", "abi"]


def test_a_change_counts_after_thirty_seconds(cache: UserCache, slow: SlowStore, clock: Clock) -> None:
    run(cache.find("abi"))
    run(slow.change("abi", disabled=True))
    clock.time += FRESH_SECONDS
    user = run(cache.find("abi"))
    assert user
    assert user.disabled


def test_requests_at_the_same_time_make_one_lookup(cache: UserCache, slow: SlowStore) -> None:
    async def find_all() -> Sequence[User | None]:
        return await asyncio.gather(*(cache.find("abi") for _ in range(20)))

    assert run(find_all()) == [User("abi", HASH)] * 20
    assert slow.calls == ["abi"]


def test_while_the_table_is_down_the_last_known_state_counts(cache: UserCache, slow: SlowStore, clock: Clock) -> None:
    run(slow.change("bea", disabled=True))
    run(cache.find("abi"))
    run(cache.find("bea"))
    slow.down = True
    clock.time += 600
    assert run(cache.find("abi")) == User("abi", HASH)
    assert run(cache.find("bea")) == User("bea", HASH, disabled=True)


def test_a_table_that_is_down_is_called_by_one_request_every_five_seconds(
    cache: UserCache, slow: SlowStore, clock: Clock
) -> None:
    async def find_all() -> None:
        await asyncio.gather(*(cache.find(name) for name in ("abi", "bea", "cem")))

    run(find_all())
    slow.calls.clear()
    slow.down = True
    clock.time += FRESH_SECONDS
    run(find_all())
    first = len(slow.calls)
    for _ in range(5):
        run(find_all())
    assert len(slow.calls) == first
    clock.time += RETRY_SECONDS
    run(find_all())
    assert len(slow.calls) == first + 1


def test_a_table_that_is_back_is_used_again(cache: UserCache, slow: SlowStore, clock: Clock) -> None:
    run(cache.find("abi"))
    run(slow.remove("abi"))
    slow.down = True
    clock.time += FRESH_SECONDS
    assert run(cache.find("abi"))
    slow.down = False
    clock.time += RETRY_SECONDS
    assert run(cache.find("abi")) is None


def test_a_user_of_whom_nothing_is_known_while_the_table_is_down_is_let_in(build_auth: BuildAuth) -> None:
    auth = build_auth(USERS_TABLE="users", STORAGE_CONNECTION=NO_STORE)
    assert run(auth.authorize(f"Bearer {auth.tokens.issue('abi')}")) == "abi"


def test_cached_users_are_bounded(slow: SlowStore, clock: Clock) -> None:
    cache = UserCache(Users(slow, development=True), clock, max_users=2)
    for name in ("abi", "bea", "cem", "nobody"):
        run(cache.find(name))
    assert set(cache._cached) == {"cem", "nobody"}


def test_a_user_who_just_logged_in_again_need_not_wait_for_the_cache(store: Store) -> None:
    revocation = Revocation(Users(store, development=True))
    claims = Claims("abi", float(ISSUED), ISSUED + 900.0)
    with pytest.raises(InvalidToken):
        run(revocation.check(claims))
    run(store.add(User("abi", HASH)))
    revocation.learn(User("abi", HASH), revocation.now())
    run(revocation.check(claims))
