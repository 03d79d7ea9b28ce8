"""One keep-alive connection to a server on this machine, for clients that look at each answer."""

import asyncio
import time
from typing import NamedTuple
from urllib.parse import urlsplit

MOST_SECONDS = 30.0  # an answer that takes longer is none
LONGEST_HEAD = 2**16


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes
    seconds: float
    """From the first byte sent to the last one read."""


class Connection:
    """Sends one request after the other. Opened by the first."""

    def __init__(self, url: str) -> None:
        self._where = urlsplit(url)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, content: bytes) -> Answer:
        """The answer to a whole request. Raises OSError, TimeoutError or EOFError when there is none; then close."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._where.hostname, self._where.port, limit=LONGEST_HEAD)
        reader, writer = self._streams
        async with asyncio.timeout(MOST_SECONDS):
            sent = time.perf_counter()
            writer.write(content)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            body = await reader.readexactly(int(length))
            return Answer(int(head.split(b" ", 2)[1]), body, time.perf_counter() - sent)

    def close(self) -> None:
        """Hang up; the next request opens another."""
        if self._streams:
            self._streams[1].close()
            self._streams = None
