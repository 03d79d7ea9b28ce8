"""`python -m bench.logins`: what eight clients that hammer /token with wrong passwords do to everybody else.

Quiet and under attack in turn, so that a noisy machine hurts both: the times of predictions that one client asks for
at a steady pace, and how many passwords a second are checked, against cores ÷ the time of one bcrypt check. Every wrong
login has a name and a network of its own, or throttling would refuse it before bcrypt is spent.
"""

import argparse
import asyncio
import os
import statistics
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import bcrypt
import uvloop
from shared.manifest import APP

from bench import load, serve
from shared.settings import DEMO_HASH

CLIENTS = 8
PAUSE_SECONDS = 0.01  # between predictions: somebody who works, not a second attack


@dataclass
class Round:
    """What one round measured. Times in seconds."""

    seconds: float
    predictions: list[float] = field(default_factory=list)
    failed: int = 0
    """Predictions that were no 200."""
    logins: int = 0
    """Wrong passwords that were refused in these seconds; what is still under way at their end does not count."""

    def p99(self) -> float:
        """Milliseconds that 99 % of the predictions stayed under."""
        return load.Measured(self.predictions, self.seconds).percentile(0.99)


def main() -> None:
    """Run the rounds and print a table of medians."""
    parser = argparse.ArgumentParser("python -m bench.logins", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    given = parser.parse_args()
    check = bcrypt_seconds()
    with serve.serving(APP, pinned=False) as url:
        token = serve.login(url)
        uvloop.run(measured(url, token, 1.0, CLIENTS))  # the model loads, the threads start
        tell([both(url, token, given.seconds, check) for _ in range(given.rounds)])


def both(url: str, token: str, seconds: float, check: float) -> dict[str, float]:
    """One round: the name of each figure and its value."""
    quiet = uvloop.run(measured(url, token, seconds, 0))
    attack = uvloop.run(measured(url, token, seconds, CLIENTS))
    possible = (os.cpu_count() or 1) / check
    return {
        "predict p99 ms, quiet": quiet.p99(),
        "predict p99 ms, under attack": attack.p99(),
        "attack ÷ quiet": attack.p99() / quiet.p99(),
        "predictions that failed": quiet.failed + attack.failed,
        "wrong logins/s": attack.logins / attack.seconds,
        "logins/s ÷ (cores ÷ bcrypt time)": attack.logins / attack.seconds / possible,
    }


def tell(rounds: list[dict[str, float]]) -> None:
    """Print the median of each figure over the rounds, with the least and the greatest."""
    for name in rounds[0]:
        values = [each[name] for each in rounds]
        print(f"{name:36} {statistics.median(values):8.2f}   ({min(values):.2f} to {max(values):.2f})")


def bcrypt_seconds() -> float:
    """The least time of one check of a password, of five."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        bcrypt.checkpw(b"wrong", DEMO_HASH.encode())
        times.append(time.perf_counter() - started)
    return min(times)


async def measured(url: str, token: str, seconds: float, attackers: int) -> Round:
    """Predict at a steady pace for so long, while so many clients hammer /token."""
    found = Round(seconds)
    until = time.perf_counter() + seconds
    await asyncio.gather(predict(url, token, until, found), *(attack(url, until, i, found) for i in range(attackers)))
    return found


async def predict(url: str, token: str, until: float, found: Round) -> None:
    """Ask for one prediction after the other, and note the times."""
    host, port, content = load.post(f"{url}/predict", serve.body([serve.ROW]), token)
    reader, writer = await asyncio.open_connection(host, port)
    while (sent := time.perf_counter()) < until:
        found.failed += await status(reader, writer, content) != 200
        found.predictions.append(time.perf_counter() - sent)
        await asyncio.sleep(PAUSE_SECONDS)
    writer.close()


async def attack(url: str, until: float, number: int, found: Round) -> None:
    """Guess one password after the other, each for another name and from another network."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    guesses = 0
    while time.perf_counter() < until:
        guesses += 1
        body = f"grant_type=password&username=nobody-{number}-{guesses}&password=wrong"
        head = (
            f"POST /token HTTP/1.1\r\nHost: {where.netloc}\r\nX-Forwarded-For: 10.{number}.{guesses % 250}.1\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        if (answered := await status(reader, writer, (head + body).encode())) != 401:
            raise RuntimeError(f"a wrong login was answered {answered}")
        found.logins += time.perf_counter() < until
    writer.close()


async def status(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, content: bytes) -> int:
    """Send a request and read its answer to the end. The status."""
    writer.write(content)
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
    return int(head.split(b" ", 2)[1])


if __name__ == "__main__":
    main()
