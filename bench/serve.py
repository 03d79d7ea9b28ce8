"""`python -m bench.serve`: what a prediction costs, against a function that returns a constant through the same host.

One row from one client, one row from 16 clients, and a batch of 10,000 rows; the two services in turn, so that a noisy
machine hurts both.
"""

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from bench import load
from shared.manifest import APP
from shared.settings import DEMO_HASH

ROW = {"bmi": 0.0617}


def main() -> None:
    """Run the rounds and print a table of medians."""
    parser = argparse.ArgumentParser("python -m bench.serve", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    given = parser.parse_args()
    with serving(APP) as service, serving(APP / "bench" / "constant") as constant:
        token = login(service)
        requests = {
            "predict": load.post(f"{service}/predict", body([ROW]), token),
            "constant": load.post(f"{constant}/predict", body([ROW]), token),
            "batch": load.post(f"{service}/predict", body([ROW] * 10_000), token),
        }
        tell([measure(requests, given.seconds) for _ in range(given.rounds)])


def measure(requests: dict[str, tuple[str, int, bytes]], seconds: float) -> dict[str, float]:
    """One round: the name of each figure and its value."""
    found = {}
    for name in ("predict", "constant"):
        found[f"{name}, 1 client, p50 ms"] = load.run(requests[name], clients=1, seconds=seconds).percentile(0.5)
        found[f"{name}, 16 clients, requests/s"] = load.run(requests[name], clients=16, seconds=seconds).rate
    found["batch of 10,000 rows, p50 ms"] = load.run(requests["batch"], clients=1, seconds=seconds).percentile(0.5)
    ratio = found["predict, 16 clients, requests/s"] / found["constant, 16 clients, requests/s"]
    return {**found, "predict ÷ constant, requests/s": ratio}


def tell(rounds: list[dict[str, float]]) -> None:
    """Print the median of each figure over the rounds, with the least and the greatest."""
    for name in rounds[0]:
        values = [each[name] for each in rounds]
        print(f"{name:36} {statistics.median(values):10.2f}   ({min(values):.2f} to {max(values):.2f})")


def body(rows: list[dict[str, float]]) -> bytes:
    """A request of these instances."""
    return json.dumps({"instances": rows}).encode()


def login(url: str) -> str:
    """A token of the demo user."""
    with urlopen(f"{url}/token", b"grant_type=password&username=abi&password=password") as answer:  # noqa: S310
        return str(json.load(answer)["access_token"])


@contextmanager
def serving(app: Path, settings: Mapping[str, str] | None = None, *, pinned: bool = True) -> Iterator[str]:
    """The URL of `app` in the local host on a free port; pinned: server on the first core, this client on the last."""
    told = {
        **os.environ,
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "TOKEN_KEY": secrets.token_hex(32),
        "USERS": json.dumps({"abi": DEMO_HASH}),
        **(settings or {}),
    }
    command = [sys.executable, "-m", "tools", "host", "--app", str(app), "--port", "0"]
    process = subprocess.Popen(command, cwd=APP, env=told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if pinned and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process.pid, {0})
        os.sched_setaffinity(0, {(os.cpu_count() or 1) - 1})
    try:
        yield next(line.split()[-1] for line in process.stdout or () if line.startswith("Serving on"))
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    main()
