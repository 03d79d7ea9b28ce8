"""A client for the moments before the load: it asks a server that may not be there yet, and judges the answer."""

import socket
import time
from contextlib import suppress

from bench.compare.failure import Failed, Silent
from bench.compare.formats import Format
from bench.compare.process import Process

PAUSE_SECONDS = 0.001
ANSWER_SECONDS = 15.0
HEAD_END = b"\r\n\r\n"

type Address = tuple[str, int]
"""Host and port."""
type Request = tuple[str, int, bytes]
"""Host, port and the bytes, as `bench.load.post` makes them."""
type Answer = tuple[int, bytes]
"""Status and body."""


class Connection:
    """One keep-alive connection."""

    def __init__(self, request: Request) -> None:
        """Connect to where the request goes. Raises OSError."""
        host, port, self.content = request
        self.socket = socket.create_connection((host, port), ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "Connection":
        """The connection, which is closed with the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.socket.close()

    def ask(self) -> Answer:
        """Send the request and read its answer. Raises OSError, or ValueError for an answer without a length."""
        self.socket.sendall(self.content)
        head, _, body = self._received(b"", HEAD_END).partition(HEAD_END)
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self._more()
        return int(head.split(b" ", 2)[1]), body

    def _received(self, content: bytes, end: bytes) -> bytes:
        while end not in content:
            content += self._more()
        return content

    def _more(self) -> bytes:
        if received := self.socket.recv(2**16):
            return received
        raise ConnectionResetError("the server closed the connection")


def listening(process: Process, address: Address, seconds: float) -> None:
    """Wait until somebody listens there. Raises Silent when nobody does in time."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        alive(process)
        with suppress(OSError), socket.create_connection(address, ANSWER_SECONDS):
            return
        time.sleep(PAUSE_SECONDS)
    raise Silent(f"does not listen after {seconds:.0f} s")


def alive(process: Process) -> None:
    """Raise Silent, if the server has ended."""
    if process.poll() is not None:
        raise Silent(f"ended with exit code {process.returncode} before it answered")


def first_answer(process: Process, request: Request, form: Format, seconds: float) -> None:
    """Ask once a millisecond until the server gives the right prediction. Raises Failed, Silent."""
    until = time.perf_counter() + seconds
    told = "does not listen"
    while time.perf_counter() < until:
        alive(process)
        with suppress(OSError, ValueError), Connection(request) as connection:
            status, content = connection.ask()
            if status == 200:
                return judged(content, form, 1)
            told = f"answers {status}: {shortened(content)}"
        time.sleep(PAUSE_SECONDS)
    raise Silent(f"after {seconds:.0f} s it {told}")


def checked(request: Request, form: Format, rows: int) -> None:
    """Ask once, and hold the answer against the right prediction. Raises Failed."""
    try:
        with Connection(request) as connection:
            status, content = connection.ask()
    except (OSError, ValueError) as error:
        raise Failed(f"does not answer {rows:,} rows: {error}") from None
    if status != 200:
        raise Failed(f"answers {rows:,} rows with {status}: {shortened(content)}")
    judged(content, form, rows)


def judged(content: bytes, form: Format, rows: int) -> None:
    """Raise Failed, unless the answer holds the right predictions."""
    if not form.correct(content, rows):
        raise Failed(f"answers wrongly: {shortened(content)}")


def repeated(request: Request, times: int) -> None:
    """Ask so many times, one after the other. Raises OSError, ValueError."""
    with Connection(request) as connection:
        for _ in range(times):
            connection.ask()


def shortened(content: bytes) -> str:
    """The beginning of an answer, in one line."""
    return " ".join(content.decode(errors="replace").split())[:100]
