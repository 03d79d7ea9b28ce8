"""Stores of failure counts: shared by instances, bounded, and without names or networks."""

import asyncio

import pytest

from shared.auth.failure_counts import KNOWN, Count, MemoryCounts, TableCounts
from shared.auth.throttle import Throttle
from shared.problems import UsersUnavailable
from shared.tables import Table
from tests.auth.guesses import HOME, KEY, guess
from tests.clock import Clock
from tests.loop import run


@pytest.fixture
def clock() -> Clock:
    return Clock()


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
