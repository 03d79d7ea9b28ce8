"""Sends mixed traffic to the service for a few minutes: predictions of several users, mistakes, wrong passwords.

What is sent follows from the model's own manifest (`GET /model`), so it fits any model. Who sends it: the demo users
in USERS, as the environment or local.settings.json has them, or the people of a JSON file, name → password.
"""

import argparse
import asyncio
import json
import os
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from shared.settings import DEMO_HASH, Settings
from tools.errors import HostError
from tools.host.banner import DEMO_PASSWORD
from tools.host.settings import load_local_settings
from tools.traffic.plan import Plan
from tools.traffic.send import TIMEOUT_SECONDS, Sender, Tally

ROOT = Path(__file__).parent.parent.parent
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
WIDTH = 30


class TrafficError(Exception):
    """Nothing can be sent; the text says why."""


def main(argv: Sequence[str]) -> int:
    """Send until the time is over or Ctrl-C, then say what came back. Returns 1 when nothing could be sent."""
    options = parser().parse_args(argv)
    try:
        check(options.url, anywhere=options.anywhere)
        people = passwords(options.users)
        tally = asyncio.run(send(options, people))
    except (TrafficError, HostError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 0
    print(summary(tally))
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    arguments = argparse.ArgumentParser("python -m tools traffic", description=(__doc__ or "").partition("\n")[0])
    url = f"http://localhost:{os.environ.get('PORT') or '7071'}"
    arguments.add_argument("--url", default=url, help="the service (default: %(default)s)")
    arguments.add_argument("--minutes", type=positive, default=3.0, help="how long (default: %(default)g)")
    arguments.add_argument("--rps", type=positive, default=20.0, help="requests per second (default: %(default)g)")
    arguments.add_argument("--users", type=Path, metavar="FILE", help="a JSON file, name → password")
    arguments.add_argument("--entities", default="", metavar="ID,ID", help="entities that the feature store knows")
    arguments.add_argument("--anywhere", action="store_true", help="allow a service on another machine")
    return arguments


def positive(text: str) -> float:
    """A number over 0. Raises ValueError."""
    if not 0 < float(text) < float("inf"):
        raise ValueError
    return float(text)


def check(url: str, *, anywhere: bool) -> None:
    """Raises TrafficError for a service on another machine, unless that is meant."""
    if not anywhere and urlsplit(url).hostname not in THIS_MACHINE:
        raise TrafficError(f"{url} is not this machine. If you may load it, add --anywhere.")


def passwords(file: Path | None) -> Mapping[str, str]:
    """User → password: the file's, or the demo users'. Raises TrafficError."""
    if file is None:
        load_local_settings(ROOT)
        users = Settings.read(os.environ).users
        found = {name: DEMO_PASSWORD for name, user in users.items() if user["password_hash"] == DEMO_HASH}
        if not found:
            raise TrafficError("USERS has no demo user: give the people in a file, --users FILE.")
        return found
    try:
        people = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        people = None
    if not isinstance(people, dict) or not people or not all(isinstance(each, str) for each in people.values()):
        raise TrafficError(f"{file} must be a JSON object, name → password.")
    return people


async def send(options: argparse.Namespace, people: Mapping[str, str]) -> Tally:
    """Send it all. Raises TrafficError when the service does not answer or nobody can log in."""
    dice = random.Random()  # noqa: S311 - traffic, not secrets
    async with httpx.AsyncClient(base_url=options.url, timeout=TIMEOUT_SECONDS) as client:
        try:
            manifest = (await client.get("/model")).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise TrafficError(f"{options.url} does not answer with a model. Start it: make run") from error
        entities = [each for each in options.entities.split(",") if each]
        sender = Sender(client, Plan(manifest, people, dice, entities), dice)
        for name in people:
            if not await sender.log_in(name):
                raise TrafficError(f"{name} cannot log in at {options.url}.")
        return await sender.run(options.rps, options.minutes * 60, bar if sys.stderr.isatty() else still)


def bar(share: float, tally: Tally) -> None:
    """The progress, on one line of a terminal."""
    full = round(share * WIDTH)
    line = f"{'█' * full}{'░' * (WIDTH - full)} {share:4.0%}  {tally.answers.total():,} answers"
    print(f"\r{line}", end="\n" if share >= 1 else "", file=sys.stderr, flush=True)


def still(share: float, tally: Tally) -> None:
    """No progress, where nobody watches."""


def summary(tally: Tally) -> str:
    """What came back, as a table, and how long it took."""
    width = max(len(kind) for kind, _ in tally.answers)
    rows = [f"  {kind:<{width}}  {status:>3}  {count:>7,}" for (kind, status), count in sorted(tally.answers.items())]
    took = f"Predictions took {tally.percentile(50):.1f} ms (half of them less), {tally.percentile(95):.1f} ms (p95)."
    return "\n".join([f"{tally.answers.total():,} requests:", *rows, took])
