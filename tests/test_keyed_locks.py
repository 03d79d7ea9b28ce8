"""A lock per key."""

import asyncio

from shared.keyed_locks import KeyedLocks
from tests.loop import run


def test_one_key_is_entered_by_one_at_a_time_and_others_do_not_wait() -> None:
    locks = KeyedLocks()
    order: list[str] = []

    async def enter(key: str, name: str) -> None:
        async with locks[key]:
            order.append(f"{name} in")
            await asyncio.sleep(0)
            order.append(f"{name} out")

    async def all_at_once() -> None:
        await asyncio.gather(enter("a", "1"), enter("a", "2"), enter("b", "3"))

    run(all_at_once())
    assert order.index("1 out") < order.index("2 in")
    assert order.index("3 in") < order.index("1 out")


def test_unused_locks_are_dropped() -> None:
    locks = KeyedLocks()

    async def enter() -> None:
        for i in range(1_000):
            async with locks[str(i)]:
                pass

    run(enter())
    assert len(locks._locks) <= 1
