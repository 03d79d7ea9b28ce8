"""`python -m bench.compare`: this service beside its peers, in one interleaved run on the same model and the same work.

Every peer gets an environment of its own under .cache/compare, at the first run and when its requirements change. One
that cannot be installed, does not start or answers wrongly stands in the table with the reason. A look rather than a
result: `--rounds 1 --seconds 0.5`. Linux only: it reads /proc, and keeps servers and client on cores of their own.
"""

import argparse
import shlex
import signal
import sys
from collections.abc import Sequence

from bench.compare import machine, saved, table
from bench.compare.catalogue import SUBJECTS
from bench.compare.launch import Run
from bench.compare.ratios import outcomes
from bench.compare.rounds import compared


def main(argv: Sequence[str]) -> int:
    """Install, measure, print and save. Returns 1 where it cannot run."""
    given = parser().parse_args(argv)
    if sys.platform != "linux":
        print("This comparison needs Linux.", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that every block is left, and its processes end
    command = shlex.join(["python", "-m", "bench.compare", *argv])
    about = machine.About.now(command)
    results = compared([each for each in SUBJECTS if each.name in given.only], given.rounds, Run(given.seconds))
    judged = outcomes(results)
    print(table.report(results, judged, about))
    if given.save:
        saved.save(results, judged, about)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    names = [subject.name for subject in SUBJECTS]
    arguments = argparse.ArgumentParser("python -m bench.compare", description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5, help="in each, every subject has its turn (default: 5)")
    arguments.add_argument("--seconds", type=float, default=2.0, help="of each measurement under load (default: 2)")
    arguments.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    arguments.add_argument("--save", action="store_true", help="write docs/performance.json and docs/performance.svg")
    return arguments


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
