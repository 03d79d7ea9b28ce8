"""Coroutines in tests that are plain functions."""

import asyncio
from collections.abc import Awaitable


def run[R](awaitable: Awaitable[R]) -> R:
    """Return the result of `awaitable`, from an event loop of its own."""

    async def wait() -> R:
        return await awaitable

    return asyncio.run(wait())
