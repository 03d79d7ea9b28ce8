"""Revocation: what kills a token that holds, how soon, and what counts while nobody can tell."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest

from shared.auth import guard, revocation, tokens, users
from shared.auth.revocation import REMEMBERED_SECONDS, REST_SECONDS, RememberedUsers
from shared.auth.tokens import Claims
from shared.auth.users import EmbeddedUsers, User, UserTable
from shared.problems import InvalidToken, UsersUnavailable
from shared.settings import Settings

HASH = "$2b$12$" + "a" * 53
ISSUED = 1_800_000_000


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


class Slow(EmbeddedUsers):
    """A store that takes its time, can be down, and counts what it is asked."""

    def __init__(self, *names: str) -> None:
        super().__init__({name: {"password_hash": HASH} for name in names})
        self.asked: list[str] = []
        self.down = False

    async def find(self, name: str) -> User | None:
        self.asked.append(name)
        await asyncio.sleep(0.001)
        if self.down:
            raise UsersUnavailable(reason="down")
        return await super().find(name)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> Slow:
    return Slow("abi", "bea", "cem")


@pytest.fixture
def remembered(store: Slow, clock: Clock) -> RememberedUsers:
    return RememberedUsers(store, clock)


def run[R](call: Awaitable[R]) -> R:
    async def awaited() -> R:
        return await call

    return asyncio.run(awaited())


@pytest.fixture(params=["setting", "table"])
def service(
    request: pytest.FixtureRequest, told: Callable[..., Settings], environ: Mapping[str, str]
) -> Callable[[User | None], None]:
    """Make the service know this user, or none, in either store; what it remembered is forgotten."""
    table = request.getfixturevalue("table_name")
    connection = request.getfixturevalue("storage") if request.param == "table" else ""

    def tell(user: User | None) -> None:
        embedded = EmbeddedUsers({})
        if user and not connection:
            run(embedded.add(user))
        told(
            **{**environ, "USERS": json.dumps(embedded.setting)},
            **({"USERS_TABLE": table, "STORAGE_CONNECTION": connection} if connection else {}),
        )
        store = users.current()
        if isinstance(store, UserTable):
            run(store.table.create())
            run(store.remove("abi"))
            if user:
                run(store.add(user))

    return tell


def check(issued_at: float = ISSUED) -> None:
    run(revocation.check(Claims("abi", float(issued_at), issued_at + 900.0)))


def test_a_token_of_a_user_who_is_there_counts(service: Callable[[User | None], None]) -> None:
    service(User("abi", HASH))
    check()


@pytest.mark.parametrize("user", [None, User("abi", HASH, disabled=True)], ids=["removed", "disabled"])
def test_a_token_of_a_removed_or_disabled_user_is_refused(
    service: Callable[[User | None], None], user: User | None
) -> None:
    service(user)
    with pytest.raises(InvalidToken) as caught:
        check()
    assert caught.value.status == 401
    assert 'error="invalid_token"' in caught.value.headers["WWW-Authenticate"]


def test_tokens_issued_before_the_revocation_or_in_its_second_die_and_later_ones_live(
    service: Callable[[User | None], None],
) -> None:
    service(User("abi", HASH, tokens_not_before=ISSUED))
    for issued_at in (ISSUED - 900, ISSUED - 1, ISSUED):
        with pytest.raises(InvalidToken):
            check(issued_at)
    check(ISSUED + 1)


def test_the_guard_refuses_a_revoked_token_that_it_has_just_believed(
    service: Callable[[User | None], None],
) -> None:
    service(User("abi", HASH))
    bearer = f"Bearer {tokens.current().issue('abi')}"
    assert run(guard(bearer)) == "abi"
    service(User("abi", HASH, disabled=True))
    with pytest.raises(InvalidToken):
        run(guard(bearer))


def test_with_the_setting_every_check_is_fresh(told: Callable[..., Settings], environ: Mapping[str, str]) -> None:
    told(**environ)
    check()
    told(**{**environ, "USERS": "{}"})
    with pytest.raises(InvalidToken):
        check()


def test_a_table_is_asked_once_in_thirty_seconds_for_each_user(
    remembered: RememberedUsers, store: Slow, clock: Clock
) -> None:
    for _ in range(3):
        run(remembered.find("abi"))
        run(remembered.find("bea"))
    clock.time += REMEMBERED_SECONDS - 0.1
    run(remembered.find("abi"))
    assert store.asked == ["abi", "bea"]
    clock.time += 0.1
    run(remembered.find("abi"))
    assert store.asked == ["abi", "bea", "abi"]
    assert REMEMBERED_SECONDS == 30


def test_a_change_counts_once_the_thirty_seconds_are_over(
    remembered: RememberedUsers, store: Slow, clock: Clock
) -> None:
    run(remembered.find("abi"))
    run(store.change("abi", disabled=True))
    clock.time += REMEMBERED_SECONDS
    found = run(remembered.find("abi"))
    assert found
    assert found.disabled


def test_requests_at_the_same_time_ask_once(remembered: RememberedUsers, store: Slow) -> None:
    async def many() -> Sequence[User | None]:
        return await asyncio.gather(*(remembered.find("abi") for _ in range(20)))

    assert asyncio.run(many()) == [User("abi", HASH)] * 20
    assert store.asked == ["abi"]


def test_while_the_table_is_down_what_was_known_last_counts(
    remembered: RememberedUsers, store: Slow, clock: Clock
) -> None:
    run(store.change("bea", disabled=True))
    run(remembered.find("abi"))
    run(remembered.find("bea"))
    store.down = True
    clock.time += 600
    assert run(remembered.find("abi")) == User("abi", HASH)
    assert run(remembered.find("bea")) == User("bea", HASH, disabled=True)


def test_a_table_that_is_down_is_asked_by_one_request_every_five_seconds(
    remembered: RememberedUsers, store: Slow, clock: Clock
) -> None:
    async def everybody() -> None:
        await asyncio.gather(*(remembered.find(name) for name in ("abi", "bea", "cem")))

    asyncio.run(everybody())
    store.asked.clear()
    store.down = True
    clock.time += REMEMBERED_SECONDS
    asyncio.run(everybody())
    at_first = len(store.asked)
    for _ in range(5):
        asyncio.run(everybody())
    assert len(store.asked) == at_first
    clock.time += REST_SECONDS
    asyncio.run(everybody())
    assert len(store.asked) == at_first + 1


def test_a_table_that_is_back_counts_again(remembered: RememberedUsers, store: Slow, clock: Clock) -> None:
    run(remembered.find("abi"))
    run(store.remove("abi"))
    store.down = True
    clock.time += REMEMBERED_SECONDS
    assert run(remembered.find("abi"))
    store.down = False
    clock.time += REST_SECONDS
    assert run(remembered.find("abi")) is None


def test_a_user_of_whom_nothing_is_known_while_the_table_is_down_is_let_in(
    told: Callable[..., Settings], environ: Mapping[str, str]
) -> None:
    nowhere = "AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a;DefaultEndpointsProtocol=http"
    told(**environ, USERS_TABLE="users", STORAGE_CONNECTION=nowhere)
    assert run(guard(f"Bearer {tokens.current().issue('abi')}")) == "abi"


def test_users_that_are_remembered_fill_no_memory(remembered: RememberedUsers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation, "MOST_REMEMBERED", 2)
    for name in ("abi", "bea", "cem", "nobody"):
        run(remembered.find(name))
    assert list(remembered._known) == ["cem", "nobody"]


def test_a_user_who_just_logged_in_again_need_not_wait_for_what_was_remembered(
    service: Callable[[User | None], None],
) -> None:
    service(None)
    with pytest.raises(InvalidToken):
        check()
    if isinstance(store := users.current(), EmbeddedUsers):
        service(User("abi", HASH))
    else:
        run(store.add(User("abi", HASH)))
    revocation.learn(User("abi", HASH))
    check()
