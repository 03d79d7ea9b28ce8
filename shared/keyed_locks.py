"""A lock per key."""

import asyncio
from weakref import WeakValueDictionary


class KeyedLocks:
    """`async with locks[key]:` lets one coroutine in at a time for each key. Unused locks take no memory."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __getitem__(self, key: str) -> asyncio.Lock:
        return self._locks.setdefault(key, asyncio.Lock())
