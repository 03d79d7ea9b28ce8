"""Installs all subjects and measures them in turn; one that fails is left alone from then on, and the run goes on."""

import sys
from collections.abc import Callable, Sequence

from bench.compare import environments
from bench.compare.environments import Environment
from bench.compare.failure import Failed
from bench.compare.figures import Result
from bench.compare.launch import Run
from bench.compare.measure import measure, prepare
from bench.compare.subjects import Subject

UNFORESEEN = (OSError, ValueError, LookupError)
"""A program that is missing, a login that is refused, an answer of another form: no reason to end the run either."""

type Step = Callable[[Result, Run], None]


def compared(subjects: Sequence[Subject], rounds: int, run: Run) -> Sequence[Result]:
    """Everybody's figures, in the order of the subjects."""
    results = [Result(subject) for subject in subjects]
    for result in results:
        attempt("preparing", made_ready, result, run)
    for number in range(1, rounds + 1):
        for result in results:
            attempt(f"round {number} of {rounds}", one_round, result, run)
    return results


def attempt(what: str, step: Step, result: Result, run: Run) -> None:
    """Take a step, unless an earlier one failed; why it fails is kept with the result."""
    if result.failure:
        return
    print(f"{result.subject.name}: {what}", file=sys.stderr, flush=True)
    try:
        step(result, run)
    except Failed as error:
        result.failure = str(error)
    except UNFORESEEN as error:
        result.failure = f"{type(error).__name__}: {error}"
    if result.failure:
        print(f"{result.subject.name}: {result.failure}", file=sys.stderr, flush=True)


def made_ready(result: Result, run: Run) -> None:
    """Install what a subject needs, and start it unmeasured. Raises Failed."""
    environment = environments.install(result.subject.environment)
    result.installed_mb, result.versions = environment.megabytes, environments.versions(environment)
    prepare(result.subject, environment, run)


def one_round(result: Result, run: Run) -> None:
    """Measure a subject. Raises Failed."""
    result.rounds.append(measure(result.subject, Environment(result.subject.environment), run))
