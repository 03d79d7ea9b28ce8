"""Throttling of failed logins: growing waits, for the guesser alone, and bounded memory."""

import asyncio

import pytest

from shared.auth.failure_counts import KNOWN, Count, Counts, MemoryCounts, TableCounts
from shared.auth.networks import Client
from shared.auth.throttle import FORGET_SECONDS, KNOWN_SECONDS, PER_CLIENT, PER_NAME, PER_PAIR, Throttle
from shared.problems import TooManyLogins, UsersUnavailable
from shared.tables import Table
from tests.clock import Clock
from tests.loop import run

KEY = "a-key-for-tests-of-more-than-32-bytes"
HOME, AWAY = "192.0.2.0/24", "198.51.100.0/24"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "table"])
def counts(request: pytest.FixtureRequest) -> Counts:
    """Empty counts of either kind."""
    return MemoryCounts() if request.param == "memory" else TableCounts(request.getfixturevalue("table"))


@pytest.fixture
def known(counts: Counts) -> Counts:
    """No known networks, where the counts are."""
    return TableCounts(counts._table, KNOWN) if isinstance(counts, TableCounts) else MemoryCounts()


@pytest.fixture
def throttle(counts: Counts, known: Counts, clock: Clock) -> Throttle:
    return Throttle(counts, known, KEY, clock)


async def guess(throttle: Throttle, name: str = "abi", client: str = HOME, *, right: bool = False) -> int:
    """Log in once. Returns the seconds to wait when that is refused, else 0."""
    try:
        async with throttle.attempt(name, Client(client)) as attempt:
            await (attempt.succeeded() if right else attempt.failed())
    except TooManyLogins as problem:
        return int(problem.headers["Retry-After"])
    return 0


def fail(throttle: Throttle, clock: Clock, times: int, name: str = "abi", client: str = HOME) -> list[int]:
    """Fail so often, with the required waits in between. Returns the waits."""

    async def fail_all() -> list[int]:
        waits = []
        while len(waits) < times:
            wait = await guess(throttle, name, client)
            if wait:
                clock.time += wait
                assert await guess(throttle, name, client) == 0
            waits.append(wait)
        return waits

    return run(fail_all())


def test_five_failures_are_free_and_then_the_wait_doubles(throttle: Throttle, clock: Clock) -> None:
    assert fail(throttle, clock, 10) == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16]


def test_a_wait_grows_to_a_quarter_of_an_hour_and_no_further(throttle: Throttle, clock: Clock) -> None:
    assert fail(throttle, clock, 17)[-3:] == [512, 900, 900]


def test_an_early_attempt_gets_the_remaining_wait_and_is_not_counted(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, clock, 7)
    clock.time += 0.5
    assert [run(guess(throttle)) for _ in range(5)] == [4] * 5
    clock.time += 3.5
    assert run(guess(throttle)) == 0


def test_a_success_resets_the_count(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, clock, 6)
    clock.time += 2
    assert run(guess(throttle, right=True)) == 0
    assert fail(throttle, clock, 6) == [0, 0, 0, 0, 0, 1]


def test_an_hour_without_a_failure_resets_the_count(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, clock, 8)
    clock.time += FORGET_SECONDS + 1
    assert fail(throttle, clock, 6) == [0, 0, 0, 0, 0, 1]
    assert PER_PAIR.longest < FORGET_SECONDS


def test_failures_lock_out_neither_another_network_nor_another_name(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, clock, 12)
    assert run(guess(throttle)) > 0
    assert run(guess(throttle, client=AWAY)) == 0
    assert run(guess(throttle, name="bea")) == 0


def test_a_success_elsewhere_does_not_reset_the_guesser_s_network(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, clock, 8)
    run(guess(throttle, client=AWAY, right=True))
    assert run(guess(throttle)) == 8


def test_guesses_from_many_networks_reach_a_limit_whose_wait_is_a_minute_at_most(
    throttle: Throttle, clock: Clock
) -> None:
    async def from_everywhere() -> list[int]:
        waits = []
        for i in range(PER_NAME.free + 10):
            waits.append(wait := await guess(throttle, client=f"10.0.{i}.0/24"))
            if wait:
                clock.time += wait
                assert await guess(throttle, client=f"10.0.{i}.0/24") == 0
        return waits

    waits = run(from_everywhere())
    assert waits[:100] == [0] * 100
    assert waits[100:] == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_a_burst_of_guesses_is_counted_one_by_one(throttle: Throttle) -> None:
    async def burst() -> list[int]:
        return await asyncio.gather(*(guess(throttle) for _ in range(20)))

    waits = run(burst())
    assert sorted(waits) == [0] * 5 + [1] * 15


def test_a_cancelled_attempt_blocks_no_other(throttle: Throttle) -> None:
    async def cancel() -> None:
        async with throttle.attempt("abi", Client(HOME)):
            raise ConnectionError

    with pytest.raises(ConnectionError):
        run(cancel())
    assert run(guess(throttle)) == 0


@pytest.mark.parametrize("name", ["", "\ud800", "x" * 10_000, "*", f"a\0{HOME}"], ids=ascii)
def test_failures_of_any_name_are_counted(throttle: Throttle, clock: Clock, name: str) -> None:
    assert fail(throttle, clock, 6, name=name)[-1] == 1


def test_a_name_that_contains_a_network_shares_no_count_with_it(throttle: Throttle) -> None:
    name = f"{HOME}\0abi"
    others = {throttle._hash("pair", client, name) for client in ("", "unknown", HOME)} | {throttle._hash("name", name)}
    assert throttle._hash("pair", HOME, "abi") not in others


def test_two_instances_with_one_table_count_together(table: Table, clock: Clock) -> None:
    first, second = (Throttle(TableCounts(table), TableCounts(table, KNOWN), KEY, clock) for _ in range(2))

    async def both() -> list[int]:
        return [await guess(throttle) for _ in range(3) for throttle in (first, second)]

    assert run(both()) == [0, 0, 0, 0, 0, 1]
    clock.time += 1
    assert run(guess(first, right=True)) == 0
    assert run(guess(second)) == 0


def test_failures_at_the_same_moment_in_several_instances_are_all_counted(table: Table, clock: Clock) -> None:
    instances = [Throttle(TableCounts(table), TableCounts(table, KNOWN), KEY, clock) for _ in range(4)]

    async def burst() -> int:
        await asyncio.gather(*(guess(instance) for instance in instances))
        return (await instances[0].count(instances[0]._hash("pair", HOME, "abi"))).failures

    assert run(burst()) == 4


def test_a_count_that_always_changes_in_between_is_unavailable(clock: Clock) -> None:
    class Changing(MemoryCounts):
        async def put(self, key: str, count: Count) -> bool:
            return False

    with pytest.raises(UsersUnavailable) as caught:
        run(guess(Throttle(Changing(), MemoryCounts(), KEY, clock)))
    assert caught.value.reason == "a failed login could not be counted in 20 tries"


def test_logins_that_waited_while_the_table_failed_do_not_call_it_again(clock: Clock) -> None:
    calls: list[str] = []

    class Down(MemoryCounts):
        async def get(self, key: str) -> Count:
            calls.append(key)
            await asyncio.sleep(0.01)
            raise UsersUnavailable

    throttle = Throttle(Down(), MemoryCounts(), KEY, clock)

    async def burst() -> list[int | BaseException]:
        return await asyncio.gather(*(guess(throttle) for _ in range(8)), return_exceptions=True)

    assert {type(result) for result in run(burst())} == {UsersUnavailable}
    assert len(set(calls)) == len(calls) == 3  # one attempt reads three counts at once


def test_another_instance_s_fast_clock_makes_no_wait_longer(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, clock, 6)
    clock.time -= 3_000
    assert run(guess(throttle)) == 2


def test_unknown_names_do_not_fill_the_table(table: Table, clock: Clock) -> None:
    throttle = Throttle(TableCounts(table, buckets=8), TableCounts(table, KNOWN), KEY, clock)

    async def try_names() -> int:
        for i in range(60):
            await guess(throttle, name=f"nobody{i}")
        return len(await table.query(""))

    assert run(try_names()) == 8


def test_unknown_names_do_not_fill_the_memory(clock: Clock) -> None:
    memory = MemoryCounts(max_counts=10)
    throttle = Throttle(memory, MemoryCounts(), KEY, clock)

    async def try_names() -> None:
        for i in range(60):
            await guess(throttle, name=f"nobody{i}")

    run(try_names())
    assert len(memory._counts) == 10


def test_names_that_share_an_entity_replace_each_other_and_lock_nobody_out(table: Table, clock: Clock) -> None:
    counts = TableCounts(table, buckets=1)
    for key, failures in (("a" * 64, 50), ("b" * 64, 1)):
        count = run(counts.get(key))
        assert count.failures == 0
        assert run(counts.put(key, Count(failures, clock(), count.etag)))
    assert run(counts.get("b" * 64)).failures == 1
    assert run(counts.get("a" * 64)).failures == 0


def test_without_the_key_nobody_knows_which_names_share_an_entity() -> None:
    first, second = (Throttle(MemoryCounts(), MemoryCounts(), key) for key in (KEY, KEY + "2"))
    assert first._hash("pair", HOME, "abi") != second._hash("pair", HOME, "abi")


def test_neither_names_nor_networks_are_in_the_table(table: Table, clock: Clock) -> None:
    run(guess(Throttle(TableCounts(table), TableCounts(table, KNOWN), KEY, clock), name="a password typed as a name"))
    rows = run(table.query(""))
    assert len(rows) == 3
    assert "password" not in repr(rows)
    assert "192" not in "".join(str(row.key) for row in rows)


def names(count: int) -> list[str]:
    return [f"name{i}" for i in range(count)]


def test_one_network_that_tries_many_names_is_slowed_down(throttle: Throttle, clock: Clock) -> None:
    async def spray() -> list[int]:
        waits = []
        for name in names(PER_CLIENT.free + 8):
            waits.append(wait := await guess(throttle, name))
            if wait:
                clock.time += wait
                assert await guess(throttle, name) == 0
        return waits

    assert run(spray()) == [0] * 50 + [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_success_resets_nothing_for_its_network(throttle: Throttle, clock: Clock) -> None:
    async def spray() -> list[int]:
        for name in names(PER_CLIENT.free - 1):
            await guess(throttle, name)
        await guess(throttle, "bea", right=True)
        return [await guess(throttle, "x"), await guess(throttle, "y")]

    assert run(spray()) == [0, 1]


def test_a_guesser_does_not_block_the_users_of_an_office(throttle: Throttle, clock: Clock) -> None:
    async def spray() -> tuple[int, int]:
        await guess(throttle, "bea", right=True)
        for name in names(PER_CLIENT.free + 1):
            await guess(throttle, name)
        return await guess(throttle, "bea", right=True), await guess(throttle, "new", right=True)

    known, new = run(spray())
    assert known == 0
    assert new > 0


def test_guesses_from_many_networks_do_not_hold_up_the_owner(throttle: Throttle, clock: Clock) -> None:
    async def attack() -> list[int]:
        await guess(throttle, right=True)
        for i in range(PER_NAME.free + 5):
            await guess(throttle, client=f"10.{i // 250}.{i % 250}.0/24")
        return [await guess(throttle, right=True), await guess(throttle, client=AWAY)]

    owner, elsewhere = run(attack())
    assert owner == 0
    assert elsewhere == 0  # the owner's success starts the name's count over


def test_a_network_is_known_for_30_days_after_a_login(throttle: Throttle, clock: Clock) -> None:
    run(guess(throttle, right=True))
    clock.time += KNOWN_SECONDS - 10
    run(throttle.add(throttle._hash("name", "abi"), Count(failures=200)))
    assert run(guess(throttle)) == 0
    clock.time += 20
    assert run(guess(throttle)) == 40


def test_failures_from_a_known_network_are_limited_by_name_and_network(throttle: Throttle, clock: Clock) -> None:
    run(guess(throttle, right=True))
    assert fail(throttle, clock, 7) == [0, 0, 0, 0, 0, 1, 2]


def test_a_customer_with_many_ipv6_networks_is_one_client(throttle: Throttle, clock: Clock) -> None:
    async def attempt(i: int) -> int:
        try:
            client = Client(f"2001:db8:1:{i:x}::/64", "2001:db8:1::/48")
            async with throttle.attempt(f"name{i}", client) as attempt:
                await attempt.failed()
        except TooManyLogins as problem:
            return int(problem.headers["Retry-After"])
        return 0

    async def spray() -> list[int]:
        return [await attempt(i) for i in range(PER_CLIENT.free + 1)]

    assert run(spray()) == [0] * 50 + [1]


def test_without_addresses_clients_are_not_counted_as_one(throttle: Throttle, clock: Clock) -> None:
    async def spray() -> list[int]:
        return [await guess(throttle, name, "unknown") for name in names(PER_CLIENT.free + 5)]

    assert set(run(spray())) == {0}


def test_failures_of_many_names_at_the_same_moment_are_all_counted(throttle: Throttle) -> None:
    async def burst() -> int:
        await asyncio.gather(*(guess(throttle, name) for name in names(40)))
        return (await throttle.count(throttle._hash("client", HOME))).failures

    assert run(burst()) == 40


def test_failures_of_a_name_from_many_networks_at_the_same_moment_are_all_counted(throttle: Throttle) -> None:
    async def burst() -> int:
        await asyncio.gather(*(guess(throttle, client=f"10.0.{i}.0/24") for i in range(40)))
        return (await throttle.count(throttle._hash("name", "abi"))).failures

    assert run(burst()) == 40


def test_a_known_network_is_stored_once_a_day(throttle: Throttle, known: Counts, clock: Clock) -> None:
    key = throttle._hash("pair", HOME, "abi")
    run(guess(throttle, right=True))
    first = run(known.get(key)).last
    clock.time += 3_600
    run(guess(throttle, right=True))
    assert run(known.get(key)).last == first
    clock.time += 86_400
    run(guess(throttle, right=True))
    assert run(known.get(key)).last == clock.time
