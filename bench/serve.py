"""`python -m bench.serve`: what a prediction costs, against a function that returns a constant through the same host.

One row from 16 clients: of the constant function, and of the service with telemetry off, the same with every token new
and with the model served in other ways, and with telemetry on, which a stand-in takes: without the host's own items,
as in Azure, where another process sends those, and with them. Processor time tells the same
without the client's share. A batch of 10,000 rows from one client. All in turn, so that a noisy machine hurts each of
them; judged are the medians of the rounds' own ratios. The servers have the first core, this client has the last.
"""

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

from shared.manifest import APP

from shared.settings import DEMO_HASH

ROW = {"bmi": 0.0617}
PROMISES = {
    ("telemetry off", "constant"): 0.6,
    ("every token new", "constant"): 0.4,
    ("telemetry on", "telemetry off"): 0.8,
}
"""What is compared with what, and the least ratio of requests/s."""

type Figures = Mapping[str, float]


def main() -> None:
    """Run the rounds and print a table of medians."""
    from bench import served

    parser = argparse.ArgumentParser("python -m bench.serve", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    given = parser.parse_args()
    with ExitStack() as stack:
        services = served.started(stack)
        tell([served.measured(services, given.seconds) for _ in range(given.rounds)])


def tell(rounds: list[Figures]) -> None:
    """Print the median of each figure over the rounds, with the least and the greatest; then the promises."""
    for name in rounds[0]:
        values = [each[name] for each in rounds]
        print(f"{name:40} {statistics.median(values):10.2f}   ({min(values):.2f} to {max(values):.2f})")
    for (one, other), least in PROMISES.items():
        ratio = statistics.median(each[f"{one}, requests/s"] / each[f"{other}, requests/s"] for each in rounds)
        kept = "kept" if ratio >= least else "BROKEN"
        print(f"{f'{one} ÷ {other}, requests/s':40} {ratio:10.3f}   at least {least}: {kept}")


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
