"""One after the other, by key: who comes while a key is taken waits until it is free."""

import asyncio
from contextlib import AbstractAsyncContextManager
from weakref import WeakValueDictionary


class Turns:
    """`async with turns.of(key):` lets one coroutine in at a time for each key. Keys out of use take no memory."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: str) -> AbstractAsyncContextManager[None]:
        """The turn for `key`."""
        return self._locks.setdefault(key, asyncio.Lock())
