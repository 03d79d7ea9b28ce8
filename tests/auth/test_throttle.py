"""Throttling: what guessing costs, whom it does not hurt, and that nothing grows without bound."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest

from shared.auth import counts, throttle
from shared.auth.counts import Count, Counts, MemoryCounts, TableCounts
from shared.auth.throttle import FORGOTTEN_SECONDS, FROM_A_NETWORK, OF_A_NAME, Throttle
from shared.problems import TooManyLogins, UsersUnavailable
from shared.tables import Account, Table

KEY = "a-key-for-tests-of-more-than-32-bytes"
HOME, AWAY = "192.0.2.0/24", "198.51.100.0/24"


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(storage: str, table_name: str) -> Table:
    """An empty table."""
    made = Table(table_name, Account(storage), UsersUnavailable)
    asyncio.run(made.create())
    return made


@pytest.fixture(params=["memory", "table"])
def kept(request: pytest.FixtureRequest) -> Counts:
    """Empty counts of either kind."""
    return MemoryCounts() if request.param == "memory" else TableCounts(request.getfixturevalue("table"))


@pytest.fixture
def throttled(kept: Counts, clock: Clock) -> Throttle:
    return Throttle(kept, KEY, clock)


def run[R](call: Awaitable[R]) -> R:
    async def awaited() -> R:
        return await call

    return asyncio.run(awaited())


async def guess(throttled: Throttle, name: str = "abi", network: str = HOME, *, right: bool = False) -> int:
    """Log in once; the seconds to wait when that is refused, else 0."""
    try:
        async with throttled.turn(name, network) as turn:
            await (turn.succeeded() if right else turn.failed())
    except TooManyLogins as problem:
        return int(problem.headers["Retry-After"])
    return 0


def fail(throttled: Throttle, clock: Clock, times: int, name: str = "abi", network: str = HOME) -> list[int]:
    """Fail so often, waiting as told in between. The waits."""

    async def all_of_them() -> list[int]:
        waits = []
        while len(waits) < times:
            wait = await guess(throttled, name, network)
            if wait:
                clock.time += wait
                assert await guess(throttled, name, network) == 0
            waits.append(wait)
        return waits

    return asyncio.run(all_of_them())


def test_five_failures_are_free_and_then_the_wait_doubles(throttled: Throttle, clock: Clock) -> None:
    assert fail(throttled, clock, 10) == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16]


def test_a_wait_grows_to_a_quarter_of_an_hour_and_no_further(throttled: Throttle, clock: Clock) -> None:
    assert fail(throttled, clock, 17)[-3:] == [512, 900, 900]


def test_who_comes_too_early_is_told_how_long_is_left_and_costs_nothing_more(throttled: Throttle, clock: Clock) -> None:
    fail(throttled, clock, 7)
    clock.time += 0.5
    assert [run(guess(throttled)) for _ in range(5)] == [4] * 5
    clock.time += 3.5
    assert run(guess(throttled)) == 0


def test_success_starts_over(throttled: Throttle, clock: Clock) -> None:
    fail(throttled, clock, 6)
    clock.time += 2
    assert run(guess(throttled, right=True)) == 0
    assert fail(throttled, clock, 6) == [0, 0, 0, 0, 0, 1]


def test_an_hour_without_a_failure_starts_over(throttled: Throttle, clock: Clock) -> None:
    fail(throttled, clock, 8)
    clock.time += FORGOTTEN_SECONDS + 1
    assert fail(throttled, clock, 6) == [0, 0, 0, 0, 0, 1]
    assert FROM_A_NETWORK.longest < FORGOTTEN_SECONDS


def test_nobody_locks_another_network_or_another_name_out(throttled: Throttle, clock: Clock) -> None:
    fail(throttled, clock, 12)
    assert run(guess(throttled)) > 0
    assert run(guess(throttled, network=AWAY)) == 0
    assert run(guess(throttled, name="bea")) == 0


def test_success_elsewhere_does_not_free_the_guesser_s_network(throttled: Throttle, clock: Clock) -> None:
    fail(throttled, clock, 8)
    run(guess(throttled, network=AWAY, right=True))
    assert run(guess(throttled)) == 8


def test_guessing_from_many_networks_meets_a_ceiling_whose_wait_is_a_minute_at_most(
    throttled: Throttle, clock: Clock
) -> None:
    async def from_everywhere() -> list[int]:
        waits = []
        for i in range(OF_A_NAME.free + 10):
            waits.append(wait := await guess(throttled, network=f"10.0.{i}.0/24"))
            if wait:
                clock.time += wait
                assert await guess(throttled, network=f"10.0.{i}.0/24") == 0
        return waits

    waits = asyncio.run(from_everywhere())
    assert waits[:100] == [0] * 100
    assert waits[100:] == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_a_burst_of_guesses_counts_one_by_one(throttled: Throttle) -> None:
    async def burst() -> list[int]:
        return await asyncio.gather(*(guess(throttled) for _ in range(20)))

    waits = asyncio.run(burst())
    assert sorted(waits) == [0] * 5 + [1] * 15


def test_no_turn_is_taken_for_good_by_who_breaks_off(throttled: Throttle) -> None:
    async def break_off() -> None:
        async with throttled.turn("abi", HOME):
            raise ConnectionError

    with pytest.raises(ConnectionError):
        asyncio.run(break_off())
    assert run(guess(throttled)) == 0


@pytest.mark.parametrize("name", ["", "\ud800", "x" * 10_000, "*", f"a\0{HOME}"], ids=ascii)
def test_any_name_counts(throttled: Throttle, clock: Clock, name: str) -> None:
    assert fail(throttled, clock, 6, name=name)[-1] == 1


def test_a_name_into_which_a_network_is_written_shares_no_count_with_it(throttled: Throttle) -> None:
    name = f"{HOME}\0abi"
    assert throttled._hash("abi", HOME) not in {throttled._hash(name, where) for where in ("*", "unknown", HOME)}


def test_two_instances_with_one_table_count_together(table: Table, clock: Clock) -> None:
    first, second = (Throttle(TableCounts(table), KEY, clock) for _ in range(2))

    async def both() -> list[int]:
        return [await guess(each) for _ in range(3) for each in (first, second)]

    assert asyncio.run(both()) == [0, 0, 0, 0, 0, 1]
    clock.time += 1
    assert run(guess(first, right=True)) == 0
    assert run(guess(second)) == 0


def test_failures_at_the_same_moment_in_several_instances_are_all_counted(table: Table, clock: Clock) -> None:
    instances = [Throttle(TableCounts(table), KEY, clock) for _ in range(4)]

    async def burst() -> int:
        await asyncio.gather(*(guess(each) for each in instances))
        return (await instances[0].count(instances[0]._hash("abi", HOME))).failures

    assert asyncio.run(burst()) == 4


def test_who_is_always_overtaken_gives_up(clock: Clock) -> None:
    class Overtaken(MemoryCounts):
        async def put(self, key: str, count: Count) -> bool:
            return False

    with pytest.raises(UsersUnavailable) as caught:
        run(guess(Throttle(Overtaken(), KEY, clock)))
    assert caught.value.reason == "a failed login could not be counted in 20 tries"


def test_who_waited_while_the_table_failed_does_not_ask_it_again(clock: Clock) -> None:
    asked: list[str] = []

    class Down(MemoryCounts):
        async def get(self, key: str) -> Count:
            asked.append(key)
            await asyncio.sleep(0.01)
            raise UsersUnavailable

    throttled = Throttle(Down(), KEY, clock)

    async def burst() -> list[int | BaseException]:
        return await asyncio.gather(*(guess(throttled) for _ in range(8)), return_exceptions=True)

    assert {type(each) for each in asyncio.run(burst())} == {UsersUnavailable}
    assert len(asked) == 1
    with pytest.raises(UsersUnavailable):
        run(guess(throttled))
    assert len(asked) == 2


def test_another_instance_s_clock_that_is_ahead_makes_nobody_wait_longer(throttled: Throttle, clock: Clock) -> None:
    fail(throttled, clock, 6)
    clock.time -= 3_000
    assert run(guess(throttled)) == 2


def test_unknown_names_fill_no_table(table: Table, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "BUCKETS", 8)
    throttled = Throttle(TableCounts(table), KEY, clock)

    async def try_names() -> int:
        for i in range(60):
            await guess(throttled, name=f"nobody{i}")
        return len(await table.query(""))

    assert asyncio.run(try_names()) == 8


def test_unknown_names_fill_no_memory(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "MOST_IN_MEMORY", 10)
    memory = MemoryCounts()
    throttled = Throttle(memory, KEY, clock)

    async def try_names() -> None:
        for i in range(60):
            await guess(throttled, name=f"nobody{i}")

    asyncio.run(try_names())
    assert len(memory._counts) == 10


def test_names_that_share_an_entity_push_each_other_out_and_lock_nobody_out(
    table: Table, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "BUCKETS", 1)
    kept = TableCounts(table)
    for key, failures in (("a" * 64, 50), ("b" * 64, 1)):
        count = run(kept.get(key))
        assert count.failures == 0
        assert run(kept.put(key, Count(failures, clock(), count.etag)))
    assert run(kept.get("b" * 64)).failures == 1
    assert run(kept.get("a" * 64)).failures == 0


def test_which_names_share_an_entity_nobody_can_know_without_the_key() -> None:
    one, other = Throttle(MemoryCounts(), KEY), Throttle(MemoryCounts(), KEY + "2")
    assert one._hash("abi", HOME) != other._hash("abi", HOME)


def test_neither_names_nor_networks_stand_in_the_table(table: Table, clock: Clock) -> None:
    run(guess(Throttle(TableCounts(table), KEY, clock), name="a password typed as a name"))
    rows = run(table.query(""))
    assert len(rows) == 2
    assert "password" not in repr(rows)
    assert "192" not in "".join(str(row.key) for row in rows)


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("203.0.113.7:49152", "203.0.113.0/24"),
        ("10.1.2.3, 203.0.113.7:49152", "203.0.113.0/24"),
        ("10.1.2.3,,203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3:4:5:6]:49152", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::]", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("[::ffff:203.0.113.7]:1", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("203.0.113.7,", "unknown"),
        ("unknown", "unknown"),
        ("localhost:80", "unknown"),
        ("203.0.113.7, nonsense", "unknown"),
        ("203.0.113.256", "unknown"),
        ("[", "unknown"),
        ("[]", "unknown"),
        ("1.2.3.4:80:80", "unknown"),
        ("192.0.2.1\0", "unknown"),
        ("٣.1.1.1", "unknown"),
        ("x" * 30_000, "unknown"),
    ],
)
def test_only_the_last_forwarded_address_is_believed(forwarded: str, expected: str) -> None:
    assert throttle.network(forwarded) == expected


def test_the_process_counts_where_its_users_are(
    told: Callable[..., object], environ: Mapping[str, str], storage: str, table_name: str
) -> None:
    told(**environ)
    assert isinstance(throttle.current()._counts, MemoryCounts)
    assert throttle.current() is throttle.current()
    told(**environ, USERS_TABLE=table_name, STORAGE_CONNECTION=storage)
    assert isinstance(throttle.current()._counts, TableCounts)
