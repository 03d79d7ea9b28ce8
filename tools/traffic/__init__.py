"""Send mixed traffic to the service for a few minutes: predictions of several users, mistakes, wrong passwords.

The requests follow from the model's own manifest (`GET /model`), so they fit any model. The senders are the demo users
in USERS, from the environment or local.settings.json, or the users of a JSON file, name → password.
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
from tools.errors import ToolError
from tools.host.banner import DEMO_PASSWORD
from tools.host.settings import load_local_settings
from tools.traffic.plan import Plan
from tools.traffic.send import TIMEOUT_SECONDS, Sender, Tally

ROOT = Path(__file__).parent.parent.parent
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
BAR_WIDTH = 30


class TrafficError(ToolError):
    """No traffic can be sent."""


def main(argv: Sequence[str], root: Path = ROOT) -> int:
    """Send until the time is over or Ctrl-C, then print a summary. Returns 1 when nothing could be sent."""
    options = parser().parse_args(argv)
    try:
        check_url(options.url, anywhere=options.anywhere)
        users = read_passwords(options.users) if options.users else demo_passwords(root)
        tally = asyncio.run(send(options, users))
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 0
    if tally.stopped:
        print("\nStopped.", file=sys.stderr)
    print(summary(tally))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    arguments = argparse.ArgumentParser("./egl traffic", description=(__doc__ or "").partition("\n")[0])
    url = f"http://localhost:{os.environ.get('PORT') or '7071'}"
    arguments.add_argument("--url", default=url, help="the service (default: %(default)s)")
    arguments.add_argument("--minutes", type=positive, default=3.0, help="the duration (default: %(default)g)")
    arguments.add_argument("--rps", type=positive, default=20.0, help="requests per second (default: %(default)g)")
    arguments.add_argument("--users", type=Path, metavar="FILE", help="a JSON file, name → password")
    arguments.add_argument("--entities", default="", metavar="ID,ID", help="entities in the feature store")
    arguments.add_argument("--anywhere", action="store_true", help="allow a service on another machine")
    return arguments


def positive(text: str) -> float:
    """Return a number above 0. Raises ValueError."""
    if not 0 < float(text) < float("inf"):
        raise ValueError
    return float(text)


def check_url(url: str, *, anywhere: bool) -> None:
    """Raise TrafficError for a service on another machine, unless `anywhere` is set."""
    if not anywhere and urlsplit(url).hostname not in THIS_MACHINE:
        raise TrafficError(f"{url} is not this machine. If you may send it this load, add --anywhere.")


def demo_passwords(root: Path) -> Mapping[str, str]:
    """Return the demo users in USERS with their password. Raises TrafficError when there is none, and HostError."""
    load_local_settings(root)
    users = Settings.read(os.environ).users
    passwords = {name: DEMO_PASSWORD for name, user in users.items() if user["password_hash"] == DEMO_HASH}
    if not passwords:
        raise TrafficError("USERS has no demo user: name the users in a file, --users FILE.")
    return passwords


def read_passwords(file: Path) -> Mapping[str, str]:
    """Return the users of a file with their passwords. Raises TrafficError."""
    try:
        passwords = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        passwords = None
    if not isinstance(passwords, dict) or not passwords or not all(isinstance(p, str) for p in passwords.values()):
        raise TrafficError(f"{file} must be a JSON object, name → password.")
    return passwords


async def send(options: argparse.Namespace, passwords: Mapping[str, str]) -> Tally:
    """Send the traffic. Raises TrafficError when the service does not respond or a user cannot log in."""
    rng = random.Random()  # noqa: S311 - traffic, not secrets
    async with httpx.AsyncClient(base_url=options.url, timeout=TIMEOUT_SECONDS) as client:
        try:
            manifest = (await client.get("/model")).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise TrafficError(f"{options.url} does not return its model. Start the service: make run") from error
        entities = [entity for entity in options.entities.split(",") if entity]
        sender = Sender(client, Plan(manifest, passwords, rng, entities), rng)
        for name in passwords:
            if not await sender.log_in(name):
                raise TrafficError(f"{name} cannot log in at {options.url}.")
        progress = show_bar if sys.stderr.isatty() else show_nothing
        return await sender.run(options.rps, options.minutes * 60, progress)


def show_bar(share: float, tally: Tally) -> None:
    """Print the progress on one line of a terminal."""
    full = round(share * BAR_WIDTH)
    line = f"{'█' * full}{'░' * (BAR_WIDTH - full)} {share:4.0%}  {tally.responses.total():,} responses"
    print(f"\r{line}", end="\n" if share >= 1 else "", file=sys.stderr, flush=True)


def show_nothing(share: float, tally: Tally) -> None:
    """Print no progress, where stderr is not a terminal."""


def summary(tally: Tally) -> str:
    """Return the responses as a table, and their latencies."""
    width = max(len(kind) for kind, _ in tally.responses)
    rows = [f"  {kind:<{width}}  {status:>3}  {count:>7,}" for (kind, status), count in sorted(tally.responses.items())]
    latencies = f"Predictions took {tally.percentile(50):.1f} ms (median), {tally.percentile(95):.1f} ms (p95)."
    return "\n".join([f"{tally.responses.total():,} requests:", *rows, latencies])
