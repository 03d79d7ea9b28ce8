"""A stand-in for Application Insights' ingestion, in a process of its own: healthy, or in one of its bad states."""

import asyncio
import multiprocessing
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

KEY = "10ca1000-0000-4000-8000-000000000000"
SETTING = "APPLICATIONINSIGHTS_CONNECTION_STRING"
ANSWERS: Mapping[str, tuple[int, bytes]] = {
    "healthy": (200, b"{}"),
    "429": (429, b"{}"),
    "500": (500, b"{}"),
    "206": (206, b'{"errors":[{"index":0,"statusCode":429,"message":"later"}]}'),
}


def telling(address: str) -> Mapping[str, str]:
    """Settings of a service that tells ingestion at this address; nobody where it is empty."""
    return {SETTING: f"InstrumentationKey={KEY};IngestionEndpoint={address}" if address else ""}


@contextmanager
def ingestion(state: str) -> Iterator[str]:
    """The address of an ingestion endpoint in this state, in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        if state != "refused":
            process = multiprocessing.get_context("fork").Process(target=stand_in, args=(listener, state), daemon=True)
            process.start()
    try:
        yield address
    finally:
        if state != "refused":
            process.kill()
            process.join()


def stand_in(listener: socket.socket, state: str) -> None:
    """Answer every request the same, or never."""
    asyncio.run(_answer(listener, state))


async def _answer(listener: socket.socket, state: str) -> None:
    async def post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        if state in ANSWERS:
            status, content = ANSWERS[state]
            writer.write(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n" % (status, len(content)) + content)
            await writer.drain()
            writer.close()

    server = await asyncio.start_server(post, sock=listener, limit=2**24)
    await server.serve_forever()
