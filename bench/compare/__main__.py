"""`python -m bench.compare`: this service beside its peers, in one interleaved run with the same model and work.

Every peer has an environment of its own under .cache/compare, which is made at the first run and when its requirements
change. A peer that cannot be installed, does not start or responds wrongly has the reason in its row. For a quick look:
`--rounds 1 --seconds 0.5`. Linux only: servers and client run on cores of their own, and memory is read as PSS.
"""

import argparse
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout

from bench.compare import models
from bench.compare.catalogue import DEMO_SERVICE, SUBJECTS, subjects
from bench.compare.launch import FRAMES, Failed, install, megabytes, needs_frames, packages
from bench.compare.measure import measure, warm_up
from bench.compare.ratios import ratios
from bench.compare.results import Result, report

UNEXPECTED = (OSError, ValueError, LookupError)
"""A missing program, or a response of another form: no reason to end the run either."""


def main(argv: Sequence[str]) -> int:
    """Install, measure and print. Returns 1 where it cannot run."""
    options = parse(argv)
    if sys.platform != "linux":
        print("This comparison needs Linux.", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leaves every block, so that its processes end
    with redirect_stdout(sys.stderr):  # the adoption prints, too
        model = models.get(options.model)
    results = [Result(subject) for subject in subjects(model) if not options.only or subject.name in options.only]
    compare(results, options.rounds, options.seconds)
    print(report(results, shlex.join(["python", "-m", "bench.compare", *argv]), ratios(model.name)))
    return 0


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of the command line."""
    names = [subject.name for subject in (*SUBJECTS, DEMO_SERVICE)]
    parser = argparse.ArgumentParser("python -m bench.compare", description=__doc__)
    parser.add_argument("--model", choices=models.NAMES, default=models.DEMO, help="to serve (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="in each, every subject has its turn (default: 5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement under load (default: 2)")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    return parser.parse_args(argv)


def compare(results: Sequence[Result], rounds: int, seconds: float) -> None:
    """Prepare all subjects, then measure them in turn. One that fails has no further turn, and the run continues."""
    for number in range(rounds + 1):
        for result in results:
            if not result.failure:
                name = f"round {number} of {rounds}" if number else "preparing"
                print(f"{result.subject.name}: {name}", file=sys.stderr, flush=True)
                attempt(measure_round if number else prepare, result, seconds)


def attempt(step: Callable[[Result, float], None], result: Result, seconds: float) -> None:
    """Run a step, and store the reason of its failure in the result."""
    try:
        step(result, seconds)
    except Failed as error:
        result.failure = str(error)
    except UNEXPECTED as error:
        result.failure = f"{type(error).__name__}: {error}"
    if result.failure:
        print(f"{result.subject.name}: {result.failure}", file=sys.stderr, flush=True)


def prepare(result: Result, seconds: float) -> None:
    """Install a subject, and start it once unmeasured. Raises Failed."""
    environment = result.subject.environment
    for name in [environment, *([FRAMES] if needs_frames(result.subject) else [])]:
        install(name)
    result.installed_mb, result.packages = megabytes(environment), packages(environment)
    warm_up(result.subject, seconds)


def measure_round(result: Result, seconds: float) -> None:
    """Measure a subject once. Raises Failed."""
    result.rounds.append(measure(result.subject, seconds))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
